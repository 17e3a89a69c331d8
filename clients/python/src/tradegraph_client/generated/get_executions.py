from .base_model import BaseModel
from .fragments import Execution, PageInfo


class GetExecutions(BaseModel):
    executions: "GetExecutionsExecutions"


class GetExecutionsExecutions(BaseModel):
    edges: list["GetExecutionsExecutionsEdges"]
    page_info: "GetExecutionsExecutionsPageInfo"


class GetExecutionsExecutionsEdges(BaseModel):
    cursor: str
    node: "GetExecutionsExecutionsEdgesNode"


GetExecutionsExecutionsEdgesNode = Execution
GetExecutionsExecutionsPageInfo = PageInfo
