"""Messages to people and programs outside the platform: channels, their selection of notices, and sending times."""
