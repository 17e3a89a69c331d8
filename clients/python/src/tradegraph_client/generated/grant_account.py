from .base_model import BaseModel
from .fragments import User


class GrantAccount(BaseModel):
    grant_account: "GrantAccountGrantAccount"


GrantAccountGrantAccount = User
