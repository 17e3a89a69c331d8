from .base_model import BaseModel
from .fragments import TaskRun


class WatchTaskRuns(BaseModel):
    task_runs: "WatchTaskRunsTaskRuns"


WatchTaskRunsTaskRuns = TaskRun
