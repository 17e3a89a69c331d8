from typing import Any

from .base_model import BaseModel


class SavePreferences(BaseModel):
    save_preferences: Any
