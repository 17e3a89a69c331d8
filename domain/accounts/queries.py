"""Set-based reads and writes of accounts and their ledger.

SQL: the ledger and the locks of the hot path, in statements whose number does not depend on the number of accounts.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from domain.access.types import Actor, Role, no_account, require_read
from domain.accounts.event_queries import write_events
from domain.accounts.types import (
    AccountBook,
    AccountKind,
    AccountState,
    HouseAccount,
    PositionMode,
    Transaction,
    TransactionKind,
)
from domain.kernel.database import Row, fetch, fetch_row, reading
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page, number_key
from domain.kernel.rows import insertion, reader, update
from domain.kernel.unit_of_work import UnitOfWork

_COLUMNS = """id, owner_id, name, venue, kind, position_mode, state, currency, cash, reserved, realized_pnl, fees_paid,
day_opening_equity, day_transfers, transaction_sequence, transaction_hash, event_sequence, created_at, rolled_at,
carried_on, peak_equity, book_version,
reduce_only_role, halted_role, state_by, state_reason"""
# Where in a row the roles are that restricted the account.
_ROLES = (22, 23)
_LOCK = f"SELECT {_COLUMNS} FROM accounts WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
READ_BOOKS = f"SELECT {_COLUMNS} FROM accounts WHERE id = ANY($1::uuid[]) ORDER BY id"
READ_LIVING = f"SELECT {_COLUMNS} FROM accounts WHERE state <> 'CLOSED' AND id > $1 ORDER BY id LIMIT $2"
_INSERT = f"""
INSERT INTO accounts ({_COLUMNS})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
$25, $26)
"""
_CHANGING = {
    "state": "text",
    **dict.fromkeys(
        ("cash", "reserved", "realized_pnl", "fees_paid", "day_opening_equity", "day_transfers", "peak_equity"),
        "numeric",
    ),
    **dict.fromkeys(("transaction_sequence", "event_sequence"), "bigint"),
    "transaction_hash": "text",
    "rolled_at": "timestamptz",
    "carried_on": "date",
    **dict.fromkeys(("reduce_only_role", "halted_role", "state_by", "state_reason"), "text"),
}
_UPDATE = update(
    "accounts", {"id": "uuid", **_CHANGING, "book_version": "bigint"}, keys=("id",), added=("book_version",)
)
_changed = reader("id", *_CHANGING)
_TRANSACTION_COLUMNS = """id, account_id, sequence, kind, contra, amount, balance_after, currency, order_id,
execution_id, reference, note, hash, created_at, by"""
READ_RUN = (
    f"SELECT {_TRANSACTION_COLUMNS} FROM account_transactions WHERE account_id = $1 AND sequence > $2 "
    "ORDER BY sequence LIMIT $3"
)
_INSERT_TRANSACTIONS = insertion(
    "account_transactions",
    {
        **dict.fromkeys(("id", "account_id", "order_id", "execution_id"), "uuid"),
        **dict.fromkeys(("kind", "contra", "currency", "reference", "note", "hash", "by"), "text"),
        **dict.fromkeys(("amount", "balance_after"), "numeric"),
        "sequence": "bigint",
        "created_at": "timestamptz",
    },
)
_posted = reader(*_INSERT_TRANSACTIONS.columns)


SELECT_ACCOUNT = ", ".join(f"a.{name.strip()}" for name in _COLUMNS.split(","))


def to_book(row: Iterable[Any]) -> AccountBook:
    """The working copy of an account row."""
    values = list(row)
    values[4] = AccountKind(values[4])
    values[5] = PositionMode(values[5])
    values[6] = AccountState(values[6])
    for place in _ROLES:
        if values[place] is not None:
            values[place] = Role(values[place])
    return AccountBook(*values)


def to_transaction(row: Row) -> Transaction:
    """A ledger row as a value."""
    values = list(row)
    values[3] = TransactionKind(values[3])
    values[4] = HouseAccount(values[4])
    return Transaction(*values)


async def lock_books(work: UnitOfWork, account_ids: Collection[UUID]) -> dict[UUID, AccountBook]:
    """Lock accounts in id order and load them; unknown ids are left out."""
    rows = await work.fetch(_LOCK, list(account_ids))
    return {row["id"]: to_book(row) for row in rows}


async def write_books(
    work: UnitOfWork,
    books: Iterable[AccountBook],
    *,
    acknowledged: Collection[UUID] = frozenset(),
    publish: bool = True,
) -> None:
    """Write the changes of locked accounts: rows, new transactions and new events.

    For accounts in ``acknowledged`` only acknowledgements of orders are new: their versions stay. ``publish``: the
    events go to the bus after the commit; otherwise subscribers read them from the log with the next that does.
    """
    changed = [book for book in books if book.events]
    await work.write(_UPDATE, [_changed(book) | {"book_version": int(book.id not in acknowledged)} for book in changed])
    await work.write(_INSERT_TRANSACTIONS, [_posted(row) for book in changed for row in book.transactions])
    await write_events(work, changed, publish=publish)


async def insert_book(work: UnitOfWork, book: AccountBook) -> None:
    """Store a new account with its first event."""
    await work.execute(
        _INSERT,
        book.id,
        book.owner_id,
        book.name,
        book.venue,
        book.kind.value,
        book.position_mode.value,
        book.state.value,
        book.currency,
        book.cash,
        book.reserved,
        book.realized_pnl,
        book.fees_paid,
        book.day_opening_equity,
        book.day_transfers,
        book.transaction_sequence,
        book.transaction_hash,
        book.event_sequence,
        book.created_at,
        book.rolled_at,
        book.carried_on,
        book.peak_equity,
        book.version,
        book.reduce_only_role,
        book.halted_role,
        book.state_by,
        book.state_reason,
    )
    await write_events(work, [book])


async def read_books(account_ids: Collection[UUID]) -> dict[UUID, AccountBook]:
    """Accounts as stored, without a lock; unknown ids are left out."""
    return {row["id"]: to_book(row) for row in await fetch(READ_BOOKS, list(account_ids))}


async def read_currencies(account_ids: Collection[UUID]) -> dict[UUID, str]:
    """The currencies of accounts."""
    rows = await fetch("SELECT id, currency FROM accounts WHERE id = ANY($1::uuid[])", list(account_ids))
    return {row["id"]: row["currency"] for row in rows}


async def find_by_reference(work: UnitOfWork, account_id: UUID, reference: str) -> Transaction | None:
    """The transaction with this reference; older releases could store several, then the first of them."""
    row = await work.fetch_row(
        f"SELECT {_TRANSACTION_COLUMNS} FROM account_transactions "
        "WHERE account_id = $1 AND client_identity(reference) = $2 ORDER BY sequence LIMIT 1",
        account_id,
        reference,
    )
    return to_transaction(row) if row else None


async def read_transactions(transaction_ids: Collection[UUID]) -> dict[UUID, Transaction]:
    """Ledger rows by id."""
    rows = await fetch(
        f"SELECT {_TRANSACTION_COLUMNS} FROM account_transactions WHERE id = ANY($1::uuid[])", list(transaction_ids)
    )
    return {row["id"]: to_transaction(row) for row in rows}


def _transaction_filter(
    account_id: UUID,
    kinds: Collection[TransactionKind] | None,
    since: datetime | None,
    until: datetime | None,
    order_id: UUID | None,
) -> tuple[str, list[object]]:
    clauses, arguments = ["account_id = $1"], list[object]([account_id])
    for clause, value in (
        ("kind = ANY(${}::text[])", [kind.value for kind in kinds] if kinds is not None else None),
        ("created_at >= ${}", since),
        ("created_at < ${}", until),
        ("order_id = ${}", order_id),
    ):
        if value is not None:
            arguments.append(value)
            clauses.append(clause.format(len(arguments)))
    return " AND ".join(clauses), arguments


async def page_transactions(
    request: PageRequest,
    account_id: UUID,
    *,
    kinds: Collection[TransactionKind] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    order_id: UUID | None = None,
) -> Page[Transaction]:
    """A page of the ledger, newest first."""
    where, arguments = _transaction_filter(account_id, kinds, since, until, order_id)
    if request.key is not None:
        arguments.append(number_key(request))
        where += f" AND sequence {'>' if request.backward else '<'} ${len(arguments)}"
    arguments.append(request.size + 1)
    rows = await fetch(
        f"SELECT {_TRANSACTION_COLUMNS} FROM account_transactions WHERE {where} "
        f"ORDER BY sequence {'ASC' if request.backward else 'DESC'} LIMIT ${len(arguments)}",
        *arguments,
    )
    nodes = [to_transaction(row) for row in rows]
    return make_page(request, nodes, lambda node: encode_cursor(str(node.sequence)))


async def count_transactions(
    account_id: UUID,
    *,
    kinds: Collection[TransactionKind] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    order_id: UUID | None = None,
) -> int:
    """The number of ledger rows that match."""
    where, arguments = _transaction_filter(account_id, kinds, since, until, order_id)
    row = await fetch_row(f"SELECT count(*) AS n FROM account_transactions WHERE {where}", *arguments)
    return int(row["n"]) if row else 0


async def read_balances() -> tuple[dict[str, Decimal], list[Row]]:
    """One consistent read: cash of all accounts per currency, and the balance of each house account per currency."""
    async with reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        cash = await connection.fetch("SELECT currency, sum(cash) AS cash FROM accounts GROUP BY currency")
        house = await connection.fetch(
            "SELECT currency, contra, -sum(amount) AS balance FROM account_transactions "
            "GROUP BY currency, contra ORDER BY currency, contra"
        )
    return {row["currency"]: row["cash"] for row in cash}, house


async def read_all_ids() -> list[UUID]:
    """Every account, oldest first."""
    return [row["id"] for row in await fetch("SELECT id FROM accounts ORDER BY id")]


async def read_ids_after(after: UUID | None, limit: int) -> list[UUID]:
    """The next accounts after one, in the order of their identifiers, which is the order of their opening."""
    rows = await fetch("SELECT id FROM accounts WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2", after, limit)
    return [row["id"] for row in rows]


async def require_account(actor: Actor, account_id: UUID, *, field: str = "accountId") -> None:
    """Let ``actor`` pass if the account exists and is visible to it; ``field`` names the input field.

    Raises:
        NotFound: it does not exist for the actor, whatever its role.
    """
    require_read(actor, account_id, field=field)
    # What is owned or granted is there: accounts are never removed.
    if account_id not in actor.accounts and not await fetch("SELECT 1 FROM accounts WHERE id = $1", account_id):
        raise no_account(field)


class AccountFilter(Protocol):
    """A filter of rows of accounts: of one that is named, and of those that its caller may see."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def account_id(self) -> UUID | None:
        """The account that it names."""
        ...

    @property
    def account_ids(self) -> tuple[UUID, ...] | None:
        """The accounts that it is narrowed to; None: to none."""
        ...


Narrowed = TypeVar("Narrowed", bound=AccountFilter)


async def visible_to(actor: Actor, wanted: Narrowed) -> Narrowed:
    """The filter narrowed to what the actor may see: everything, or rows of its accounts and of none.

    Raises:
        NotFound: it names an account that the actor may not see.
    """
    if wanted.account_id is not None:
        await require_account(actor, wanted.account_id)
    return wanted if actor.sees_all else replace(wanted, account_ids=tuple(sorted(actor.accounts)))


async def holds_anything(work: UnitOfWork, account_id: UUID) -> bool:
    """True if a locked account has a position or a working order."""
    row = await work.fetch_row(
        "SELECT 1 FROM positions WHERE account_id = $1 AND (quantity <> 0 OR working_buy <> 0 OR working_sell <> 0)",
        account_id,
    )
    return row is not None
