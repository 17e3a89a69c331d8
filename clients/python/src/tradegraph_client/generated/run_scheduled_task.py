from .base_model import BaseModel
from .fragments import TaskRun


class RunScheduledTask(BaseModel):
    run_scheduled_task: "RunScheduledTaskRunScheduledTask"


RunScheduledTaskRunScheduledTask = TaskRun
