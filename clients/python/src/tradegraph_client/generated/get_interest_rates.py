from .base_model import BaseModel
from .fragments import InterestRate


class GetInterestRates(BaseModel):
    interest_rates: list["GetInterestRatesInterestRates"]


GetInterestRatesInterestRates = InterestRate
