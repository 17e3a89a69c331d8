from .base_model import BaseModel
from .fragments import OrderGroupPayload


class PlaceBracket(BaseModel):
    place_bracket: "PlaceBracketPlaceBracket"


PlaceBracketPlaceBracket = OrderGroupPayload
