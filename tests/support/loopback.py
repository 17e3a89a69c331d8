"""A venue in the test's own process, behind the port for real venues: the paper exchange, with faults on demand.

With all capabilities it is the paper venue wrapped in the port; with few it is what emulation is tested on. Its books
are its own: it survives the engine that talks to it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.types import QuoteTick
from domain.orders.exchange.exchange import Exchange
from domain.orders.exchange.execution_reports import (
    Accepted,
    Canceled,
    CancelRejected,
    ExecutionReport,
    Filled,
    Rejected,
    Released,
    Replaced,
    ReplaceRejected,
    Restated,
    StatusChange,
    TrailMoved,
    Triggered,
)
from domain.orders.exchange.holdings import Holding
from domain.orders.exchange.types import Changes
from domain.orders.exchange.types import Order as ExchangeOrder
from domain.orders.model.types import (
    Contingency,
    OffsetKind,
    OrderStatus,
    OrderType,
    RejectReason,
    TimeInForce,
    TriggerPrice,
)
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import (
    Acknowledged,
    Answer,
    Capabilities,
    Declined,
    NewOrder,
    OrderRef,
    ReplaceTerms,
    Unanswered,
    VenueExecution,
    VenueOrder,
    VenuePosition,
    VenueReport,
)

EVERYTHING = Capabilities(
    order_types=frozenset(OrderType),
    times_in_force=frozenset(TimeInForce),
    post_only=True,
    reduce_only=True,
    replace=True,
    trigger_prices=frozenset(TriggerPrice),
    offset_kinds=frozenset(OffsetKind),
    brackets=True,
    oco=True,
    batch_size=20,
)
PLAIN = Capabilities(
    order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
    times_in_force=frozenset({TimeInForce.GTC}),
)
_VENUE_REJECTED = RejectReason.VENUE_REJECTED
_OURS = "us"
_LIVE = frozenset({OrderStatus.HELD, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


@dataclass(slots=True)
class Faults:
    """The faults of the venue. Counts are of the next requests, and go down.

    ``lost_requests`` do not reach the venue, ``lost_answers`` are of requests that it has taken. ``unreachable``: no
    question is answered and no connection made. ``muted``: reports are dropped. ``doubled``: each comes twice.
    ``shuffled``: those of one event come in any order. ``anonymous``: fills do not repeat our ids. ``stuck``: until it
    is set, new orders are under way. ``otherwise`` makes of what a change asks for what the venue makes of it.
    """

    lost_requests: int = 0
    lost_answers: int = 0
    unreachable: bool = False
    muted: bool = False
    doubled: bool = False
    shuffled: Random | None = None
    anonymous: bool = False
    stuck: asyncio.Event | None = None
    otherwise: Callable[[ReplaceTerms], ReplaceTerms] | None = None


@dataclass(slots=True)
class LoopbackVenue:
    """A ``Venue``; what is not of the port is for tests.

    ``calls`` are the requests that reached it, ``refusals`` counts the questions that did not.
    """

    name: str = "loopback"
    capabilities: Capabilities = EVERYTHING
    tick_size: Decimal = Decimal("0.01")
    fee_rate: Decimal = Decimal("0.0005")
    fee_currency: str = "USD"
    faults: Faults = field(default_factory=Faults)
    calls: list[tuple[str, str]] = field(default_factory=list)
    refusals: int = 0
    _exchanges: dict[str, Exchange] = field(default_factory=dict)
    _orders: dict[str, VenueOrder] = field(default_factory=dict)
    _fills: list[VenueExecution] = field(default_factory=list)
    _listeners: list["asyncio.Queue[Sequence[VenueReport] | None]"] = field(default_factory=list)
    _last_nanos: int = 0

    # ------------------------------------------------------------------ the port

    async def submit(self, orders: Sequence[NewOrder]) -> Sequence[Answer]:
        assert len(orders) <= max(self.capabilities.batch_size, len({order.group for order in orders} - {None}) * 3)
        if self.faults.stuck is not None:
            await self.faults.stuck.wait()
        groups: dict[str, list[NewOrder]] = {}
        for order in orders:
            groups.setdefault(order.group or order.client_order_id, []).append(order)
        return [answer for group in groups.values() for answer in self._submit(group)]

    async def cancel(self, order: OrderRef) -> Answer:
        if self._is_lost("cancel", order.client_order_id):
            return Unanswered(message="connection reset")
        reports = self._exchange(order.symbol).cancel(order.client_order_id, self._now())
        refusal = next((row for row in reports if isinstance(row, CancelRejected)), None)
        answer = Acknowledged() if refusal is None else Declined(reason=_VENUE_REJECTED, message=refusal.message)
        return self._answer(order.symbol, reports, answer)

    async def replace(self, order: OrderRef, terms: ReplaceTerms) -> Answer:
        if self._is_lost("replace", order.client_order_id):
            return Unanswered(message="connection reset")
        state = self._exchange(order.symbol).order(order.client_order_id)
        if self.faults.otherwise is not None:
            terms = self.faults.otherwise(terms)
        changes = Changes() if state is None else _differing(state.order, terms)
        reports = self._exchange(order.symbol).replace(order.client_order_id, changes, self._now())
        refusal = next((row for row in reports if isinstance(row, ReplaceRejected)), None)
        answer = Acknowledged() if refusal is None else Declined(reason=refusal.reason, message=refusal.message)
        return self._answer(order.symbol, reports, answer)

    @asynccontextmanager
    async def reports(self) -> AsyncIterator[AsyncIterator[Sequence[VenueReport]]]:
        self._be_reachable()
        queue: asyncio.Queue[Sequence[VenueReport] | None] = asyncio.Queue()
        self._listeners.append(queue)
        try:
            yield _drain(queue)
        finally:
            if queue in self._listeners:
                self._listeners.remove(queue)

    async def open_orders(self) -> Sequence[VenueOrder]:
        self._be_reachable()
        return [order for order in self._orders.values() if order.status in _LIVE]

    async def order(self, order: OrderRef) -> VenueOrder | None:
        self._be_reachable()
        return self._orders.get(order.client_order_id)

    async def executions(self, since: Nanos) -> Sequence[VenueExecution]:
        self._be_reachable()
        return [self._shown(row) for row in self._fills if row.at >= since]

    async def positions(self) -> Sequence[VenuePosition]:
        self._be_reachable()
        held = [
            VenuePosition(symbol=symbol, quantity=exchange.holding(_OURS).quantity)
            for symbol, exchange in self._exchanges.items()
        ]
        return [position for position in held if position.quantity]

    # ------------------------------------------------------------------ for tests

    def quote(self, symbol: str, bid: str, ask: str, size: str = "1000") -> None:
        """Move the venue's own market; fills are reported."""
        tick = QuoteTick(symbol, self._now(), Decimal(bid), Decimal(ask), Decimal(size), Decimal(size))
        self._report(symbol, self._exchange(symbol).on_tick(tick))

    def restate(self, client_order_id: str, **terms: Decimal) -> None:
        """Change an order without a request, if that is possible."""
        symbol = self._orders[client_order_id].symbol
        self._report(symbol, self._exchange(symbol).replace(client_order_id, Changes(**terms), self._now()))

    def working(self) -> list[VenueOrder]:
        """The working orders."""
        return [order for order in self._orders.values() if order.status in _LIVE]

    def told(self, client_order_id: str) -> VenueOrder:
        """The present state of an order."""
        return self._orders[client_order_id]

    def say(self, *reports: VenueReport) -> None:
        """Send any report, true or not."""
        for queue in self._listeners:
            queue.put_nowait(reports)

    def forget(self, client_order_id: str) -> None:
        """Forget an order."""
        del self._orders[client_order_id]

    def hold(self, symbol: str, quantity: str) -> None:
        """Add a position without an execution on the platform."""
        self._exchange(symbol).set_holding(_OURS, Holding.net(Decimal(quantity)))

    def hang_up(self) -> None:
        """Close all connections."""
        for queue in self._listeners:
            queue.put_nowait(None)
        self._listeners.clear()

    def requests(self, kind: str) -> list[str]:
        """The orders that requests of a kind were about, as they reached it."""
        return [client_order_id for call, client_order_id in self.calls if call == kind]

    # ------------------------------------------------------------------ inside

    def _submit(self, group: Sequence[NewOrder]) -> list[Answer]:
        first = group[0]
        if self._is_lost("submit", first.client_order_id):
            return [Unanswered(message="connection reset")] * len(group)
        if any(order.client_order_id in self._orders for order in group):
            return [Declined(reason=_VENUE_REJECTED, message="duplicate client order id")] * len(group)
        for order in group:
            self._orders[order.client_order_id] = VenueOrder(
                client_order_id=order.client_order_id,
                venue_order_id=f"V{len(self._orders) + 1}",
                symbol=order.symbol,
                side=order.side,
                # Until the exchange says more: an exit of a native bracket waits there.
                status=OrderStatus.NEW,
                filled_quantity=ZERO,
                at=self._now(),
                quantity=order.quantity,
                limit_price=order.limit_price,
                stop_price=order.stop_price,
            )
        reports = self._exchange(first.symbol).submit_group([_exchange_order(order) for order in group], self._now())
        refused = {row.order_id: row for row in reports if isinstance(row, Rejected)}
        told = self._answer(first.symbol, reports, Acknowledged())
        if isinstance(told, Unanswered):
            return [told] * len(group)
        return [self._answer_to(order.client_order_id, refused.get(order.client_order_id)) for order in group]

    def _answer_to(self, client_order_id: str, refused: Rejected | None) -> Answer:
        if refused is not None:
            return Declined(reason=refused.reason, message=refused.message)
        return Acknowledged(venue_order_id=self._orders[client_order_id].venue_order_id)

    def _answer(self, symbol: str, reports: Iterable[ExecutionReport], answer: Answer) -> Answer:
        self._report(symbol, reports)
        if self.faults.lost_answers:
            self.faults.lost_answers -= 1
            return Unanswered(message="no answer in time")
        return answer

    def _is_lost(self, kind: str, client_order_id: str) -> bool:
        if self.faults.unreachable:
            return True
        if self.faults.lost_requests:
            self.faults.lost_requests -= 1
            return True
        self.calls.append((kind, client_order_id))
        return False

    def _be_reachable(self) -> None:
        if self.faults.unreachable:
            self.refusals += 1
            raise VenueUnavailable("connection refused")

    def _exchange(self, symbol: str) -> Exchange:
        return self._exchanges.setdefault(symbol, Exchange(self.tick_size))

    def _now(self) -> Nanos:
        """The venue's clock; no two times are equal."""
        self._last_nanos = max(self._last_nanos + 1, Nanos.now())
        return Nanos(self._last_nanos)

    def _report(self, symbol: str, reports: Iterable[ExecutionReport]) -> None:
        said: list[VenueReport] = []
        for report in reports:
            order = self._orders.get(str(report.order_id))
            if order is None or not isinstance(report, StatusChange):
                continue
            if isinstance(report, Filled):
                said.append(self._fill(symbol, order, report))
            now = self._orders[str(report.order_id)] = _after(self._orders[str(report.order_id)], report)
            said.append(now)
        if self.faults.doubled:
            said = said + said
        if self.faults.shuffled is not None:
            self.faults.shuffled.shuffle(said)
        if said and not self.faults.muted:
            self.say(*said)

    def _fill(self, symbol: str, order: VenueOrder, report: Filled) -> VenueExecution:
        execution = VenueExecution(
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            venue_execution_id=f"{symbol}-{len(self._fills) + 1}",
            symbol=symbol,
            side=order.side,
            price=report.price,
            quantity=report.quantity,
            liquidity=report.liquidity,
            at=Nanos(report.at),
            fee=report.price * report.quantity * self.fee_rate,
            fee_currency=self.fee_currency,
        )
        self._fills.append(execution)
        return self._shown(execution)

    def _shown(self, execution: VenueExecution) -> VenueExecution:
        return replace(execution, client_order_id=None) if self.faults.anonymous else execution


