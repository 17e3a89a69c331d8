from .base_model import BaseModel
from .fragments import InterestRate


class SetInterestRate(BaseModel):
    set_interest_rate: "SetInterestRateSetInterestRate"


SetInterestRateSetInterestRate = InterestRate
