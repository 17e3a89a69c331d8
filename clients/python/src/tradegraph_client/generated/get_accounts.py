from .base_model import BaseModel
from .fragments import Account


class GetAccounts(BaseModel):
    accounts: list["GetAccountsAccounts"]


GetAccountsAccounts = Account
