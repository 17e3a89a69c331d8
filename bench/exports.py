"""Memory of the web process while it streams exports of a million rows.

    python -m bench.exports [number of rows]

Each export is read to its end by a client on loopback. The figure is the process's largest resident memory during it
beside what it held before: constant memory keeps the ratio near one, however many rows there are.
"""

import asyncio
import http.client
import sys
import time
from collections.abc import Iterator

import psutil

from adapters.database.connection import database
from bench.pages import OPEN_ACCOUNTS, PEOPLE, PLACE_ORDERS, SYMBOLS
from bench.stage import Stage, Web, open_stage
from bench.table import Row, markdown
from domain.kernel.database import pool

EXPORTS = (
    ("orders", "csv"),
    ("executions", "csv"),
    ("executions", "jsonl"),
    ("executions", "parquet"),
    ("ledger", "csv"),
    ("ledger", "parquet"),
    ("closed-trades", "csv"),
    ("equity", "csv"),
    ("history", "csv"),
)
_ACCOUNT = f"{1:032x}"
_MEGABYTE = 1_048_576
_CHUNK_BYTES = 65_536
_LOOK_SECONDS = 0.02
EXECUTIONS = """
INSERT INTO executions (id, order_id, account_id, instrument_id, venue_execution_id, sequence, side, position_effect,
  price, quantity, fee, tax, realized_pnl, liquidity, at_nanos, created_at)
SELECT id, id, account_id, instrument_id, 'v', venue_sequence, side, 'AUTO', 100 + venue_sequence % 97, 1, 0.01, 0, 0,
  'TAKER', 1700000000000000000 + venue_sequence * 1000000, '2024-01-01'::timestamptz + venue_sequence * interval '1 ms'
FROM orders
"""
LEDGER = """
INSERT INTO account_transactions (id, account_id, sequence, kind, contra, amount, balance_after, currency, hash,
  created_at)
SELECT lpad(to_hex(g), 32, '0')::uuid, $2::uuid, g, 'DEPOSIT', 'EXTERNAL', 1, g, 'USD', repeat('0', 64), now()
FROM generate_series(1, $1::bigint) AS g
"""


EQUITY = """
INSERT INTO equity_samples (account_id, at, equity, cash, unrealized_pnl, transaction_sequence)
SELECT $2::uuid, now() - g * interval '1 ms', 100000 + g % 997, 100000, g % 997, g
FROM generate_series(1, $1::bigint) AS g
"""


async def fill(database_url: str, rows: int) -> None:
    """Store so many orders, executions and rows of the ledger of one account."""
    async with database(database_url), pool().acquire() as connection:
        await connection.execute(PEOPLE)
        await connection.execute(OPEN_ACCOUNTS, 1)
        symbols = await connection.fetchval("SELECT count(*) FROM instruments")
        await connection.execute(PLACE_ORDERS, rows, 1, min(SYMBOLS, symbols), timeout=1_800)
        await connection.execute(EXECUTIONS, timeout=1_800)
        await connection.execute(LEDGER, rows, _ACCOUNT, timeout=1_800)
        await connection.execute(EQUITY, rows, _ACCOUNT, timeout=1_800)
        await connection.execute("ANALYZE", timeout=600)


def stream(web: Web, name: str, bounds: str = "") -> tuple[float, float, int]:
    """The process's memory before an export and at its peak, in megabytes, and the export's bytes."""
    process = psutil.Process(web.pid)
    headers = {"authorization": f"Bearer {web.sign_in()}"}
    before = peak = process.memory_info().rss
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=600)
    size, looked = 0, time.monotonic()
    try:
        connection.request("GET", f"/export/{name}?account={_ACCOUNT}{bounds}", headers=headers)
        answer = connection.getresponse()
        assert answer.status == http.client.OK, answer.read()
        while chunk := answer.read(_CHUNK_BYTES):
            size += len(chunk)
            if time.monotonic() - looked > _LOOK_SECONDS:
                peak, looked = max(peak, process.memory_info().rss), time.monotonic()
    finally:
        connection.close()
    return before / _MEGABYTE, max(peak, process.memory_info().rss) / _MEGABYTE, size


def measure(stage: Stage, rows: int) -> Iterator[Row]:
    """A row per export: its peak, with the memory before it as the limit."""
    asyncio.run(fill(stage.database_url, rows))
    with stage.web() as web:
        # Libraries that the first export loads are not its rows.
        for name in ("orders.csv", "executions.parquet"):
            stream(web, name, "&to=2000-01-01T00:00:00Z")
        for kind, extension in EXPORTS:
            begun = time.monotonic()
            before, peak, size = stream(web, f"{kind}.{extension}")
            seconds = time.monotonic() - begun
            told = f"{size:,} bytes in {seconds:.0f} s, {before:.0f} MB before, {peak:.0f} MB at its peak"
            print(f"{kind}.{extension}: {told}", file=sys.stderr)
            yield Row(f"export of {rows:,} rows, {kind}.{extension}", "MB", [peak], [before], "before it", "<= 1.5")


def exports(rows: int = 1_000_000) -> Iterator[Row]:
    """Fill a database of their own, and export it."""
    with open_stage() as stage:
        yield from measure(stage, rows)


if __name__ == "__main__":
    print(markdown(list(exports(*map(int, sys.argv[1:])))))
