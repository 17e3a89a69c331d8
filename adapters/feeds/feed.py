"""The port that every source of market data implements."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from domain.market.types import Tick

# A batch is published together; more would keep its readers from other things for too long.
MAX_BATCH = 256


# Takes a sentence about what keeps a source from its work, or None when nothing does any more.
Troubled = Callable[[str | None], None]


def untroubled(_trouble: str | None) -> None:
    """Report no problem."""


class FeedError(Exception):
    """A source cannot continue; the message is fit for the operator."""


class Feed(Protocol):
    """A source of ticks."""

    @property
    def replays(self) -> bool:
        """True if it replays a past market, whose bars are then replaced."""
        ...

    @property
    def unpaced(self) -> bool:
        """True if it gives ticks as fast as they are taken, so it must wait for readers."""
        ...

    def batches(self) -> AsyncIterator[Sequence[Tick]]:
        """Batches of one to ``MAX_BATCH`` ticks of known symbols, when they are due; ends when the source does.

        Raises:
            FeedError: the source cannot go on.
        """
        ...


class NoFeed:
    """A feed without ticks: all market data comes from clients."""

    replays = False
    unpaced = False

    async def batches(self) -> AsyncIterator[Sequence[Tick]]:
        """Nothing."""
        nothing: tuple[Sequence[Tick], ...] = ()
        for batch in nothing:
            yield batch
