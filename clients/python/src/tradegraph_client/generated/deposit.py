from .base_model import BaseModel
from .fragments import AccountTransaction


class Deposit(BaseModel):
    deposit: "DepositDeposit"


DepositDeposit = AccountTransaction
