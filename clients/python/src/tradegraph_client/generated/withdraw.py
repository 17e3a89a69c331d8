from .base_model import BaseModel
from .fragments import AccountTransaction


class Withdraw(BaseModel):
    withdraw: "WithdrawWithdraw"


WithdrawWithdraw = AccountTransaction
