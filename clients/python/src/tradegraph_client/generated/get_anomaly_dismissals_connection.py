from .base_model import BaseModel
from .fragments import AnomalyDismissal, PageInfo


class GetAnomalyDismissalsConnection(BaseModel):
    anomaly_dismissals_connection: (
        "GetAnomalyDismissalsConnectionAnomalyDismissalsConnection"
    )


class GetAnomalyDismissalsConnectionAnomalyDismissalsConnection(BaseModel):
    edges: list["GetAnomalyDismissalsConnectionAnomalyDismissalsConnectionEdges"]
    page_info: "GetAnomalyDismissalsConnectionAnomalyDismissalsConnectionPageInfo"


class GetAnomalyDismissalsConnectionAnomalyDismissalsConnectionEdges(BaseModel):
    cursor: str
    node: "GetAnomalyDismissalsConnectionAnomalyDismissalsConnectionEdgesNode"


GetAnomalyDismissalsConnectionAnomalyDismissalsConnectionEdgesNode = AnomalyDismissal
GetAnomalyDismissalsConnectionAnomalyDismissalsConnectionPageInfo = PageInfo
