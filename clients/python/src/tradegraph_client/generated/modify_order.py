from .base_model import BaseModel
from .fragments import OrderPayload


class ModifyOrder(BaseModel):
    modify_order: "ModifyOrderModifyOrder"


ModifyOrderModifyOrder = OrderPayload
