from .base_model import BaseModel


class TestNotificationChannel(BaseModel):
    test_notification_channel: bool
