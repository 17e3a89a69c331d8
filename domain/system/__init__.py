"""What keeps the platform going by itself: scheduled tasks, their runs, and who may steer them."""