async def _drain(
    queue: "asyncio.Queue[Sequence[VenueReport] | None]",
) -> AsyncIterator[Sequence[VenueReport]]:
    while (reports := await queue.get()) is not None:
        yield reports
    raise VenueUnavailable("connection closed")


def _after(order: VenueOrder, report: StatusChange) -> VenueOrder:
    """The venue's state of the order after a report of its exchange."""
    order = replace(order, status=report.status, at=Nanos(max(report.at, order.at)))
    match report:
        case Accepted() | Replaced():
            return replace(
                order, quantity=report.quantity, limit_price=report.limit_price, stop_price=report.stop_price
            )
        case Released():
            return replace(order, status=OrderStatus.NEW, quantity=report.quantity)
        case Restated():
            return replace(order, quantity=report.quantity, limit_price=report.limit_price)
        case TrailMoved():
            return replace(order, stop_price=report.stop_price, limit_price=report.limit_price)
        case Triggered():
            return replace(order, triggered=True)
        case Filled():
            return replace(order, filled_quantity=report.filled_quantity)
        case Rejected():
            return replace(order, message=report.message)
        case Canceled():
            return replace(order, message=str(report.reason))
        case _:
            return order


def _exchange_order(order: NewOrder) -> ExchangeOrder:
    return ExchangeOrder(
        id=order.client_order_id,
        account=_OURS,
        side=order.side,
        type=order.type,
        quantity=order.quantity,
        time_in_force=order.time_in_force,
        limit_price=order.limit_price,
        stop_price=order.stop_price,
        trailing_offset=order.trailing_offset,
        trailing_offset_kind=order.trailing_offset_kind,
        limit_offset=order.limit_offset,
        activation_price=order.activation_price,
        trigger_price=order.trigger_price,
        expires_at=order.expires_at,
        post_only=order.post_only,
        reduce_only=order.reduce_only,
        position_effect=order.position_effect,
        contingency=order.contingency if order.group is not None else Contingency.NONE,
        group=order.group,
    )


def _differing(order: ExchangeOrder, terms: ReplaceTerms) -> Changes:
    def changed(wanted: Decimal | None, present: Decimal | None) -> Decimal | None:
        return None if wanted == present else wanted

    return Changes(
        quantity=changed(terms.quantity, order.quantity),
        limit_price=changed(terms.limit_price, order.limit_price),
        stop_price=changed(terms.stop_price, order.stop_price),
        trailing_offset=changed(terms.trailing_offset, order.trailing_offset),
        expires_at=None if terms.expires_at == order.expires_at else terms.expires_at,
    )
