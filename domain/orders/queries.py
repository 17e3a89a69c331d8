"""Set-based reads and writes of orders, executions and venue commands.

SQL: the hot path of placing and booking, in statements whose number does not depend on the number of orders.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from enum import EnumType
from typing import Any
from uuid import UUID

import orjson

from domain.kernel.database import Row, fetch
from domain.kernel.named_form import field_kinds
from domain.kernel.records import Convert
from domain.kernel.rows import KEYS_OF_ACCOUNT, Record, insertion, reader, update, zeros_of
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import UnitOfWork, Writing
from domain.orders.model.order import CHANGEABLE, TERMS, Execution, Order, PendingChange
from domain.orders.model.stored_forms import change_snapshot, read_change, read_violation, violation_snapshot
from domain.orders.model.types import Liquidity, PositionEffect, Side
from domain.orders.model.venue_commands import QueuedCommand
from domain.positions.queries import FOR_ORDERS, SELECT_POSITION, by_account
from domain.positions.types import PositionBook, PositionKey
from domain.risk.types import RiskViolation

ORDER_COLUMNS = tuple(item.name for item in fields(Order) if item.name != "symbol")
_KINDS = field_kinds(Order)
# Looking a member up by its value costs a tenth of asking the enum for it.
MEMBERS_OF = {
    name: {None: None} | {member.value: member for member in _KINDS[name]}
    for name in ORDER_COLUMNS
    if isinstance(_KINDS[name], EnumType)
}
_MEMBERS = tuple((ORDER_COLUMNS.index(name), members) for name, members in MEMBERS_OF.items())
_VIOLATIONS_PLACE = ORDER_COLUMNS.index("violations")
_CHANGES_PLACE = ORDER_COLUMNS.index("pending_changes")

# PostgreSQL's types of the columns that are not text.
_POSTGRESQL = {
    UUID: "uuid",
    Decimal: "numeric",
    datetime: "timestamptz",
    bool: "bool",
    int: "int",
    bytes: "bytea",
    list[str]: "text[]",
}
_TYPES = {name: _POSTGRESQL[kind] for name, kind in _KINDS.items() if kind in _POSTGRESQL} | {
    "venue_sequence": "bigint"
}
SELECT_ORDER = ", ".join(f"o.{name}" for name in ORDER_COLUMNS) + ", i.symbol"
FROM_ORDERS = "FROM orders o JOIN instruments i ON i.id = o.instrument_id"
# The order of a row ``k`` of keys. OFFSET keeps each lookup a lookup: as a join, it kept a plan of when the table was
# small, which read all orders.
OF_CLIENT = (
    "SELECT xmin, ctid, * FROM orders WHERE account_id = k.account_id AND client_order_id = k.client_order_id OFFSET 0"
)
_EXECUTION_FIELDS = tuple(item.name for item in fields(Execution))
# Where the column of a field has another name.
_EXECUTION_COLUMNS = {"at": "e.at_nanos", "corrected_by": "e.corrected_by_id", "symbol": "i.symbol"}
SELECT_EXECUTION = ", ".join(_EXECUTION_COLUMNS.get(name, f"e.{name}") for name in _EXECUTION_FIELDS)
# The places of the values that are read as another type.
_SIDE, _EFFECT, _LIQUIDITY, _AT = map(_EXECUTION_FIELDS.index, ("side", "position_effect", "liquidity", "at"))
FROM_EXECUTIONS = "FROM executions e JOIN instruments i ON i.id = e.instrument_id"


def column_types(names: Iterable[str]) -> dict[str, str]:
    """PostgreSQL's types of columns of orders."""
    return {name: _TYPES.get(name, "text") for name in names}


_ZEROS = zeros_of(Order)
_INSERT = insertion("orders", column_types(ORDER_COLUMNS), zeros=_ZEROS)

# What is settled when an order is placed: everything else is written with each change of it.
_FIXED = (frozenset(TERMS) - frozenset(CHANGEABLE)) | frozenset(
    {
        "id",
        "account_id",
        "instrument_id",
        "client_order_id",
        "request_digest",
        "venue",
        "arrival_price",
        "strategy",
        "tags",
        "contingency",
        "parent_id",
        "group_id",
        "violations",
        "created_at",
        "placed_by",
        "placed_key",
        "placed_from",
        "request_id",
    }
)
_MUTABLE = tuple(name for name in ORDER_COLUMNS if name not in _FIXED)
_UPDATE = update("orders", column_types((*KEYS_OF_ACCOUNT, *_MUTABLE)), zeros=_ZEROS)
_INSERT_EXECUTIONS = insertion(
    "executions",
    {
        **dict.fromkeys(("id", "order_id", "account_id", "instrument_id"), "uuid"),
        **dict.fromkeys(("venue_execution_id", "side", "position_effect", "liquidity"), "text"),
        **dict.fromkeys(("price", "quantity", "fee", "tax", "realized_pnl", "fx_rate"), "numeric"),
        **dict.fromkeys(("fee_due", "fee_minimum", "tax_due", "withheld", "venue_fee"), "numeric"),
        "venue_fee_currency": "text",
        "rounded_alone": "bool",
        **dict.fromkeys(("sequence", "at_nanos"), "bigint"),
        "created_at": "timestamptz",
    },
)
_INSERT_COMMANDS = insertion(
    "venue_commands",
    {
        **dict.fromkeys(("venue", "kind", "payload"), "text"),
        **dict.fromkeys(("order_id", "account_id"), "uuid"),
        "created_at": "timestamptz",
    },
)
_executed = reader(*(name for name in _INSERT_EXECUTIONS.columns if name != "at_nanos"))


