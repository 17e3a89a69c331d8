"""Messages to people and programs outside the platform: channels, what is told over them, and when."""
