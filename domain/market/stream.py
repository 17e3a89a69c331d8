"""The port to the tick stream: market data of every source, in one order, for every process.

Each entry is a batch of ticks that was published together and has a position. Positions grow. Entries can be read again
from a position for as long as the bounded stream holds them. The stream may lose everything (a flush, a restart):
readers then continue with the next entries, and nothing that matters is stored only there.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from domain.market.types import StreamTick

# The position before everything that the stream still holds.
BEGINNING = "0-0"
# The positions of the ticks of one batch are equal: a reader that stops must have taken the whole list.
PositionedTick = tuple[str, StreamTick]


class TickStream(Protocol):
    """Publish ticks and read them in order."""

    async def publish(self, ticks: Sequence[StreamTick], *, source: str = "") -> str:
        """Append ``ticks`` of one source ("": clients), together and in order, and return the position of the last.

        Raises:
            Unavailable: the stream cannot be reached; whether the ticks were taken is then unknown.
        """
        ...

    def read(self, after: str, *, consumer: str | None = None) -> AsyncIterator[list[PositionedTick]]:
        """Ticks after ``after``, without end, in lists that hold whole batches.

        A lost connection is made again and reading continues without a gap; a position that the stream no longer holds
        restarts at its beginning. A named ``consumer`` slows down replays that would outrun it.
        """
        ...

    async def drain(self, after: str) -> list[PositionedTick]:
        """Ticks after ``after`` that are there now, without waiting; empty when the stream cannot be reached."""
        ...

    async def last_position(self) -> str:
        """The position of the newest tick; ``BEGINNING`` if there is none or the stream cannot be reached."""
        ...


def order_of(position: str) -> tuple[int, int]:
    """The sort key of a position."""
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence or 0)


def received_at(position: str) -> int:
    """The time at which the stream received the ticks at ``position``: nanoseconds since the epoch.

    The stream keeps milliseconds.
    """
    return order_of(position)[0] * 1_000_000
