from .base_model import BaseModel
from .fragments import PageInfo, RiskRule


class GetRiskRulesConnection(BaseModel):
    risk_rules_connection: "GetRiskRulesConnectionRiskRulesConnection"


class GetRiskRulesConnectionRiskRulesConnection(BaseModel):
    edges: list["GetRiskRulesConnectionRiskRulesConnectionEdges"]
    page_info: "GetRiskRulesConnectionRiskRulesConnectionPageInfo"


class GetRiskRulesConnectionRiskRulesConnectionEdges(BaseModel):
    cursor: str
    node: "GetRiskRulesConnectionRiskRulesConnectionEdgesNode"


GetRiskRulesConnectionRiskRulesConnectionEdgesNode = RiskRule
GetRiskRulesConnectionRiskRulesConnectionPageInfo = PageInfo
