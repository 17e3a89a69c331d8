"""Types of the position area."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.kernel.money import to_cash_down
from domain.kernel.numbers import ONE, ZERO
from domain.market.costs import to_exact
from domain.positions.holds import Holds


class PositionSide(StrEnum):
    """Direction of a position."""

    LONG = "LONG"
    SHORT = "SHORT"
    FLAT = "FLAT"


class Bucket(StrEnum):
    """The position that fills of a symbol go to: one signed NET position, or a LONG and a SHORT beside each other."""

    NET = "NET"
    LONG = "LONG"
    SHORT = "SHORT"


# An instrument and the bucket in it: one position of an account.
PositionKey = tuple[UUID, Bucket]


@dataclass(slots=True)
class PositionBook:
    """The working copy of a position while its account is locked, with the quantities of its working orders.

    ``quantity`` is signed. ``working_*`` are sums over the remaining quantities of working orders, ``exit_*`` the parts
    of them whose orders can only reduce a position; the margins are those that the other orders would need if all of
    them increased the position. ``reserved`` follows from them. Prices are in the instrument's currency, all other
    money in the account's; ``fx_rate`` is the rate of the last execution. ``held_quantity`` is frozen by hand, of it
    ``held_risk`` by risk managers or the platform, ``held_admin`` by administrators; ``held_by``, ``held_risk_by`` and
    ``held_admin_by`` name the last author of each part.

    ``cost`` is the cost of the quantity, signed like it: quantity x price, for inverse contracts quantity / price.
    ``average_price`` is for display: it is divided from the cost last. ``realized_due`` is the exact realised PnL,
    ``realized_pnl`` its whole units.
    """

    id: UUID
    account_id: UUID
    instrument_id: UUID
    bucket: Bucket
    quantity: Decimal = ZERO
    average_price: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    fees_paid: Decimal = ZERO
    today_quantity: Decimal = ZERO
    held_quantity: Decimal = ZERO
    held_risk: Decimal = ZERO
    held_admin: Decimal = ZERO
    working_buy: Decimal = ZERO
    working_sell: Decimal = ZERO
    exit_buy: Decimal = ZERO
    exit_sell: Decimal = ZERO
    working_buy_margin: Decimal = ZERO
    working_sell_margin: Decimal = ZERO
    working_fees: Decimal = ZERO
    reserved: Decimal = ZERO
    fx_rate: Decimal = ONE
    cost: Decimal = ZERO
    realized_due: Decimal = ZERO
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    held_by: str | None = None
    held_risk_by: str | None = None
    held_admin_by: str | None = None
    changed: bool = False

    @property
    def side(self) -> PositionSide:
        """Direction of the position."""
        if self.quantity == ZERO:
            return PositionSide.FLAT
        return PositionSide.LONG if self.quantity > ZERO else PositionSide.SHORT

    @property
    def holds(self) -> Holds:
        """The parts frozen by hand, with their authors."""
        names = (self.held_by, self.held_risk_by, self.held_admin_by)
        return Holds(self.held_quantity, self.held_risk, self.held_admin, names)

    @holds.setter
    def holds(self, holds: Holds) -> None:
        self.held_quantity, self.held_risk, self.held_admin = holds.total, holds.risk, holds.admin
        # A part that nothing is left of has nobody's name.
        self.held_by = holds.by[0] if holds.total > holds.risk + holds.admin else None
        self.held_risk_by = holds.by[1] if holds.risk else None
        self.held_admin_by = holds.by[2] if holds.admin else None

    def realize(self, amount: Decimal, currency: str) -> Decimal:
        """Add to the exact realised PnL, and return the change of its whole units, rounded against the account."""
        due = to_exact(self.realized_due + amount)
        rise = to_cash_down(due, currency) - to_cash_down(self.realized_due, currency)
        self.realized_due = due
        self.realized_pnl += rise
        return rise
