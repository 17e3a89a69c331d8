"""The venue role of the paper exchange: ticks and commands in, booked reports out."""

from collections.abc import Sequence
from uuid import UUID

from adapters.database.leases import HeldLease
from domain.kernel.bus import Bus
from domain.kernel.shortcut import Shortcut
from domain.kernel.time import Nanos
from domain.kernel.tracing import Tracing
from domain.market.market import Catalog, Market
from domain.market.stream import TickStream
from domain.orders.books.acknowledgements.acknowledging import acknowledge
from domain.orders.books.acknowledgements.queries import WaitingOrders, read_waiting_orders
from domain.orders.books.command_queries import read_queue
from domain.orders.books.venue_step import Act, VenueStep, process_venue_step
from domain.orders.exchange.execution_reports import ExecutionReport, Expired
from domain.orders.exchange.instrument_books import StoredPosition
from domain.orders.exchange.paper import PAPER, PaperVenue
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus
from domain.orders.model.venue_commands import SUBMIT, VenueCommand
from workers.venue_loop import VenueLoop, role_of

ROLE = role_of(PAPER)


class PaperVenueLoop(VenueLoop):
    """Drives the paper venue while this process holds its lease."""

    def __init__(
        self, bus: Bus, market: Market, ticks: TickStream, lease: HeldLease, *, tracing: Tracing | None = None
    ) -> None:
        super().__init__(PAPER, bus, market, ticks, lease, tracing=tracing)
        self._venue = PaperVenue({})
        # Steps that need no lock.
        self._short = Shortcut()
        self._are_more = False

    @property
    def _is_busy(self) -> bool:
        return self._are_more or super()._is_busy

    async def _build(self, catalog: Catalog, orders: Sequence[Order], held: Sequence[StoredPosition]) -> None:
        self._venue = PaperVenue(catalog.by_symbol, self._market.bounds)
        self._see_quotes(self._venue.books)
        self._resumed = self._venue.restore(orders, held, Nanos.now())

    async def _step(self) -> VenueStep:
        """Match the market's ticks, then execute commands, and book all of it."""
        waiting = await read_waiting_orders(PAPER) if self._short.is_due() else None
        queue = waiting.queue if waiting is not None else await read_queue(PAPER)
        self._are_more = waiting is not None and waiting.are_more
        await self._see_what_came_before(queue.last)
        catalog = await self._market.catalog()
        self._venue.books.know(catalog.by_symbol)
        # Orders act on the market as it stands: not before all of its ticks have been seen.
        reports, up_to = self._take_in(self._venue.books, queue)
        position = self._to_note(needed=bool(reports or up_to))
        step: VenueStep | None = None
        act: Act = self._act
        if waiting is not None and up_to:
            if waiting.commands and not reports:
                step, act = await self._acknowledge(waiting, position)
            self._short.note(worked=step is not None)
        if step is None:
            step = await process_venue_step(
                self._bus,
                PAPER,
                self._lease.epoch,
                catalog.by_id,
                act,
                reports,
                self._accounts,
                up_to=up_to,
                position=position,
                rate_of=self._market.rate,
            )
        self._has_noted(position)
        self._keep_accounts(step)
        return step

    async def _acknowledge(self, waiting: WaitingOrders, position: str | None) -> tuple[VenueStep | None, Act]:
        """Let the venue take new orders in a short step; or else, the way a step under the locks goes on from there."""
        answers = self._act(list(waiting.commands.values()))
        done = {command.order.id for command in waiting.commands.values()}

        def act(commands: Sequence[VenueCommand]) -> list[ExecutionReport]:
            # Commands may have come meanwhile. The venue has executed those that were read: an order comes once.
            return answers + self._act([one for one in commands if one.kind != SUBMIT or one.order.id not in done])

        return await acknowledge(self._bus, PAPER, self._lease.epoch, waiting, answers, position), act

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