def to_order(row: Iterable[Any]) -> Order:
    """An order from a row that ``SELECT_ORDER`` asked for."""
    values = list(row)
    for place, members in _MEMBERS:
        values[place] = members[values[place]]
    raw = values[_VIOLATIONS_PLACE]
    values[_VIOLATIONS_PLACE] = () if raw == "[]" else tuple(read_violation(value) for value in orjson.loads(raw))
    changes = values[_CHANGES_PLACE]
    values[_CHANGES_PLACE] = () if changes is None else tuple(read_change(value) for value in orjson.loads(changes))
    return Order(*values)


def to_execution(row: Row) -> Execution:
    """An execution from a row that ``SELECT_EXECUTION`` asked for."""
    values = list(row)
    values[_SIDE] = Side(values[_SIDE])
    values[_EFFECT] = PositionEffect(values[_EFFECT])
    values[_LIQUIDITY] = Liquidity(values[_LIQUIDITY])
    values[_AT] = Nanos(values[_AT])
    return Execution(*values)


def _changes_text(changes: Sequence[PendingChange]) -> str | None:
    if not changes:
        return None
    return orjson.dumps([change_snapshot(change) for change in changes]).decode()


def _violations_text(violations: Sequence[RiskViolation]) -> str:
    if not violations:
        return "[]"
    return orjson.dumps([violation_snapshot(one) for one in violations]).decode()


# The attributes of an order that are stored as JSON text.
ORDER_CONVERTS: Mapping[str, Convert] = {
    "violations": _violations_text,
    "pending_changes": _changes_text,
}
_new_row = reader(*ORDER_COLUMNS, zeros=_ZEROS, converts=ORDER_CONVERTS)
_changed_row = reader(*_UPDATE.columns, zeros=_ZEROS, converts=ORDER_CONVERTS)


def _execution_row(execution: Execution) -> Record:
    return {**_executed(execution), "at_nanos": execution.at}


async def insert_orders(work: Writing, orders: Sequence[Order]) -> None:
    """Store new orders."""
    await work.write(_INSERT, [_new_row(order) for order in orders])


async def update_orders(work: Writing, orders: Sequence[Order]) -> None:
    """Store the changeable columns of orders."""
    await work.write(_UPDATE, [_changed_row(order) for order in orders])


async def insert_executions(work: UnitOfWork, executions: Sequence[Execution]) -> None:
    """Store new executions."""
    await work.write(_INSERT_EXECUTIONS, [_execution_row(execution) for execution in executions])


async def insert_commands(work: Writing, commands: Sequence[QueuedCommand]) -> None:
    """Queue commands to venues, in order; wakes each venue once after the commit."""
    rows: list[Record] = [
        {
            "venue": order.venue,
            "kind": kind,
            "order_id": order.id,
            "account_id": order.account_id,
            "payload": payload,
            "created_at": work.now,
        }
        for kind, order, payload in commands
    ]
    await work.write(_INSERT_COMMANDS, rows)
    for venue in {order.venue for _, order, _ in commands}:
        work.publish(wake_channel(venue), b"")


def wake_channel(venue: str) -> str:
    """The bus channel that wakes the router of a venue."""
    return f"venue:{venue}"


async def find_by_client_ids(work: UnitOfWork, keys: Collection[tuple[UUID, str]]) -> dict[tuple[UUID, str], Order]:
    """Orders by account and client order id."""
    rows = await work.fetch(
        f"SELECT {SELECT_ORDER} FROM unnest($1::uuid[], $2::text[]) AS k (account_id, client_order_id) "
        f"CROSS JOIN LATERAL ({OF_CLIENT}) AS o JOIN instruments i ON i.id = o.instrument_id",
        [account for account, _ in keys],
        [client for _, client in keys],
    )
    orders = (to_order(row) for row in rows)
    return {(order.account_id, order.client_order_id): order for order in orders}


@dataclass(frozen=True, slots=True)
class PreTradeState:
    """The stored inputs of decisions on new orders of locked accounts; ``repeats`` counts orders placed before."""

    versions: dict[str, int]
    positions: dict[UUID, dict[PositionKey, PositionBook]]
    repeats: int


_PRE_TRADE_STATE = f"""
SELECT {SELECT_POSITION}, v.versions, r.repeats
FROM (SELECT json_object_agg(topic, version)::text AS versions FROM topic_versions) v
CROSS JOIN (
  SELECT count(*) AS repeats FROM unnest($3::uuid[], $4::text[]) AS k (account_id, client_order_id)
  CROSS JOIN LATERAL ({OF_CLIENT}) AS o
) r
LEFT JOIN positions p ON {FOR_ORDERS}
"""


