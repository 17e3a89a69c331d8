"""What pre-trade rules look at: the order, its market, its account with the order at its worst, and what went before.

Everything is a plain value. None always means that it is not known, and what is not known refuses.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import ZERO
from domain.risk.types import RiskScope

# Looked at for every rule: an attribute of an enum costs more than a name.
_INSTRUMENT, _STRATEGY = RiskScope.INSTRUMENT, RiskScope.STRATEGY


@dataclass(frozen=True, slots=True)
class ProposedOrder:
    """What rules look at of an order.

    ``price`` is its limit, None where it has none; ``trigger`` the price at which an order that waits for one becomes
    that limit order. ``takes`` says that it may trade when it arrives; without a limit, at ``worst`` at the worst
    (None: at any price). ``notional`` is what it is worth at its limit or, without one, at its stop or the far touch
    with a buffer, in the account's currency. ``is_exit`` says that it can only reduce a position, whatever else works;
    one that could flip it is none. ``replaces`` is what it was worth before, None for a new order: a change of one is
    no order more.
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
        """The worst price that it may trade at when it arrives; None for any."""
        return self.price if self.price is not None else self.worst


@dataclass(frozen=True, slots=True)
class MarketView:
    """The market of the order's symbol. ``missing`` says why there is no ``reference``; ``age`` is the quote's."""

    reference: Decimal | None
    missing: str = "there is no market price"
    age: timedelta | None = None
    session_open: bool = True


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account as it would be if everything that works filled, this order included.

    ``position`` is the largest size that the position in the order's symbol could have, ``position_notional`` its
    worth. Money is in the account's currency. ``peak_equity`` is its highest so far, deposits and withdrawals apart.
    """

    position: Decimal
    position_notional: Decimal | None
    gross_exposure: Decimal | None
    maintenance_margin: Decimal | None
    equity: Decimal | None
    day_pnl: Decimal | None
    peak_equity: Decimal | None
    missing: str = "a position has no market price"


@dataclass(frozen=True, slots=True)
class Share:
    """A figure of the account as a whole, of the order's symbol, and of the order's strategy."""

    account: Decimal = ZERO
    symbol: Decimal = ZERO
    strategy: Decimal = ZERO

    def of(self, scope: RiskScope) -> Decimal:
        """The part that a rule of the scope looks at; GLOBAL rules hold for each account by itself."""
        if scope is _INSTRUMENT:
            return self.symbol
        return self.strategy if scope is _STRATEGY else self.account


@dataclass(frozen=True, slots=True)
class Times:
    """When orders came, oldest first: all of the account's, those of the order's symbol, those of its strategy."""

    account: Sequence[datetime] = ()
    symbol: Sequence[datetime] = ()
    strategy: Sequence[datetime] = ()

    def since(self, instant: datetime, scope: RiskScope) -> int:
        """How many came after ``instant``."""
        times = self.symbol if scope is _INSTRUMENT else self.strategy if scope is _STRATEGY else self.account
        return len(times) - bisect_right(times, instant)


@dataclass(frozen=True, slots=True)
class Activity:
    """What the account did before this order. ``same`` are orders with the same terms.

    ``opposite`` is the best price of its own working orders on the other side, None when there is none.
    """

    open_orders: Share = Share()
    day_orders: Share = Share()
    day_notional: Share = Share()
    recent: Times = Times()
    same: Times = Times()
    opposite: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RiskSnapshot:
    """All of it, at one instant."""

    market: MarketView
    account: AccountView
    activity: Activity
    now: datetime
