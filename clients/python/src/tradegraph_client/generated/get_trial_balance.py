from .base_model import BaseModel
from .fragments import TrialBalance


class GetTrialBalance(BaseModel):
    trial_balance: list["GetTrialBalanceTrialBalance"]


GetTrialBalanceTrialBalance = TrialBalance
