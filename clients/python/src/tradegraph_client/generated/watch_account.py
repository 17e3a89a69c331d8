from .base_model import BaseModel
from .fragments import Account


class WatchAccount(BaseModel):
    account: "WatchAccountAccount"


WatchAccountAccount = Account
