from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import AnomalyCaseEvent, PageInfo


class GetAnomalyCaseTimeline(BaseModel):
    anomaly_case: Optional["GetAnomalyCaseTimelineAnomalyCase"] = Field(default=None)


class GetAnomalyCaseTimelineAnomalyCase(BaseModel):
    timeline_connection: "GetAnomalyCaseTimelineAnomalyCaseTimelineConnection"


class GetAnomalyCaseTimelineAnomalyCaseTimelineConnection(BaseModel):
    edges: list["GetAnomalyCaseTimelineAnomalyCaseTimelineConnectionEdges"]
    page_info: "GetAnomalyCaseTimelineAnomalyCaseTimelineConnectionPageInfo"


class GetAnomalyCaseTimelineAnomalyCaseTimelineConnectionEdges(BaseModel):
    cursor: str
    node: "GetAnomalyCaseTimelineAnomalyCaseTimelineConnectionEdgesNode"


GetAnomalyCaseTimelineAnomalyCaseTimelineConnectionEdgesNode = AnomalyCaseEvent
GetAnomalyCaseTimelineAnomalyCaseTimelineConnectionPageInfo = PageInfo
