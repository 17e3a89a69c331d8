from .base_model import BaseModel


class RevokeOtherSessions(BaseModel):
    revoke_other_sessions: int
