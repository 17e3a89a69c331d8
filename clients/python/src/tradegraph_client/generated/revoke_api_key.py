from .base_model import BaseModel
from .fragments import ApiKey


class RevokeApiKey(BaseModel):
    revoke_api_key: "RevokeApiKeyRevokeApiKey"


RevokeApiKeyRevokeApiKey = ApiKey
