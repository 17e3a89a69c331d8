from .base_model import BaseModel
from .fragments import ApiKey


class GetApiKeys(BaseModel):
    api_keys: list["GetApiKeysApiKeys"]


GetApiKeysApiKeys = ApiKey
