from .base_model import BaseModel
from .fragments import NotificationChannel


class GetNotificationChannels(BaseModel):
    notification_channels: list["GetNotificationChannelsNotificationChannels"]


GetNotificationChannelsNotificationChannels = NotificationChannel
