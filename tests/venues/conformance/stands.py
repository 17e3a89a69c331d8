"""Test stands of venue adapters: each brings its venue, and a market behind it that tests can move.

An adapter joins by adding a stand of its own to ``STANDS``.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from typing import Protocol

from domain.orders.venues.port import Venue
from tests.support.binance.stand import binance, silent_binance
from tests.support.loopback import EVERYTHING, PLAIN, LoopbackVenue


class Stand(Protocol):
    """A venue and what tests do behind its back. Orders are of ``symbol``, around 100 with ticks of 0.01 or finer.

    The account there is empty at first and has money for a thousand units; the venue takes quantities of 0.01 and up.
    """

    venue: Venue
    symbol: str

    async def quote(self, bid: str, ask: str, size: str = "1000") -> None:
        """Make these the venue's best prices; working orders that they reach are filled."""
        ...

    async def restate(self, client_order_id: str, quantity: str) -> None:
        """Make the venue reduce the quantity of a working order without a request."""
        ...

    async def lose_next_answer(self) -> None:
        """Make the venue accept the next request and lose the answer."""
        ...

    async def lose_next_request(self) -> None:
        """Lose the next request before it reaches the venue."""
        ...

    async def be_unreachable(self) -> None:
        """Answer no question from now on."""
        ...

    async def hang_up(self) -> None:
        """Break the connection that reports come over."""
        ...


class LoopbackStand:
    """The paper exchange behind the port."""

    def __init__(self, venue: LoopbackVenue) -> None:
        self.venue = venue
        self.symbol = "COIN"

    async def quote(self, bid: str, ask: str, size: str = "1000") -> None:
        self.venue.quote(self.symbol, bid, ask, size)

    async def restate(self, client_order_id: str, quantity: str) -> None:
        self.venue.restate(client_order_id, quantity=Decimal(quantity))

    async def lose_next_answer(self) -> None:
        self.venue.faults.lost_answers = 1

    async def lose_next_request(self) -> None:
        self.venue.faults.lost_requests = 1

    async def be_unreachable(self) -> None:
        self.venue.faults.unreachable = True

    async def hang_up(self) -> None:
        self.venue.hang_up()


@asynccontextmanager
async def paper() -> AsyncIterator[LoopbackStand]:
    """The paper venue behind the port, with all its functions."""
    yield LoopbackStand(LoopbackVenue("paper-port", EVERYTHING))


@asynccontextmanager
async def plain() -> AsyncIterator[LoopbackStand]:
    """The paper venue behind the port, with as few functions as possible."""
    yield LoopbackStand(LoopbackVenue("plain", PLAIN))


STANDS: dict[str, Callable[[], AbstractAsyncContextManager[Stand]]] = {
    "paper": paper,
    "plain": plain,
    "binance": binance,
    "silent-binance": silent_binance,
}
