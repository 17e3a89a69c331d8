from .base_model import BaseModel
from .fragments import User


class UpdateUser(BaseModel):
    update_user: "UpdateUserUpdateUser"


UpdateUserUpdateUser = User
