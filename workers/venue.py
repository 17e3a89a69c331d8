"""The venue role of the paper exchange: ticks and commands in, booked reports out."""

from collections.abc import Sequence
from uuid import UUID

from adapters.database.leases import HeldLease
from domain.kernel.bus import Bus
from domain.kernel.time import Nanos
from domain.kernel.tracing import Tracing
from domain.market.market import Catalog, Market
from domain.market.stream import TickStream
from domain.orders.books.command_queries import last_command
from domain.orders.books.venue_step import VenueStep, process_venue_step
from domain.orders.exchange.execution_reports import ExecutionReport, Expired
from domain.orders.exchange.instrument_books import StoredPosition
from domain.orders.exchange.paper import PAPER, PaperVenue
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus
from domain.orders.model.venue_commands import VenueCommand
from workers.venue_loop import VenueLoop, role_of

ROLE = role_of(PAPER)


class PaperVenueLoop(VenueLoop):
    """Drives the paper venue while this process holds its lease."""

    def __init__(
        self, bus: Bus, market: Market, ticks: TickStream, lease: HeldLease, *, tracing: Tracing | None = None
    ) -> None:
        super().__init__(PAPER, bus, market, ticks, lease, tracing=tracing)
        self._venue = PaperVenue({})

    async def _build(self, catalog: Catalog, orders: Sequence[Order], held: Sequence[StoredPosition]) -> None:
        self._venue = PaperVenue(catalog.by_symbol, self._market.bounds)
        self._see_quotes(self._venue.books)
        self._resumed = self._venue.restore(orders, held, Nanos.now())

    async def _step(self) -> VenueStep:
        """Match the market's ticks, then execute commands, and book all of it."""
        last = await last_command(PAPER)
        await self._see_what_came_before(last)
        catalog = await self._market.catalog()
        self._venue.books.know(catalog.by_symbol)
        reports = self._take_resumed() + self._match(self._venue.books)
        # Orders act on the market as it stands: not before all of its ticks have been seen.
        up_to = 0 if self._pending else last
        position = self._to_note(needed=bool(reports or up_to))
        step = await process_venue_step(
            self._bus,
            PAPER,
            self._lease.epoch,
            catalog.by_id,
            self._act,
            reports,
            self._accounts,
            up_to=up_to,
            position=position,
            rate_of=self._market.rate,
        )
        self._has_noted(position)
        self._keep_accounts(step)
        return step

    async def end_overdue(self, unsent: Sequence[UUID]) -> int:
        """Expire due orders, and orders that were never sent, without an engine; returns the number of changed ones.

        Nothing is matched and no command is executed: the engine does that when it runs again.
        """
        await self._restore()
        now, expired = Nanos.now(), OrderStatus.EXPIRED
        reports = self._take_resumed() + self._venue.books.on_clock(now)
        reports += [
            Expired(order_id=order_id, at=now, status=expired) for order_id in unsent if order_id in self._accounts
        ]
        catalog = await self._market.catalog()
        step = await process_venue_step(
            self._bus,
            PAPER,
            self._lease.epoch,
            catalog.by_id,
            lambda _: [],
            reports,
            self._accounts,
            up_to=0,
            rate_of=self._market.rate,
        )
        return len(step.orders)

    def _act(self, commands: Sequence[VenueCommand]) -> list[ExecutionReport]:
        self._obey_rearm(commands)
        return self._venue.books.act(commands, Nanos.now())
