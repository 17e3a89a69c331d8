from .base_model import BaseModel
from .fragments import TwoFactorSetup


class BeginTwoFactor(BaseModel):
    begin_two_factor: "BeginTwoFactorBeginTwoFactor"


BeginTwoFactorBeginTwoFactor = TwoFactorSetup
