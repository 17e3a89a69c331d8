"""How often a conflated stream may tell its newest state."""

from domain.kernel.errors import BadInput

MAX_INTERVAL_MS = 60_000


def interval_seconds(interval_ms: int) -> float:
    """The interval that a client asks for.

    Raises:
        BadInput: it is below zero or longer than a minute.
    """
    if not 0 <= interval_ms <= MAX_INTERVAL_MS:
        raise BadInput(f"An interval is 0 to {MAX_INTERVAL_MS} milliseconds.", field="intervalMs")
    return interval_ms / 1_000
