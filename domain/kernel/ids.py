"""Identifiers: UUIDs of version 7, made in the process, so that rows of one batch need no answer from the database.

Those that requests make and read are of the database driver's own subclass of ``uuid.UUID``, like those that come from
there: it is compiled, so that making, hashing, comparing and spelling one takes a fifth of the time.
"""

import os
import struct
import threading
from datetime import datetime
from uuid import UUID

from asyncpg.pgproto import pgproto

from domain.kernel.time import now_nanos

_COUNTER_BITS = 12
_COUNTER_MASK = (1 << _COUNTER_BITS) - 1
_NANOS_PER_MILLISECOND = 1_000_000
_halves = struct.Struct(">QQ").pack
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
    # 12 bits of sub-millisecond time: a tick is about 0.24 microseconds; never hand one out twice.
    ticks = (now_nanos() << _COUNTER_BITS) // _NANOS_PER_MILLISECOND
    with _lock:
        if ticks <= _last_ticks:
            ticks = _last_ticks + 1
        _last_ticks = ticks
        if not _random:
            _random.extend(struct.unpack(f"{_RANDOM_AT_ONCE}Q", os.urandom(_RANDOM_BYTES * _RANDOM_AT_ONCE)))
        random = _random.pop()
    high = (ticks >> _COUNTER_BITS) << 16 | 0x7000 | (ticks & _COUNTER_MASK)
    return pgproto.UUID(_halves(high, 0x8000_0000_0000_0000 | (random >> 2)))


def made_at(identifier: UUID) -> int:
    """The time at which one of our identifiers was made: nanoseconds since the epoch, to the millisecond."""
    return (identifier.int >> 80) * 1_000_000


def first_id(moment: datetime) -> UUID:
    """The lower bound of all identifiers made at ``moment`` or later: it finds rows since a time by their key."""
    # None is older than the epoch.
    return UUID(int=max(0, int(moment.timestamp() * 1_000)) << 80)


def read_id(text: str) -> UUID:
    """The UUID that ``text`` spells.

    Raises:
        ValueError: it spells none.
    """
    return pgproto.UUID(text)


def parse_id(text: str) -> UUID | None:
    """The UUID that ``text`` spells, or None when it spells none."""
    try:
        return read_id(text)
    except ValueError:
        return None
