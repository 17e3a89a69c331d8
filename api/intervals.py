"""The interval of a conflated stream."""

from domain.kernel.errors import BadInput

MAX_INTERVAL_MS = 60_000


def interval_seconds(interval_ms: int, *, shortest_ms: int = 0) -> float:
    """The interval that a client asks for.

    Raises:
        BadInput: it is below the shortest or longer than a minute.
    """
    if not shortest_ms <= interval_ms <= MAX_INTERVAL_MS:
        raise BadInput(f"An interval is {shortest_ms} to {MAX_INTERVAL_MS} milliseconds.", field="intervalMs")
    return interval_ms / 1_000
