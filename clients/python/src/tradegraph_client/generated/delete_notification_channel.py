from .base_model import BaseModel


class DeleteNotificationChannel(BaseModel):
    delete_notification_channel: str
