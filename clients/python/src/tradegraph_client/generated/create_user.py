from .base_model import BaseModel
from .fragments import User


class CreateUser(BaseModel):
    create_user: "CreateUserCreateUser"


CreateUserCreateUser = User
