"""Cases: findings that belong together, worked by people from the first finding to a stored decision."""
