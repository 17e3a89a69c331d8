from .base_model import BaseModel
from .fragments import OpenSession


class GetSessions(BaseModel):
    sessions: list["GetSessionsSessions"]


GetSessionsSessions = OpenSession
