from .base_model import BaseModel
from .fragments import OrderGroupPayload


class PlaceOco(BaseModel):
    place_oco: "PlaceOcoPlaceOco"


PlaceOcoPlaceOco = OrderGroupPayload
