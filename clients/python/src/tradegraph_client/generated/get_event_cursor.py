from typing import Optional

from pydantic import Field

from .base_model import BaseModel


class GetEventCursor(BaseModel):
    account: Optional["GetEventCursorAccount"] = Field(default=None)


class GetEventCursorAccount(BaseModel):
    event_cursor: str
