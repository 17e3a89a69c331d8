"""Set-based reads and writes of positions.

SQL: the hot path of placing and booking; positions of many accounts in one statement.
"""

from collections.abc import Collection, Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.queries import SELECT_ACCOUNT, to_book
from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.database import fetch
from domain.kernel.rows import insertion, reader, zeros_of
from domain.kernel.unit_of_work import UnitOfWork, Writing
from domain.positions.types import Bucket, PositionBook, PositionKey

_COLUMNS = tuple(item.name for item in fields(PositionBook) if item.name != "changed")
SELECT_POSITION = ", ".join(f"p.{name}" for name in _COLUMNS)
_SELECT = f"SELECT {SELECT_POSITION} FROM positions p"
READ_ALL = f"{_SELECT} WHERE account_id = $1 ORDER BY id"
# What accounts $1 hold, and what they held since their last day rolls.
READ_HELD = (
    f"{_SELECT} JOIN accounts a ON a.id = p.account_id WHERE p.account_id = ANY($1::uuid[]) "
    "AND (p.quantity <> 0 OR p.closed_at >= a.rolled_at) ORDER BY p.id"
)
_TYPES = {
    **dict.fromkeys(("id", "account_id", "instrument_id"), "uuid"),
    **dict.fromkeys(("opened_at", "closed_at", "updated_at"), "timestamptz"),
    **dict.fromkeys(("bucket", "held_by", "held_risk_by", "held_admin_by"), "text"),
}
_KEY = ("account_id", "instrument_id", "bucket")
_ZEROS = zeros_of(PositionBook)
_UPSERT = insertion(
    "positions",
    {name: _TYPES.get(name, "numeric") for name in _COLUMNS},
    "ON CONFLICT (account_id, instrument_id, bucket) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS if name not in ("id", *_KEY)),
    zeros=_ZEROS,
)
_as_stored = reader(*_COLUMNS, zeros=_ZEROS)


def to_position(row: Iterable[Any]) -> PositionBook:
    """The working copy of a position row."""
    values = list(row)
    values[3] = Bucket(values[3])
    return PositionBook(*values)


# What decisions on orders of accounts $1 in instruments $2 look at.
FOR_ORDERS = (
    "p.account_id = ANY($1::uuid[]) AND "
    "(p.quantity <> 0 OR p.working_buy <> 0 OR p.working_sell <> 0 OR p.instrument_id = ANY($2::uuid[]))"
)
_FOR_ORDERS = f"{_SELECT} WHERE {FOR_ORDERS}"


async def load_positions(
    work: UnitOfWork, account_ids: Collection[UUID], instrument_ids: Collection[UUID]
) -> dict[UUID, dict[PositionKey, PositionBook]]:
    """Per account: all open positions, and the buckets of the given instruments; under the accounts' locks."""
    rows = await work.fetch(
        _FOR_ORDERS,
        list(account_ids),
        list(instrument_ids),
    )
    return by_account(account_ids, rows)


async def load_all_positions(work: UnitOfWork, account_id: UUID) -> list[PositionBook]:
    """All positions of a locked account, closed ones included."""
    return [to_position(row) for row in await work.fetch(READ_ALL, account_id)]


async def read_for_orders(
    account_ids: Collection[UUID], instrument_ids: Collection[UUID]
) -> dict[UUID, dict[PositionKey, PositionBook]]:
    """The same as ``load_positions``, without a lock."""
    return by_account(account_ids, await fetch(_FOR_ORDERS, list(account_ids), list(instrument_ids)))


_BOOKS = (
    f"SELECT {SELECT_ACCOUNT}, {SELECT_POSITION} FROM accounts a LEFT JOIN positions p ON p.account_id = a.id "
    f"AND {FOR_ORDERS} WHERE a.id = ANY($1::uuid[]) ORDER BY a.id"
)
_ACCOUNT_WIDTH = SELECT_ACCOUNT.count(",") + 1


