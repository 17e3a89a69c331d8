from .base_model import BaseModel
from .fragments import DailyStatement, PageInfo


class GetDailyStatementsConnection(BaseModel):
    daily_statements_connection: "GetDailyStatementsConnectionDailyStatementsConnection"


class GetDailyStatementsConnectionDailyStatementsConnection(BaseModel):
    edges: list["GetDailyStatementsConnectionDailyStatementsConnectionEdges"]
    page_info: "GetDailyStatementsConnectionDailyStatementsConnectionPageInfo"


class GetDailyStatementsConnectionDailyStatementsConnectionEdges(BaseModel):
    cursor: str
    node: "GetDailyStatementsConnectionDailyStatementsConnectionEdgesNode"


GetDailyStatementsConnectionDailyStatementsConnectionEdgesNode = DailyStatement
GetDailyStatementsConnectionDailyStatementsConnectionPageInfo = PageInfo
