"""The ledger's rules, pure: posting and chaining of transactions, and the limit of a withdrawal.

Invariants: ``cash`` is the sum of the amounts, sequences have no gap, each hash covers the one before, amounts are
whole in the currency's smallest unit.
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.access.types import Role, higher_role
from domain.accounts.types import AccountBook, AccountState, HouseAccount, Transaction, TransactionKind
from domain.kernel.errors import BadInput, Refused
from domain.kernel.ids import new_id
from domain.kernel.money import currency_exponent, to_cash, to_cash_down
from domain.kernel.numbers import ZERO, plain, within_bounds
from domain.market.costs import to_exact

_CONTRA = {
    TransactionKind.DEPOSIT: HouseAccount.EXTERNAL,
    TransactionKind.WITHDRAWAL: HouseAccount.EXTERNAL,
    TransactionKind.TRADE: HouseAccount.CLEARING,
    TransactionKind.REALIZED_PNL: HouseAccount.CLEARING,
    TransactionKind.SETTLEMENT: HouseAccount.CLEARING,
    TransactionKind.FEE: HouseAccount.FEES,
    TransactionKind.TAX: HouseAccount.TAX,
    TransactionKind.FUNDING: HouseAccount.FUNDING,
    TransactionKind.INTEREST: HouseAccount.INTEREST,
    TransactionKind.DIVIDEND: HouseAccount.DIVIDEND,
    TransactionKind.ADJUSTMENT: HouseAccount.ADJUSTMENT,
    TransactionKind.TRANSFER: HouseAccount.EXTERNAL,
}


def transaction_hash(previous: str, row: Transaction) -> str:
    """SHA-256 over the previous hash and every figure of ``row``, joined by line feeds; old rows omit ``by``."""
    parts = (
        previous,
        str(row.id),
        str(row.account_id),
        str(row.sequence),
        row.kind.value,
        row.contra.value,
        plain(row.amount),
        plain(row.balance_after),
        row.currency,
        str(row.order_id or ""),
        str(row.execution_id or ""),
        row.reference or "",
        row.note or "",
        row.created_at.isoformat(),
        *((row.by,) if row.by is not None else ()),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def post(
    book: AccountBook,
    kind: TransactionKind,
    amount: Decimal,
    now: datetime,
    by: str | None,
    *,
    order_id: UUID | None = None,
    execution_id: UUID | None = None,
    reference: str | None = None,
    note: str | None = None,
) -> Transaction | None:
    """Post ``amount`` to the book, quantised to its currency; an amount that rounds to zero posts nothing.

    ``by`` names the author.
    """
    cash = to_cash(amount, book.currency)
    if cash == ZERO:
        return None
    book.cash += cash
    book.transaction_sequence += 1
    draft = Transaction(
        id=new_id(),
        account_id=book.id,
        sequence=book.transaction_sequence,
        kind=kind,
        contra=_CONTRA[kind],
        amount=cash,
        balance_after=book.cash,
        currency=book.currency,
        order_id=order_id,
        execution_id=execution_id,
        reference=reference,
        note=note,
        hash="",
        created_at=now,
        by=by,
    )
    book.transaction_hash = transaction_hash(book.transaction_hash, draft)
    row = _with_hash(draft, book.transaction_hash)
    book.transactions.append(row)
    return row


def _with_hash(row: Transaction, digest: str) -> Transaction:
    # dataclasses.replace costs more than the hash itself on the booking path.
    object.__setattr__(row, "hash", digest)
    return row


@dataclass(frozen=True, slots=True)
class LedgerBreak:
    """The first row at which a ledger is broken: the row, the fault, the stored value and the expected value."""

    id: UUID
    what: str
    booked: str
    derived: str


def first_break(
    rows: Iterable[Transaction], previous_hash: str, previous_sequence: int, cash: Decimal
) -> LedgerBreak | None:
    """The first bad row of consecutive ledger rows, or None when all of them chain."""
    for row in rows:
        previous_sequence += 1
        cash += row.amount
        if row.sequence != previous_sequence:
            return LedgerBreak(row.id, "transaction's sequence", str(row.sequence), str(previous_sequence))
        if row.balance_after != cash:
            return LedgerBreak(row.id, "transaction's balance", plain(row.balance_after), plain(cash))
        previous_hash = transaction_hash(previous_hash, row)
        if row.hash != previous_hash:
            return LedgerBreak(row.id, "transaction's hash", row.hash, previous_hash)
    return None


def check_currency(code: str) -> None:
    """Refuse a text that is no currency code.

    Raises:
        BadInput: names the field ``currency``.
    """
    if not (2 <= len(code) <= 12 and code.isascii() and code.isalnum() and code == code.upper()):
        raise BadInput("A currency is 2 to 12 capital letters or digits.", field="currency")


def check_venue(name: str, venues: Collection[str]) -> None:
    """Refuse a text that is the name of no venue.

    Raises:
        BadInput: names the field ``venue``.
    """
    if name not in venues:
        raise BadInput(f"There is no venue of that name; there are: {', '.join(sorted(venues))}.", field="venue")


def refuse_when_closed(book: AccountBook) -> None:
    """Refuse every use case on a closed account.

    Raises:
        Refused: ACCOUNT_NOT_ACTIVE.
    """
    if book.state is AccountState.CLOSED:
        raise Refused("The account is closed.", reason="ACCOUNT_NOT_ACTIVE")


def check_cash_amount(amount: Decimal, currency: str) -> None:
    """Refuse an amount that is not above zero or has fractions of the smallest unit.

    Raises:
        BadInput: names the field ``amount``.
    """
    if not within_bounds(amount):
        raise BadInput("A number has at most 18 digits before and 18 after the decimal point.", field="amount")
    if amount <= ZERO:
        raise BadInput("The amount must be above zero.", field="amount")
    if amount != to_cash(amount, currency):
        raise BadInput(f"{currency} has {currency_exponent(currency)} decimals.", field="amount")


def withdrawable(book: AccountBook, available: Decimal) -> Decimal:
    """The largest withdrawal, in whole units: it excludes reserved funds and margin."""
    return max(ZERO, min(available, to_cash_down(book.cash - book.reserved, book.currency)))


def peak_after_flow(peak: Decimal, equity: Decimal, flow: Decimal) -> Decimal:
    """The highest equity after ``flow`` came in (below zero: left) of an account that was worth ``equity``.

    Money from outside is neither profit nor loss. The peak is scaled like the equity, by (equity + flow) / equity, so
    that the relative drawdown stays. Equity at or below zero cannot be scaled: then new money that makes equity
    positive starts a new peak, and otherwise the peak stays.
    """
    peak, after = max(peak, equity), equity + flow
    if equity <= ZERO:
        return after if after > ZERO else peak
    return max(ZERO, to_exact(peak * after / equity))


_TRANSITIONS = {
    AccountState.ACTIVE: {AccountState.REDUCE_ONLY, AccountState.HALTED, AccountState.CLOSED},
    AccountState.REDUCE_ONLY: {AccountState.ACTIVE, AccountState.HALTED, AccountState.CLOSED},
    AccountState.HALTED: {AccountState.ACTIVE, AccountState.REDUCE_ONLY, AccountState.CLOSED},
    AccountState.CLOSED: set(),
}


def may_become(current: AccountState, wanted: AccountState) -> bool:
    """True if an account may change from one state to another; a closed account stays closed."""
    return wanted in _TRANSITIONS[current]


def restriction_stays(book: AccountBook, wanted: AccountState, role: Role) -> Role | None:
    """The higher role whose restriction a change to ``wanted`` by ``role`` would lift; None if it would lift none."""
    lifted = [
        setter
        for setter, is_lifted in (
            (book.halted_role, wanted in (AccountState.ACTIVE, AccountState.REDUCE_ONLY)),
            (book.reduce_only_role, wanted is AccountState.ACTIVE),
        )
        if setter is not None and is_lifted
    ]
    highest = max(lifted, key=lambda setter: setter.rank, default=role)
    return highest if highest.rank > role.rank else None


def is_restricted_by(book: AccountBook, state: AccountState, role: Role) -> bool:
    """True if ``role`` or a higher role put the account in ``state``."""
    setter = book.halted_role if state is AccountState.HALTED else book.reduce_only_role
    return book.state is state and setter is not None and setter.rank >= role.rank


def set_state(book: AccountBook, state: AccountState, role: Role, by: str, reason: str) -> None:
    """Put the account in ``state``, and store the role that asked for it."""
    if state is not AccountState.CLOSED:
        book.halted_role = higher_role(book.halted_role, role) if state is AccountState.HALTED else None
    if state is AccountState.ACTIVE:
        book.reduce_only_role = None
    if state is AccountState.REDUCE_ONLY:
        book.reduce_only_role = higher_role(book.reduce_only_role, role)
    book.state, book.state_by, book.state_reason = state, by, reason
