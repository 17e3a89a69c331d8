"""The port to the tick stream: market data of every source, in one order, for every process.

Each entry is a batch of ticks that was published together and has a position. Positions grow; what was read once can
be read again from a position for as long as the bounded stream holds it. The stream may lose everything (a flush, a
restart): readers then go on with what is published next, and nothing that matters is only there.
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
        """Append ``ticks`` of one source ("": clients), together and in order; the position of the last of them.

        Raises:
            Unavailable: the stream cannot be reached; whether the ticks were taken is then unknown.
        """
        ...

    def read(self, after: str, *, consumer: str | None = None) -> AsyncIterator[list[PositionedTick]]:
        """What comes after ``after``, without end, in lists that hold whole batches.

        A lost connection is made again and reading goes on without a gap; a position that the stream no longer
        knows starts again at its beginning. A named ``consumer`` slows down replays that would outrun it.
        """
        ...

    async def drain(self, after: str) -> list[PositionedTick]:
        """What is there after ``after`` now, without waiting for more; empty when the stream cannot be reached."""
        ...

    async def last_position(self) -> str:
        """The position of the newest tick, ``BEGINNING`` if there never was one or the stream cannot be reached."""
        ...


def order_of(position: str) -> tuple[int, int]:
    """What positions are compared by."""
    milliseconds, _, sequence = position.partition("-")
    return int(milliseconds), int(sequence or 0)


def received_at(position: str) -> int:
    """When the stream took the ticks at ``position``: nanoseconds since the epoch, to the millisecond."""
    return order_of(position)[0] * 1_000_000
