from .base_model import BaseModel
from .fragments import CorporateAction


class GetCorporateActions(BaseModel):
    corporate_actions: list["GetCorporateActionsCorporateActions"]


GetCorporateActionsCorporateActions = CorporateAction
