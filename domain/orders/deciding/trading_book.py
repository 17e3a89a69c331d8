"""The books of pre-trade decisions, pure: an account within a batch and the market of an instrument.

Working orders count in them by their reservations (``reservations``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from domain.accounts.types import AccountBook, PositionMode
from domain.kernel.ids import new_id
from domain.kernel.values import unguarded
from domain.market.rates import SAME_CURRENCY, Conversion
from domain.market.types import Quote
from domain.orders.deciding.activity import OrderActivity
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import Contingency, Side
from domain.orders.venues.types import Capabilities
from domain.positions.exposure import Marks
from domain.positions.lookup import bucket_for
from domain.positions.types import Bucket, PositionBook
from domain.risk.types import RiskLimits, RiskRule

NO_LIMITS = RiskLimits()
EXCLUSIVE = frozenset({Contingency.OCO, Contingency.OUO})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@unguarded
@dataclass(frozen=True, slots=True)
class MarketState:
    """The market of one instrument, as decisions see it.

    ``conversion`` converts the instrument's currency into the account's, ``age`` is the quote's, and ``at`` the time of
    the reading.
    """

    quote: Quote | None
    stale: bool
    session_open: bool
    conversion: Conversion = SAME_CURRENCY
    age: timedelta | None = None
    at: datetime = EPOCH

    @property
    def fresh(self) -> Quote | None:
        """The quote unless it is too old to decide on."""
        return None if self.stale else self.quote

    @property
    def lacks_freshness(self) -> bool:
        """True if there is a quote that is too old to decide on; otherwise a missing price is not there at all."""
        return self.quote is not None and self.stale


class Leg(NamedTuple):
    """An order with the position that its fills go to."""

    order: Order
    position: PositionBook


@dataclass(slots=True)
class TradingBook:
    """An account within a batch, with the limits in force.

    ``free`` is equity less initial margin (cash for a CASH account), None if unknown. ``venue`` holds the capabilities
    of the account's venue; None for the paper venue, which can execute everything. ``marks`` is the market for
    valuation, ``activity`` the activity of its orders, None where no limit counts.
    """

    account: AccountBook
    positions: dict[tuple[UUID, Bucket], PositionBook]
    free: Decimal | None
    venue: Capabilities | None = None
    limits: RiskLimits = NO_LIMITS
    marks: Marks | None = None
    activity: OrderActivity | None = None
    # What rules asked before: orders move neither cash nor what is held, so one answer serves a whole batch.
    fresh_equity: tuple[Decimal | None] | None = None
    _rules: dict[tuple[str, str | None], Sequence[RiskRule]] = field(default_factory=dict)

    @property
    def available(self) -> Decimal | None:
        """The funds that a new order may reserve."""
        return None if self.free is None else self.free - self.account.reserved

    def rules_for(self, symbol: str, strategy: str | None) -> Sequence[RiskRule]:
        """The rules that cover an order of the account, oldest first."""
        key = (symbol, strategy)
        found = self._rules.get(key)
        if found is None:
            found = self._rules[key] = self.limits.rules_for(self.account.id, symbol, strategy)
        return found

    def position(self, instrument_id: UUID, bucket: Bucket) -> PositionBook:
        """The bucket's book, made when there is none yet."""
        key = (instrument_id, bucket)
        book = self.positions.get(key)
        if book is None:
            book = self.positions[key] = PositionBook(new_id(), self.account.id, instrument_id, bucket)
        return book

    def position_for(self, order: Order | PlaceOrder, instrument_id: UUID) -> PositionBook:
        """The book of the bucket that the fills of an order go to, made when there is none yet."""
        return self.position(instrument_id, bucket_of(order, self.account.position_mode))

    def leg(self, order: Order) -> Leg:
        """An order with the position that its fills go to."""
        return Leg(order, self.position_for(order, order.instrument_id))

    def legs(self, orders: Iterable[Order]) -> list[Leg]:
        """Orders with the positions that their fills go to."""
        return [self.leg(order) for order in orders]


def bucket_of(order: Order | PlaceOrder, mode: PositionMode) -> Bucket:
    """The bucket that the fills of an order, placed or to be placed, go to."""
    return bucket_for(mode, buys=order.side is Side.BUY, closes=order.only_reduces)


def alternatives(order: Order, orders: Iterable[Order]) -> list[Order]:
    """The order and those of ``orders`` that it excludes, in the order in which they were placed."""
    if order.contingency not in EXCLUSIVE:
        return [order]
    found = {order.id: order}
    for other in orders:
        if other.group_id == order.group_id and other.contingency is order.contingency:
            found[other.id] = other
    return [found[order_id] for order_id in sorted(found)]
