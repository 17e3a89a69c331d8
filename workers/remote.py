"""The venue role of a real venue: a loop that lets its router take one step at a time."""

from collections.abc import Sequence

from adapters.database.leases import HeldLease
from domain.kernel.bus import Bus
from domain.kernel.time import Nanos
from domain.kernel.tracing import Tracing
from domain.market.market import Catalog, Market
from domain.market.stream import TickStream
from domain.orders.books.command_queries import read_queue
from domain.orders.books.venue_corrections import book_venue_correction
from domain.orders.books.venue_step import VenueStep, process_venue_step
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.instrument_books import StoredPosition
from domain.orders.model.order import Order
from domain.orders.model.venue_commands import VenueCommand
from domain.orders.venues.outbox import GRACE_NANOS
from domain.orders.venues.port import Venue
from domain.orders.venues.routing.router import RECONCILE_SECONDS, VenueRouter
from workers.venue_loop import VenueLoop

_AWAY = "The venue cannot be reached."


class RemoteVenueLoop(VenueLoop):
    """Drives a real venue while this process holds its lease."""

    def __init__(
        self,
        venue: Venue,
        bus: Bus,
        market: Market,
        ticks: TickStream,
        lease: HeldLease,
        *,
        grace_nanos: int = GRACE_NANOS,
        reconcile_seconds: float = RECONCILE_SECONDS,
        tracing: Tracing | None = None,
    ) -> None:
        super().__init__(venue.name, bus, market, ticks, lease, tracing=tracing)
        self._router = VenueRouter(
            venue, market, self._wake.set, grace_nanos=grace_nanos, reconcile_seconds=reconcile_seconds
        )

    async def _build(self, catalog: Catalog, orders: Sequence[Order], held: Sequence[StoredPosition]) -> None:
        venue = self._router.new_venue(catalog)
        self._see_quotes(venue.books)
        self._resumed = await self._router.restore(venue, orders, held)

    async def run(self) -> None:
        """Work until the lease is lost or the task is cancelled."""
        self._router.start()
        try:
            await super().run()
        finally:
            await self._router.stop()

    @property
    def _is_busy(self) -> bool:
        return super()._is_busy or self._router.has_news

    async def _step(self) -> VenueStep:
        queue = await read_queue(self.name)
        await self._see_what_came_before(queue.last)
        catalog = await self._market.catalog()
        self._router.venue.books.know(catalog.by_symbol)
        now = Nanos.now()
        heard = await self._router.hear(now)
        reports, up_to = self._take_in(self._router.venue.books, queue)
        reports += self._router.fold(heard, now)
        position = self._to_note(needed=bool(reports or up_to))
        step = await process_venue_step(
            self._bus,
            self.name,
            self._lease.epoch,
            catalog.by_id,
            self._act,
            reports,
            {**self._accounts, **heard.accounts} if heard.accounts else self._accounts,
            up_to=up_to,
            position=position,
            rate_of=self._market.rate,
            also=self._router.writes(heard, needed=bool(up_to)),
        )
        self._has_noted(position)
        # A fill of an order that was over has moved a position beside the venue's book.
        self._out_of_step |= any(execution.order_id not in self._accounts for execution in step.executions)
        self._keep_accounts(step)
        self._router.send(now)
        self._lease.troubled(None if self._router.is_connected else _AWAY)
        await self._book_corrections(again=bool(step.executions))
        return step

    async def _book_corrections(self, *, again: bool) -> None:
        """Book what the venue has corrected; what fails stays, and is tried after the venue was put together anew."""
        for told in self._router.due_corrections(again=again):
            if await book_venue_correction(self._bus, self._market, self.name, told):
                self._router.corrected(told)

    def _act(self, commands: Sequence[VenueCommand]) -> list[ExecutionReport]:
        for command in commands:
            self._accounts |= {order.id: order.account_id for order in (command.order, *command.group)}
        self._obey_rearm(commands)
        return self._router.act(commands, Nanos.now())
