from .base_model import BaseModel
from .fragments import PositionSummary


class GetPositionSummary(BaseModel):
    position_summary: "GetPositionSummaryPositionSummary"


GetPositionSummaryPositionSummary = PositionSummary
