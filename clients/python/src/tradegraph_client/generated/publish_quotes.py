from .base_model import BaseModel


class PublishQuotes(BaseModel):
    publish_quotes: int