async def read_books_for_orders(
    account_ids: Collection[UUID], instrument_ids: Collection[UUID]
) -> tuple[dict[UUID, AccountBook], dict[UUID, dict[PositionKey, PositionBook]]]:
    """Accounts and what ``read_for_orders`` reads of them, as of one moment; unknown ids are left out."""
    rows = await fetch(_BOOKS, list(account_ids), list(instrument_ids))
    accounts: dict[UUID, AccountBook] = {}
    for row in rows:
        # A row for each position, and one for an account without any.
        if row[0] not in accounts:
            accounts[row[0]] = to_book(row[:_ACCOUNT_WIDTH])
    held = (row[_ACCOUNT_WIDTH:] for row in rows if row[_ACCOUNT_WIDTH] is not None)
    return accounts, by_account(accounts, held)


async def read_positions(
    account_ids: Collection[UUID], *, include_closed: bool = False
) -> dict[UUID, dict[PositionKey, PositionBook]]:
    """Per account: its open positions, and on request its closed ones."""
    held = "opened_at IS NOT NULL" if include_closed else "quantity <> 0"
    rows = await fetch(f"{_SELECT} WHERE account_id = ANY($1::uuid[]) AND {held} ORDER BY id", list(account_ids))
    return by_account(account_ids, rows)


_RESERVING = (
    f"{_SELECT} WHERE account_id = ANY($1::uuid[]) "
    "AND (quantity <> 0 OR reserved <> 0 OR working_buy <> 0 OR working_sell <> 0) ORDER BY id"
)


async def read_reserving(account_ids: Collection[UUID]) -> dict[UUID, list[PositionBook]]:
    """Per account: its open positions, and the buckets with working orders or reserved money."""
    return _listed(account_ids, await fetch(_RESERVING, list(account_ids)))


async def load_reserving(work: UnitOfWork, account_ids: Collection[UUID]) -> dict[UUID, list[PositionBook]]:
    """The same as ``read_reserving``, under the accounts' locks."""
    return _listed(account_ids, await work.fetch(_RESERVING, list(account_ids)))


def _listed(account_ids: Collection[UUID], rows: Iterable[Iterable[Any]]) -> dict[UUID, list[PositionBook]]:
    return {account_id: list(found.values()) for account_id, found in by_account(account_ids, rows).items()}


async def read_holders() -> dict[UUID, tuple[int, Decimal]]:
    """Every account with a position, with its highest known equity and the event that it is as of."""
    rows = await fetch(
        "SELECT id, event_sequence, peak_equity FROM accounts "
        "WHERE id IN (SELECT account_id FROM positions WHERE quantity <> 0)"
    )
    return {row["id"]: (row["event_sequence"], row["peak_equity"]) for row in rows}


async def read_open_everywhere(venue: str) -> list[tuple[PositionBook, AccountKind]]:
    """The positions of a venue's accounts, with their kinds; also flat positions with working orders."""
    rows = await fetch(
        f"SELECT {SELECT_POSITION}, a.kind FROM positions p JOIN accounts a ON a.id = p.account_id "
        "WHERE a.venue = $1 AND (p.quantity <> 0 OR p.working_buy <> 0 OR p.working_sell <> 0)",
        venue,
    )
    return [(to_position(row[:-1]), AccountKind(row["kind"])) for row in rows]


def by_account(
    account_ids: Collection[UUID], rows: Iterable[Iterable[Any]]
) -> dict[UUID, dict[PositionKey, PositionBook]]:
    """Positions of accounts from rows of ``SELECT_POSITION``; an account without any has none."""
    found: dict[UUID, dict[PositionKey, PositionBook]] = {account_id: {} for account_id in account_ids}
    for row in rows:
        book = to_position(row)
        found[book.account_id][(book.instrument_id, book.bucket)] = book
    return found


async def write_positions(work: Writing, positions: Iterable[PositionBook]) -> None:
    """Store changed positions, new ones among them."""
    changed = [position for position in positions if position.changed]
    for position in changed:
        position.updated_at = work.now
    await work.write(_UPSERT, [_as_stored(position) for position in changed])
