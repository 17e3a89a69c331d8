from .base_model import BaseModel
from .fragments import PageInfo, ScheduledTask


class GetScheduledTasksConnection(BaseModel):
    scheduled_tasks_connection: "GetScheduledTasksConnectionScheduledTasksConnection"


class GetScheduledTasksConnectionScheduledTasksConnection(BaseModel):
    edges: list["GetScheduledTasksConnectionScheduledTasksConnectionEdges"]
    page_info: "GetScheduledTasksConnectionScheduledTasksConnectionPageInfo"


class GetScheduledTasksConnectionScheduledTasksConnectionEdges(BaseModel):
    cursor: str
    node: "GetScheduledTasksConnectionScheduledTasksConnectionEdgesNode"


GetScheduledTasksConnectionScheduledTasksConnectionEdgesNode = ScheduledTask
GetScheduledTasksConnectionScheduledTasksConnectionPageInfo = PageInfo
