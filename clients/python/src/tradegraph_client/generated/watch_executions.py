from .base_model import BaseModel
from .fragments import Execution


class WatchExecutions(BaseModel):
    executions: "WatchExecutionsExecutions"


WatchExecutionsExecutions = Execution
