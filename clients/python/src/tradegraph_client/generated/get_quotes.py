from .base_model import BaseModel
from .fragments import Quote


class GetQuotes(BaseModel):
    quotes: list["GetQuotesQuotes"]


GetQuotesQuotes = Quote
