"""Types of the account area: kinds and states, the working copy of an account, ledger rows and events."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from domain.access.types import Role
from domain.kernel.numbers import ZERO
from domain.kernel.values import unguarded

GENESIS_HASH = "0" * 64


class AccountKind(StrEnum):
    """CASH pays in full and never goes short; MARGIN trades on initial margin."""

    CASH = "CASH"
    MARGIN = "MARGIN"


class PositionMode(StrEnum):
    """One signed position per symbol, or a long and a short beside each other."""

    NETTING = "NETTING"
    HEDGING = "HEDGING"


class AccountState(StrEnum):
    """The state of an account: it decides which orders and cash movements are allowed."""

    ACTIVE = "ACTIVE"
    REDUCE_ONLY = "REDUCE_ONLY"
    HALTED = "HALTED"
    CLOSED = "CLOSED"


class HouseAccount(StrEnum):
    """The other side of every transaction, so that the whole platform sums to zero per currency."""

    EXTERNAL = "EXTERNAL"
    CLEARING = "CLEARING"
    FEES = "FEES"
    TAX = "TAX"
    FUNDING = "FUNDING"
    INTEREST = "INTEREST"
    DIVIDEND = "DIVIDEND"
    ADJUSTMENT = "ADJUSTMENT"


class TransactionKind(StrEnum):
    """The reason of a cash movement."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    TRADE = "TRADE"
    FEE = "FEE"
    TAX = "TAX"
    REALIZED_PNL = "REALIZED_PNL"
    SETTLEMENT = "SETTLEMENT"
    FUNDING = "FUNDING"
    INTEREST = "INTEREST"
    DIVIDEND = "DIVIDEND"
    ADJUSTMENT = "ADJUSTMENT"
    TRANSFER = "TRANSFER"


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transfer between an account and a house account; ``amount`` is signed from the account's side.

    ``by`` names the author: an email, or a part of the platform; None in rows from before it was stored.
    """

    id: UUID
    account_id: UUID
    sequence: int
    kind: TransactionKind
    contra: HouseAccount
    amount: Decimal
    balance_after: Decimal
    currency: str
    order_id: UUID | None
    execution_id: UUID | None
    reference: str | None
    note: str | None
    hash: str
    created_at: datetime
    by: str | None = None


@unguarded
@dataclass(frozen=True, slots=True)
class AccountEvent:
    """One change of an account. ``payload`` is JSON text: a snapshot of everything that changed with it."""

    account_id: UUID
    sequence: int
    kind: str
    at: datetime
    order_id: UUID | None
    payload: str


@dataclass(slots=True)
class AccountBook:
    """The working copy of an account while its row is locked: the row, and what this unit of work adds to it.

    Amounts are in ``currency``. ``reserved`` is the exact, unrounded sum of the reservations of working orders.
    ``rolled_at`` is the last day roll that was applied, ``carried_on`` the last day whose carry is posted;
    ``peak_equity`` is the highest equity so far, scaled by deposits and withdrawals. ``version`` rises with every
    change of the account, its positions or its orders that a decision on a new order can depend on.

    ``reduce_only_role`` and ``halted_role`` are the highest roles that asked for such a state and have not lifted it; a
    lower role cannot lift it. ``state_by`` set the state last, for ``state_reason``.
    """

    id: UUID
    owner_id: UUID
    name: str
    venue: str
    kind: AccountKind
    position_mode: PositionMode
    state: AccountState
    currency: str
    cash: Decimal
    reserved: Decimal
    realized_pnl: Decimal
    fees_paid: Decimal
    day_opening_equity: Decimal
    day_transfers: Decimal
    transaction_sequence: int
    transaction_hash: str
    event_sequence: int
    created_at: datetime
    rolled_at: datetime
    carried_on: date | None = None
    peak_equity: Decimal = ZERO
    version: int = 0
    reduce_only_role: Role | None = None
    halted_role: Role | None = None
    state_by: str | None = None
    state_reason: str | None = None
    transactions: list[Transaction] = field(default_factory=list)
    events: list[AccountEvent] = field(default_factory=list)

    @property
    def is_cash(self) -> bool:
        """True if this account pays in full."""
        return self.kind is AccountKind.CASH
