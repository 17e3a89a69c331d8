from .base_model import BaseModel
from .fragments import PageInfo, TaskRun


class GetTaskRuns(BaseModel):
    task_runs: "GetTaskRunsTaskRuns"


class GetTaskRunsTaskRuns(BaseModel):
    edges: list["GetTaskRunsTaskRunsEdges"]
    page_info: "GetTaskRunsTaskRunsPageInfo"


class GetTaskRunsTaskRunsEdges(BaseModel):
    cursor: str
    node: "GetTaskRunsTaskRunsEdgesNode"


GetTaskRunsTaskRunsEdgesNode = TaskRun
GetTaskRunsTaskRunsPageInfo = PageInfo
