from .base_model import BaseModel
from .fragments import Anomaly, PageInfo


class GetAnomalies(BaseModel):
    anomalies: "GetAnomaliesAnomalies"


class GetAnomaliesAnomalies(BaseModel):
    edges: list["GetAnomaliesAnomaliesEdges"]
    page_info: "GetAnomaliesAnomaliesPageInfo"


class GetAnomaliesAnomaliesEdges(BaseModel):
    cursor: str
    node: "GetAnomaliesAnomaliesEdgesNode"


GetAnomaliesAnomaliesEdgesNode = Anomaly
GetAnomaliesAnomaliesPageInfo = PageInfo
