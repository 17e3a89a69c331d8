"""The end of the platform's day: corporate actions, settlement, carry, snapshots and daily statements."""
