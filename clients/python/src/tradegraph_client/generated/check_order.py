from .base_model import BaseModel
from .fragments import OrderCheck


class CheckOrder(BaseModel):
    check_order: "CheckOrderCheckOrder"


CheckOrderCheckOrder = OrderCheck
