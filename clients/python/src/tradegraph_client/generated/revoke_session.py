from .base_model import BaseModel
from .fragments import OpenSession


class RevokeSession(BaseModel):
    revoke_session: "RevokeSessionRevokeSession"


RevokeSessionRevokeSession = OpenSession
