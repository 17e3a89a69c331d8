from .base_model import BaseModel
from .fragments import ScheduledTask


class GetScheduledTasks(BaseModel):
    scheduled_tasks: list["GetScheduledTasksScheduledTasks"]


GetScheduledTasksScheduledTasks = ScheduledTask
