from .base_model import BaseModel
from .fragments import User


class RevokeAccount(BaseModel):
    revoke_account: "RevokeAccountRevokeAccount"


RevokeAccountRevokeAccount = User
