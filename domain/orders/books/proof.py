"""The proof of the books: an account rebuilt from executions, adjustments and transactions alone, and compared.

The rebuild reads one consistent snapshot, in bounded runs. Every difference is listed. The walk along the ledger ends
at the first break of its chain, because rows after it cannot be trusted.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.access.types import no_account
from domain.accounts import queries as account_queries
from domain.accounts.fees import NOTHING_DUE, Dues, charged, posted
from domain.accounts.rules import first_break
from domain.accounts.types import GENESIS_HASH, AccountBook, Transaction, TransactionKind
from domain.kernel.database import Connection, Row, reading
from domain.kernel.ids import new_id
from domain.kernel.money import to_cash
from domain.kernel.numbers import ZERO, plain
from domain.kernel.time import utc_now
from domain.market.types import Instrument
from domain.orders.books.executions import dues_of
from domain.orders.books.proof_queries import FILLED, MISCOUNTED, RUN, WORKING, runs_of
from domain.orders.books.replay import book_again, bucket_of_execution
from domain.orders.model.order import Execution
from domain.positions.adjustment_queries import READ_ADJUSTMENTS, to_adjustment
from domain.positions.adjustments import PositionAdjustment, adjust
from domain.positions.exposure import reserved_for
from domain.positions.queries import READ_ALL, to_position
from domain.positions.types import Bucket, PositionBook

MAX_BREAKS = 100
# What follows from executions and adjustments is derived from them, and not taken from the ledger.
_DERIVED = frozenset(
    {
        TransactionKind.TRADE,
        TransactionKind.REALIZED_PNL,
        TransactionKind.FEE,
        TransactionKind.TAX,
        TransactionKind.SETTLEMENT,
        TransactionKind.DIVIDEND,
        TransactionKind.ADJUSTMENT,
    }
)


@dataclass(frozen=True, slots=True)
class BookBreak:
    """One difference between the books and the rebuilt account."""

    what: str
    booked: str
    derived: str
    transaction_id: UUID | None = None
    position_id: UUID | None = None
    order_id: UUID | None = None


@dataclass(slots=True)
class BookProof:
    """The result of proving one account."""

    account_id: UUID
    booked_cash: Decimal
    checked_at: datetime
    transactions: int = 0
    executions: int = 0
    derived_cash: Decimal = ZERO
    chain_intact: bool = True
    breaks: list[BookBreak] = field(default_factory=list)

    @property
    def intact(self) -> bool:
        """True if everything agrees."""
        return not self.breaks

    def differ(self, what: str, booked: Decimal | str, derived: Decimal | str, **ids: UUID) -> None:
        """Record a difference if there is one; at most a hundred."""
        if booked == derived or len(self.breaks) >= MAX_BREAKS:
            return
        texts = [plain(value) if isinstance(value, Decimal) else value for value in (booked, derived)]
        self.breaks.append(BookBreak(what, texts[0], texts[1], **ids))


async def prove_book(account_id: UUID, instruments: Mapping[UUID, Instrument]) -> BookProof:
    """Rebuild one account and compare.

    Raises:
        NotFound: there is no such account.
    """
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await prove_in(connection, account_id, instruments)


async def prove_in(connection: Connection, account_id: UUID, instruments: Mapping[UUID, Instrument]) -> BookProof:
    """The proof within a transaction that sees one moment of the account, or holds its lock.

    Raises:
        NotFound: there is no such account.
    """
    rows = await connection.fetch(account_queries.READ_BOOKS, [account_id])
    if not rows:
        raise no_account()
    account = account_queries.to_book(rows[0])
    proof = BookProof(account_id, account.cash, utc_now())
    rebuilt = _Rebuilt(account, instruments)
    await _walk_ledger(connection, account, proof, rebuilt)
    stored = await connection.fetch(READ_ADJUSTMENTS, account_id, None)
    adjustments = deque(to_adjustment(row) for row in stored)
    async for run in runs_of(connection, account_id):
        proof.executions += len(run)
        for execution in run:
            while adjustments and adjustments[0].sequence < execution.sequence:
                rebuilt.adjust(adjustments.popleft(), proof)
            rebuilt.book(execution)
    for adjustment in adjustments:
        rebuilt.adjust(adjustment, proof)
    proof.derived_cash = rebuilt.cash
    await _compare(connection, account, proof, rebuilt)
    return proof


class _Rebuilt:
    """An account rebuilt from executions, adjustments and outside cash movements."""

    def __init__(self, account: AccountBook, instruments: Mapping[UUID, Instrument]) -> None:
        self._account = account
        self._instruments = instruments
        self.cash = ZERO
        self.realized_pnl = ZERO
        self.fees_paid = ZERO
        self.positions: dict[tuple[UUID, Bucket], PositionBook] = {}
        self.misstated: list[BookBreak] = []
        self.filled: dict[UUID, Decimal] = {}
        self.dues: dict[UUID, Dues] = {}

    def move(self, row: Transaction) -> None:
        """Take over a cash movement from outside.

        Those of a derived kind carry a reference: they were imported, such as dividends of the past.
        """
        if row.kind not in _DERIVED or row.reference is not None:
            self.cash += row.amount

    def adjust(self, booked: PositionAdjustment, proof: BookProof) -> None:
        """Apply an adjustment again, and compare its results."""
        instrument = self._instruments[booked.instrument_id]
        key = (booked.instrument_id, booked.bucket)
        position = self.positions.setdefault(key, PositionBook(new_id(), self._account.id, *key))
        again = replace(booked)
        assert booked.created_at is not None
        adjust(position, instrument, again, booked.created_at, currency=self._account.currency)
        for name in ("quantity_before", "quantity_after", "realized_pnl", "cash"):
            what = f"adjustment's {name.replace('_', ' ')}"
            proof.differ(what, getattr(booked, name), getattr(again, name))
        self.cash += to_cash(again.cash, self._account.currency)
        self.realized_pnl += again.realized_pnl

    def book(self, execution: Execution) -> None:
        """Book an execution again."""
        instrument = self._instruments[execution.instrument_id]
        key = (execution.instrument_id, bucket_of_execution(execution, self._account.position_mode))
        position = self.positions.setdefault(key, PositionBook(new_id(), self._account.id, *key))
        realized = book_again(position, execution, instrument, self._account.currency)
        self._misstate(execution, "realized PnL", execution.realized_pnl, realized)
        cost = self._charge(execution, instrument, realized)
        position.fees_paid += cost
        self.realized_pnl += realized
        self.fees_paid += cost
        self.filled[execution.order_id] = self.filled.get(execution.order_id, ZERO) + execution.quantity

    def _charge(self, execution: Execution, instrument: Instrument, realized: Decimal) -> Decimal:
        """Post the cash as booking does: the execution's addition to its order's totals, its fee and its tax."""
        currency = self._account.currency
        dues = self.dues.get(execution.order_id, NOTHING_DUE)
        own = dues_of(execution, instrument, currency)
        self.dues[execution.order_id] = dues.plus(own)
        added = charged(dues, own, currency)
        self._misstate(execution, "fee", execution.fee, added.fee)
        self._misstate(execution, "tax", execution.tax, added.tax)
        moved = realized if instrument.asset_class.is_derivative else added.trade
        self.cash += to_cash(moved, currency) - added.costs
        return added.costs

    def _misstate(self, execution: Execution, what: str, booked: Decimal, derived: Decimal) -> None:
        if booked != derived and len(self.misstated) < MAX_BREAKS:
            what = f"execution's {what}"
            self.misstated.append(BookBreak(what, plain(booked), plain(derived), order_id=execution.order_id))


async def _walk_ledger(connection: Connection, account: AccountBook, proof: BookProof, rebuilt: _Rebuilt) -> None:
    after, digest, cash = 0, GENESIS_HASH, ZERO
    while rows := await connection.fetch(account_queries.READ_RUN, account.id, after, RUN):
        run = [account_queries.to_transaction(row) for row in rows]
        proof.transactions += len(run)
        if proof.chain_intact:
            broken = first_break(run, digest, after, cash)
            if broken is not None:
                proof.chain_intact = False
                proof.breaks.append(BookBreak(broken.what, broken.booked, broken.derived, transaction_id=broken.id))
        for row in run:
            rebuilt.move(row)
        after, digest, cash = run[-1].sequence, run[-1].hash, run[-1].balance_after
    if proof.chain_intact:
        proof.differ("last transaction's balance", cash, account.cash)
        proof.differ("last transaction's hash", digest, account.transaction_hash)
        proof.differ("number of transactions", Decimal(account.transaction_sequence), Decimal(proof.transactions))


async def _compare(connection: Connection, account: AccountBook, proof: BookProof, rebuilt: _Rebuilt) -> None:
    proof.differ("cash", account.cash, rebuilt.cash)
    proof.differ("realized PnL", account.realized_pnl, rebuilt.realized_pnl)
    proof.differ("fees paid", account.fees_paid, rebuilt.fees_paid)
    stored = [to_position(row) for row in await connection.fetch(READ_ALL, account.id)]
    for position in stored:
        _compare_position(proof, position, rebuilt.positions.pop((position.instrument_id, position.bucket), None))
        proof.differ(
            "reserved for working orders",
            position.reserved,
            reserved_for(position, account.kind),
            position_id=position.id,
        )
    for position in rebuilt.positions.values():
        proof.differ("position", ZERO, position.quantity, position_id=position.id)
    proof.differ("reserved", account.reserved, sum((position.reserved for position in stored), ZERO))
    _compare_working(proof, stored, await connection.fetch(WORKING, account.id))
    for row in await connection.fetch(FILLED, account.id):
        derived = rebuilt.filled.get(row["id"], ZERO)
        proof.differ("filled quantity", row["filled_quantity"], derived, order_id=row["id"])
        dues = rebuilt.dues.get(row["id"], NOTHING_DUE)
        proof.differ("order's fees", row["fees"], posted(dues, account.currency).costs, order_id=row["id"])
        proof.differ("order's fee due", row["fee_due"], dues.fee, order_id=row["id"])
        proof.differ("order's tax due", row["tax_due"], dues.tax, order_id=row["id"])
    proof.breaks += rebuilt.misstated[: MAX_BREAKS - len(proof.breaks)]
    for row in await connection.fetch(MISCOUNTED, account.id):
        proof.differ("working quantity", row["booked"], row["derived"], order_id=row["id"])


def _compare_position(proof: BookProof, booked: PositionBook, derived: PositionBook | None) -> None:
    derived = derived or PositionBook(booked.id, booked.account_id, booked.instrument_id, booked.bucket)
    for name in ("quantity", "cost", "average_price", "realized_due", "realized_pnl", "fees_paid", "fx_rate"):
        what = f"position's {name.replace('_', ' ')}"
        proof.differ(what, getattr(booked, name), getattr(derived, name), position_id=booked.id)


def _compare_working(proof: BookProof, stored: list[PositionBook], working: list[Row]) -> None:
    """Compare every bucket's sums with those of the account's working orders."""
    booked_buy = sum((position.working_buy for position in stored), ZERO)
    booked_sell = sum((position.working_sell for position in stored), ZERO)
    proof.differ("working buys", booked_buy, sum((row["quantity"] for row in working if row["buys"]), ZERO))
    proof.differ("working sells", booked_sell, sum((row["quantity"] for row in working if not row["buys"]), ZERO))
    exits = sum((position.exit_buy + position.exit_sell for position in stored), ZERO)
    proof.differ("working exits", exits, sum((row["exits"] for row in working), ZERO))
    margin = sum((position.working_buy_margin + position.working_sell_margin for position in stored), ZERO)
    proof.differ("working orders' margin", margin, sum((row["margin"] for row in working), ZERO))
