from .base_model import BaseModel
from .fragments import AnomalyCase


class CommentAnomalyCase(BaseModel):
    comment_anomaly_case: "CommentAnomalyCaseCommentAnomalyCase"


CommentAnomalyCaseCommentAnomalyCase = AnomalyCase
