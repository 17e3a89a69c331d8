from .base_model import BaseModel
from .fragments import Execution


class CorrectExecution(BaseModel):
    correct_execution: "CorrectExecutionCorrectExecution"


CorrectExecutionCorrectExecution = Execution
