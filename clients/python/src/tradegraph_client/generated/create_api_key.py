from .base_model import BaseModel
from .fragments import CreatedApiKey


class CreateApiKey(BaseModel):
    create_api_key: "CreateApiKeyCreateApiKey"


CreateApiKeyCreateApiKey = CreatedApiKey
