from .base_model import BaseModel
from .fragments import NotificationChannel


class SaveNotificationChannel(BaseModel):
    save_notification_channel: "SaveNotificationChannelSaveNotificationChannel"


SaveNotificationChannelSaveNotificationChannel = NotificationChannel
