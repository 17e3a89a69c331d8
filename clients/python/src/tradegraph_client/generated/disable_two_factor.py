from .base_model import BaseModel


class DisableTwoFactor(BaseModel):
    disable_two_factor: bool
