from .base_model import BaseModel
from .fragments import InterestRate, PageInfo


class GetInterestRatesConnection(BaseModel):
    interest_rates_connection: "GetInterestRatesConnectionInterestRatesConnection"


class GetInterestRatesConnectionInterestRatesConnection(BaseModel):
    edges: list["GetInterestRatesConnectionInterestRatesConnectionEdges"]
    page_info: "GetInterestRatesConnectionInterestRatesConnectionPageInfo"


class GetInterestRatesConnectionInterestRatesConnectionEdges(BaseModel):
    cursor: str
    node: "GetInterestRatesConnectionInterestRatesConnectionEdgesNode"


GetInterestRatesConnectionInterestRatesConnectionEdgesNode = InterestRate
GetInterestRatesConnectionInterestRatesConnectionPageInfo = PageInfo
