from .base_model import BaseModel
from .fragments import NotificationChannel, PageInfo


class GetNotificationChannelsConnection(BaseModel):
    notification_channels_connection: (
        "GetNotificationChannelsConnectionNotificationChannelsConnection"
    )


class GetNotificationChannelsConnectionNotificationChannelsConnection(BaseModel):
    edges: list["GetNotificationChannelsConnectionNotificationChannelsConnectionEdges"]
    page_info: "GetNotificationChannelsConnectionNotificationChannelsConnectionPageInfo"


class GetNotificationChannelsConnectionNotificationChannelsConnectionEdges(BaseModel):
    cursor: str
    node: "GetNotificationChannelsConnectionNotificationChannelsConnectionEdgesNode"


GetNotificationChannelsConnectionNotificationChannelsConnectionEdgesNode = (
    NotificationChannel
)
GetNotificationChannelsConnectionNotificationChannelsConnectionPageInfo = PageInfo
