from .base_model import BaseModel
from .fragments import CorporateAction


class RecordCorporateAction(BaseModel):
    record_corporate_action: "RecordCorporateActionRecordCorporateAction"


RecordCorporateActionRecordCorporateAction = CorporateAction
