"""The risk snapshot: an order, its market, its account in the worst case, and the account's recent activity.

Everything is a plain value. None always means unknown, and an unknown value refuses.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.kernel.values import unguarded
from domain.risk.types import RiskScope

# Looked at for every rule: an attribute of an enum costs more than a name.
_INSTRUMENT, _STRATEGY = RiskScope.INSTRUMENT, RiskScope.STRATEGY


@unguarded
@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """An order as the rules see it.

    ``price`` is its limit, None where it has none; ``trigger`` the price at which a waiting order becomes that limit
    order. ``takes`` says that it may trade on arrival; without a limit, at the price ``worst`` in the worst case (None:
    at any price). ``notional`` is its value at its limit or, without one, at its stop or the far touch with a buffer,
    in the account's currency. ``is_exit`` says that it can only reduce a position whatever else fills; an order that
    could flip it is no exit. ``replaces`` is its value before a modification, None for a new order: a modification does
    not count as an order.
    """

    account_id: UUID
    symbol: str
    strategy: str | None
    buys: bool
    quantity: Decimal
    price: Decimal | None
    notional: Decimal | None
    is_exit: bool
    replaces: Decimal | None = None
    trigger: Decimal | None = None
    takes: bool = True
    worst: Decimal | None = None

    @property
    def bound(self) -> Decimal | None:
        """The worst price at which it may trade on arrival; None for any."""
        return self.price if self.price is not None else self.worst


@unguarded
@dataclass(frozen=True, slots=True)
class MarketView:
    """The market of the order's symbol.

    ``missing`` is the reason of a missing ``reference``; ``age`` is the quote's.
    """

    reference: Decimal | None
    missing: str = "there is no market price"
    age: timedelta | None = None
    session_open: bool = True


@unguarded
@dataclass(frozen=True, slots=True)
class AccountView:
    """The account if all its working orders and this one filled.

    ``position`` is the largest size that the position in the order's symbol could reach, ``position_notional`` its
    value. Money is in the account's currency. ``peak_equity`` is its highest equity so far, scaled by deposits and
    withdrawals.
    """

    position: Decimal
    position_notional: Decimal | None
    gross_exposure: Decimal | None
    maintenance_margin: Decimal | None
    equity: Decimal | None
    day_pnl: Decimal | None
    peak_equity: Decimal | None
    missing: str = "a position has no market price"


@unguarded
@dataclass(frozen=True, slots=True)
class Share:
    """A figure for the whole account, for the order's symbol, and for the order's strategy."""

    account: Decimal = ZERO
    symbol: Decimal = ZERO
    strategy: Decimal = ZERO

    def of(self, scope: RiskScope) -> Decimal:
        """The part for a rule's scope; GLOBAL rules apply to each account by itself."""
        if scope is _INSTRUMENT:
            return self.symbol
        return self.strategy if scope is _STRATEGY else self.account


@unguarded
@dataclass(frozen=True, slots=True)
class Times:
    """Arrival times of orders, oldest first: of the account, of the order's symbol, of its strategy."""

    account: Sequence[datetime] = ()
    symbol: Sequence[datetime] = ()
    strategy: Sequence[datetime] = ()

    def since(self, instant: datetime, scope: RiskScope) -> int:
        """The number of arrivals after ``instant``."""
        times = self.symbol if scope is _INSTRUMENT else self.strategy if scope is _STRATEGY else self.account
        return len(times) - bisect_right(times, instant)


@unguarded
@dataclass(frozen=True, slots=True)
class Activity:
    """The account's activity before this order. ``same`` are orders with the same terms.

    ``opposite`` is the best price of its own working orders on the other side, None when there is none.
    """

    open_orders: Share = Share()
    day_orders: Share = Share()
    day_notional: Share = Share()
    recent: Times = Times()
    same: Times = Times()
    opposite: Decimal | None = None


@unguarded
@dataclass(frozen=True, slots=True)
class RiskSnapshot:
    """Order, market, account and activity at one instant."""

    market: MarketView
    account: AccountView
    activity: Activity
    now: datetime
