from .base_model import BaseModel
from .fragments import ScheduledTask


class UpdateScheduledTask(BaseModel):
    update_scheduled_task: "UpdateScheduledTaskUpdateScheduledTask"


UpdateScheduledTaskUpdateScheduledTask = ScheduledTask
