from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Execution


class GetExecution(BaseModel):
    execution: Optional["GetExecutionExecution"] = Field(default=None)


GetExecutionExecution = Execution
