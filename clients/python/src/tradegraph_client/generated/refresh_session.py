from .base_model import BaseModel
from .fragments import Session


class RefreshSession(BaseModel):
    refresh_session: "RefreshSessionRefreshSession"


RefreshSessionRefreshSession = Session
