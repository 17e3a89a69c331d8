from .base_model import BaseModel
from .fragments import Session


class Login(BaseModel):
    login: "LoginLogin"


LoginLogin = Session
