from .base_model import BaseModel
from .fragments import Account


class OpenAccount(BaseModel):
    open_account: "OpenAccountOpenAccount"


OpenAccountOpenAccount = Account
