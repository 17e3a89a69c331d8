from .base_model import BaseModel
from .fragments import CancelAllAfterPayload


class CancelAllAfter(BaseModel):
    cancel_all_after: "CancelAllAfterCancelAllAfter"


CancelAllAfterCancelAllAfter = CancelAllAfterPayload
