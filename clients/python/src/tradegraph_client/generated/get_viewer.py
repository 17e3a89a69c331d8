from .base_model import BaseModel
from .fragments import User


class GetViewer(BaseModel):
    viewer: "GetViewerViewer"


GetViewerViewer = User
