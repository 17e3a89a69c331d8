from .base_model import BaseModel
from .fragments import AnomalyCase, PageInfo


class GetAnomalyCases(BaseModel):
    anomaly_cases: "GetAnomalyCasesAnomalyCases"


class GetAnomalyCasesAnomalyCases(BaseModel):
    edges: list["GetAnomalyCasesAnomalyCasesEdges"]
    page_info: "GetAnomalyCasesAnomalyCasesPageInfo"


class GetAnomalyCasesAnomalyCasesEdges(BaseModel):
    cursor: str
    node: "GetAnomalyCasesAnomalyCasesEdgesNode"


GetAnomalyCasesAnomalyCasesEdgesNode = AnomalyCase
GetAnomalyCasesAnomalyCasesPageInfo = PageInfo
