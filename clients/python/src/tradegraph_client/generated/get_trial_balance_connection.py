from .base_model import BaseModel
from .fragments import PageInfo, TrialBalance


class GetTrialBalanceConnection(BaseModel):
    trial_balance_connection: "GetTrialBalanceConnectionTrialBalanceConnection"


class GetTrialBalanceConnectionTrialBalanceConnection(BaseModel):
    edges: list["GetTrialBalanceConnectionTrialBalanceConnectionEdges"]
    page_info: "GetTrialBalanceConnectionTrialBalanceConnectionPageInfo"


class GetTrialBalanceConnectionTrialBalanceConnectionEdges(BaseModel):
    cursor: str
    node: "GetTrialBalanceConnectionTrialBalanceConnectionEdgesNode"


GetTrialBalanceConnectionTrialBalanceConnectionEdgesNode = TrialBalance
GetTrialBalanceConnectionTrialBalanceConnectionPageInfo = PageInfo
