from .base_model import BaseModel
from .fragments import Execution


class BustExecution(BaseModel):
    bust_execution: "BustExecutionBustExecution"


BustExecutionBustExecution = Execution
