"""Pages of a long list of orders: the first and the thousandth, as they are asked for.

    python -m bench.pages [number of orders]

Keyset pages cost the same wherever they are: what a page costs depends on how many orders match, not on how many came
before it.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from adapters.database.connection import database
from bench.stage import open_stage
from bench.table import Row, markdown
from domain.access.types import SYSTEM, AccountPermission, Actor, Role
from domain.kernel.database import fetch, pool
from domain.kernel.pages import PageRequest, decode_cursor
from domain.orders.model.types import OrderSortField, OrderStatus
from domain.orders.reading.search_queries import CURSOR_PARTS, OrderSearch, OrderSort, page_orders

ACCOUNTS = 20
SYMBOLS = 10
PAGE = 50
DEPTH = 1_000
ROUNDS = 9

PEOPLE = """
INSERT INTO users (id, email, name, role, active, password_hash, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'pages@example.org', 'Pages', 'TRADER', true, 'none', now(), now())
"""
OPEN_ACCOUNTS = """
INSERT INTO accounts (id, owner_id, name, venue, kind, position_mode, state, currency, cash, reserved, realized_pnl,
  fees_paid, day_opening_equity, day_transfers, transaction_sequence, transaction_hash, event_sequence, created_at,
  rolled_at)
SELECT lpad(to_hex(g), 32, '0')::uuid, '00000000-0000-7000-8000-000000000001', 'Account ' || g, 'paper', 'CASH',
  'NETTING', 'ACTIVE', 'USD', 0, 0, 0, 0, 0, 0, 0, repeat('0', 64), 0, now(), now()
FROM generate_series(1, $1::int) AS g
"""
# Shuffled against their identifiers in everything that they can be sorted by; one in a hundred is open.
PLACE_ORDERS = """
INSERT INTO orders (id, account_id, instrument_id, client_order_id, request_digest, venue, side, type, time_in_force,
  position_effect, quantity, limit_price, trigger_price, post_only, reduce_only, status, filled_quantity, filled_value,
  average_price, execution_count, fees, reserved, reserved_margin, reserved_fee, tags, contingency, venue_sequence,
  activated, violations, created_at, updated_at, closed_at, version, reserved_quantity)
SELECT lpad(to_hex(g), 32, '0')::uuid, lpad(to_hex(1 + g % $2), 32, '0')::uuid, i.ids[1 + (g / 7) % $3], 'c' || g,
  decode(lpad(to_hex(g), 32, '0'), 'hex'), 'paper', CASE g % 2 WHEN 0 THEN 'BUY' ELSE 'SELL' END, 'LIMIT', 'GTC',
  'AUTO',
  1 + (g * 7919) % 10007, 100, 'BID_ASK', false, false, s.status, 0, 0, NULL, 0, 0, 0, 0, 0, ARRAY['a', 'b'], 'NONE', g,
  false, '[]', now() - make_interval(secs => $1 - g), now() - make_interval(secs => (g * 104729) % $1),
  CASE s.status WHEN 'NEW' THEN NULL ELSE now() END, 1, 0
FROM generate_series(1, $1::bigint) AS g,
  LATERAL (SELECT CASE WHEN g % 100 = 0 THEN 'NEW' WHEN g % 3 = 0 THEN 'CANCELED' ELSE 'FILLED' END AS status) AS s,
  (SELECT array_agg(id ORDER BY symbol) AS ids FROM instruments) AS i
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A list that somebody asks for."""

    name: str
    actor: Actor
    search: OrderSearch = field(default_factory=OrderSearch)
    sort: OrderSort = field(default_factory=OrderSort)


def _account(number: int) -> UUID:
    return UUID(int=number)


def questions() -> list[Question]:
    """Everybody's orders, one account's and several accounts', narrowed and sorted."""
    several = Actor(
        UUID(int=1),
        "pages@example.org",
        Role.TRADER,
        {_account(n): frozenset({AccountPermission.READ}) for n in range(1, 4)},
    )
    one = OrderSearch(account_id=_account(1))
    asked = [
        Question("all", SYSTEM),
        Question("of one account", SYSTEM, one),
        Question("of the three accounts that one sees", several),
        Question("open", SYSTEM, OrderSearch(open=True)),
        Question("open, of one account", SYSTEM, OrderSearch(account_id=_account(1), open=True)),
        Question("of one symbol", SYSTEM, OrderSearch(symbols=["BTCUSDT.BINANCE"])),
        Question("filled", SYSTEM, OrderSearch(statuses=[OrderStatus.FILLED])),
    ]
    sorts = (OrderSortField.UPDATED_AT, OrderSortField.QUANTITY)
    return asked + [Question(f"of one account, by {key}", SYSTEM, one, OrderSort(key)) for key in sorts]


async def fill(orders: int) -> None:
    """Store so many orders."""
    async with pool().acquire() as connection:
        await connection.execute(PEOPLE)
        await connection.execute(OPEN_ACCOUNTS, ACCOUNTS)
        (row,) = await fetch("SELECT count(*) AS n FROM instruments")
        await connection.execute(PLACE_ORDERS, orders, ACCOUNTS, min(SYMBOLS, row["n"]), timeout=1_800)
        await connection.execute("ANALYZE", timeout=600)


async def _milliseconds(question: Question, cursor: str | None) -> float:
    key = decode_cursor(cursor, parts=CURSOR_PARTS, field="after") if cursor is not None else None
    begun = time.perf_counter()
    await page_orders(question.actor, PageRequest(PAGE, key, backward=False), question.search, question.sort)
    return (time.perf_counter() - begun) * 1_000


async def _cursor_at(question: Question, rows: int) -> str | None:
    """The cursor after so many rows, found in great strides; None when there are not so many."""
    cursor, seen = None, 0
    while seen < rows:
        size = min(5_000, rows - seen)
        key = decode_cursor(cursor, parts=CURSOR_PARTS, field="after") if cursor is not None else None
        page = await page_orders(question.actor, PageRequest(size, key, backward=False), question.search, question.sort)
        if not page.has_next:
            return None
        cursor, seen = page.end_cursor, seen + size
    return cursor


async def measure(database_url: str, orders: int) -> list[Row]:
    """A row per question: the thousandth page, with the first as its limit."""
    rows = []
    async with database(database_url):
        await fill(orders)
        for question in questions():
            cursor = await _cursor_at(question, PAGE * (DEPTH - 1))
            first, deep = [], []
            for _ in range(ROUNDS):
                first.append(await _milliseconds(question, None))
                if cursor is not None:
                    deep.append(await _milliseconds(question, cursor))
            if deep:
                rows.append(Row(f"orders {question.name}, page {DEPTH}", "ms", deep, first, "page 1", "<= 2"))
            else:
                rows.append(Row(f"orders {question.name}, page 1", "ms", first))
    return rows


def pages(orders: int = 1_000_000) -> Iterator[Row]:
    """Fill a database of their own, and ask."""
    with open_stage() as stage:
        yield from asyncio.run(measure(stage.database_url, orders))


if __name__ == "__main__":
    print(markdown(list(pages(*map(int, sys.argv[1:])))))
