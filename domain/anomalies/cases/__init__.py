"""Cases: findings that belong together, worked by people from the first alert to a decision that is kept."""
