from .base_model import BaseModel


class ConfirmTwoFactor(BaseModel):
    confirm_two_factor: list[str]
