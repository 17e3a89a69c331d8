"""Identifiers: UUIDs of version 7, made in the process, so that rows of one batch need no answer from the database."""

import os
import struct
import threading
from datetime import datetime
from uuid import UUID

from domain.kernel.time import Nanos

_COUNTER_BITS = 12
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1
_RANDOM_BYTES = 8
_RANDOM_AT_ONCE = 256
_lock = threading.Lock()
_last_ticks = 0
# Random numbers not given out yet: to ask the system for each costs as much as the rest of an identifier.
_random: list[int] = []
# A forked process must not give out the same ones.
os.register_at_fork(after_in_child=_random.clear)


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562 §6.2 method 3): ordered by time, strictly increasing within the process."""
    global _last_ticks  # noqa: PLW0603  the ordering promise needs the last value handed out
    milliseconds, remainder = divmod(Nanos.now(), 1_000_000)
    with _lock:
        # 12 bits of sub-millisecond time: a tick is about 0.24 microseconds; never hand one out twice.
        _last_ticks = max(_last_ticks + 1, (milliseconds << _COUNTER_BITS) | (remainder * 4096 // 1_000_000))
        ticks = _last_ticks
        if not _random:
            _random.extend(struct.unpack(f"{_RANDOM_AT_ONCE}Q", os.urandom(_RANDOM_BYTES * _RANDOM_AT_ONCE)))
        random = _random.pop()
    high = (ticks >> _COUNTER_BITS) << 16 | 0x7000 | (ticks & _COUNTER_MASK)
    low = 0x8000_0000_0000_0000 | (random >> 2)
    return UUID(int=high << 64 | low)


def made_at(identifier: UUID) -> int:
    """The time at which one of our identifiers was made: nanoseconds since the epoch, to the millisecond."""
    return (identifier.int >> 80) * 1_000_000


def first_id(moment: datetime) -> UUID:
    """The lower bound of all identifiers made at ``moment`` or later: it finds rows since a time by their key."""
    # None is older than the epoch.
    return UUID(int=max(0, int(moment.timestamp() * 1_000)) << 80)


def parse_id(text: str) -> UUID | None:
    """The UUID that ``text`` spells, or None when it spells none."""
    try:
        return UUID(text)
    except (ValueError, AttributeError):
        return None
