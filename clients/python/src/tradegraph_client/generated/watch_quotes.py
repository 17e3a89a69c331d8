from .base_model import BaseModel
from .fragments import Quote


class WatchQuotes(BaseModel):
    quotes: "WatchQuotesQuotes"


WatchQuotesQuotes = Quote
