from .base_model import BaseModel
from .fragments import Account


class SetAccountState(BaseModel):
    set_account_state: "SetAccountStateSetAccountState"


SetAccountStateSetAccountState = Account