async def load_pre_trade_state(
    work: UnitOfWork,
    account_ids: Collection[UUID],
    instrument_ids: Collection[UUID],
    keys: Collection[tuple[UUID, str]],
) -> PreTradeState:
    """The pre-trade state in one statement; ``keys`` are accounts and client order ids."""
    rows = await work.fetch(
        _PRE_TRADE_STATE,
        list(account_ids),
        list(instrument_ids),
        [account for account, _ in keys],
        [client for _, client in keys],
    )
    *_, versions, repeats = rows[0]
    positions = by_account(account_ids, (row[:-2] for row in rows if row["id"] is not None))
    return PreTradeState(orjson.loads(versions or "{}"), positions, repeats)


async def load_orders(work: UnitOfWork, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id, read under the lock of their accounts."""
    rows = await work.fetch(f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.id = ANY($1::uuid[])", list(order_ids))
    return {row["id"]: to_order(row) for row in rows}


async def load_open_orders(
    work: UnitOfWork,
    account_ids: Collection[UUID],
    *,
    symbol: str | None = None,
    side: Side | None = None,
    strategy: str | None = None,
) -> list[Order]:
    """Open orders of locked accounts that match, in the order of placing."""
    rows = await work.fetch(
        f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.account_id = ANY($1::uuid[]) AND o.closed_at IS NULL "
        "AND ($2::text IS NULL OR i.symbol = $2) AND ($3::text IS NULL OR o.side = $3) "
        "AND ($4::text IS NULL OR o.strategy = $4) ORDER BY o.id",
        list(account_ids),
        symbol,
        side.value if side is not None else None,
        strategy,
    )
    return [to_order(row) for row in rows]


async def newest_order(work: UnitOfWork, account_id: UUID, instrument_ids: Collection[UUID]) -> Order | None:
    """The newest order of an account in some instruments, in any status."""
    row = await work.fetch_row(
        f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.account_id = $1 AND o.instrument_id = ANY($2::uuid[]) "
        "ORDER BY o.id DESC LIMIT 1",
        account_id,
        list(instrument_ids),
    )
    return None if row is None else to_order(row)


async def load_groups(work: UnitOfWork, group_ids: Collection[UUID | None]) -> dict[UUID, Order]:
    """All orders of brackets and OCOs, read under the lock of their accounts."""
    rows = await work.fetch(
        f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.group_id = ANY($1::uuid[]) ORDER BY o.id", list(group_ids)
    )
    return {row["id"]: to_order(row) for row in rows}


async def read_orders(order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id."""
    rows = await fetch(f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.id = ANY($1::uuid[])", list(order_ids))
    return {row["id"]: to_order(row) for row in rows}


async def read_groups(group_ids: Collection[UUID]) -> dict[UUID, list[Order]]:
    """The orders of brackets and OCOs by group, oldest first."""
    rows = await fetch(
        f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.group_id = ANY($1::uuid[]) ORDER BY o.id", list(group_ids)
    )
    found: dict[UUID, list[Order]] = {}
    for row in rows:
        found.setdefault(row["group_id"], []).append(to_order(row))
    return found


async def read_order_by_client_id(account_id: UUID, client_order_id: str) -> Order | None:
    """An order by its client's id."""
    rows = await fetch(
        f"SELECT {SELECT_ORDER} {FROM_ORDERS} WHERE o.account_id = $1 AND o.client_order_id = $2",
        account_id,
        client_order_id,
    )
    return to_order(rows[0]) if rows else None


async def read_executions_of(order_ids: Collection[UUID]) -> dict[UUID, list[Execution]]:
    """The executions of orders, oldest first."""
    found: dict[UUID, list[Execution]] = {order_id: [] for order_id in order_ids}
    rows = await fetch(
        f"SELECT {SELECT_EXECUTION} {FROM_EXECUTIONS} WHERE e.order_id = ANY($1::uuid[]) ORDER BY e.id", list(order_ids)
    )
    for row in rows:
        found[row["order_id"]].append(to_execution(row))
    return found


async def known_executions(work: UnitOfWork, orders: Collection[Order]) -> set[tuple[UUID, str]]:
    """The executions of these orders that are booked already, by the venue's id."""
    rows = await work.fetch(
        "SELECT e.order_id, e.venue_execution_id FROM unnest($1::uuid[], $2::uuid[]) AS n (order_id, account_id) "
        "JOIN executions e ON e.order_id = n.order_id AND e.account_id = n.account_id",
        [order.id for order in orders],
        [order.account_id for order in orders],
    )
    return {(row["order_id"], row["venue_execution_id"]) for row in rows}


async def open_order_ids(venue: str) -> list[UUID]:
    """Every open order of a venue, in the order in which it was placed."""
    rows = await fetch("SELECT id FROM orders WHERE closed_at IS NULL AND venue = $1 ORDER BY id", venue)
    return [row["id"] for row in rows]
