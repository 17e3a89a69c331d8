from .base_model import BaseModel
from .fragments import AnomalyDetector, PageInfo


class GetAnomalyDetectorsConnection(BaseModel):
    anomaly_detectors_connection: (
        "GetAnomalyDetectorsConnectionAnomalyDetectorsConnection"
    )


class GetAnomalyDetectorsConnectionAnomalyDetectorsConnection(BaseModel):
    edges: list["GetAnomalyDetectorsConnectionAnomalyDetectorsConnectionEdges"]
    page_info: "GetAnomalyDetectorsConnectionAnomalyDetectorsConnectionPageInfo"


class GetAnomalyDetectorsConnectionAnomalyDetectorsConnectionEdges(BaseModel):
    cursor: str
    node: "GetAnomalyDetectorsConnectionAnomalyDetectorsConnectionEdgesNode"


GetAnomalyDetectorsConnectionAnomalyDetectorsConnectionEdgesNode = AnomalyDetector
GetAnomalyDetectorsConnectionAnomalyDetectorsConnectionPageInfo = PageInfo
