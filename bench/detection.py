"""Cost of reading facts from the database, judging and learning them, and storing the learnt states.

    python -m bench.detection [FACTS]

Twenty accounts place, fill and cancel orders over five days; their stored events are copies of real ones with other ids
and times. Detectors read them as the worker does.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from domain.anomalies.running import run_detectors
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders
from domain.orders.model.types import OrderType
from tests.orders.factories import SPOT, command
from tests.support.databases import DatabaseFactory
from tests.support.servers import throwaway_services
from tests.support.trading import Platform, platform

ACCOUNTS, DAYS, FACTS = 20, 5, 100_000
KINDS = ("PENDING_NEW", "TRADE", "CANCELED")
# The first two kinds of events are of one order, the last is of another.
_COPY_ORDERS = """
INSERT INTO orders
SELECT (jsonb_populate_record(o, jsonb_build_object(
  'id', md5($3 / 2 || o.account_id::text || n)::uuid, 'client_order_id', 'copy-' || $3 / 2 || '-' || n))).*
FROM generate_series(0, $2::int - 1) AS n, orders o
WHERE o.account_id = $1 AND o.id = (
  SELECT order_id FROM account_events WHERE account_id = $1 AND kind = $4 ORDER BY sequence DESC LIMIT 1)
ON CONFLICT DO NOTHING RETURNING 1
"""
_COPY = """
INSERT INTO account_events (account_id, sequence, kind, at, order_id, payload)
SELECT e.account_id, a.event_sequence + 3 * n + $3 + 1, e.kind,
  $4::timestamptz + n * $5::interval + $3 * interval '2 s',
  md5($3 / 2 || a.id::text || n)::uuid, replace(e.payload,
    coalesce(e.payload::json -> 'execution' ->> 'id', '-none-'), md5('fill' || a.id::text || n)::uuid::text)
FROM generate_series(0, $2::int - 1) AS n, account_events e JOIN accounts a ON a.id = e.account_id
WHERE e.account_id = $1 AND e.kind = $6 AND e.sequence = (
  SELECT max(sequence) FROM account_events WHERE account_id = $1 AND kind = $6)
RETURNING 1
"""


async def _template(desk: Platform) -> UUID:
    """An account with one event of each kind."""
    owner, account = await desk.open_account("100000000")
    order = command(account_id=account.id, quantity=Decimal(1), type=OrderType.MARKET, limit_price=None)
    (bought,) = await desk.place(owner, order)
    await desk.filled(bought.id, "1")
    (resting,) = await desk.place(owner, command(account_id=account.id, quantity=Decimal(1), limit_price=Decimal(90)))
    await cancel_orders(desk.services.bus, owner, CancelOrders(account_id=account.id))
    await desk.settled(resting.id)
    return account.id


async def _fill(account_id: UUID, orders: int) -> None:
    begins = utc_now() - timedelta(days=DAYS)
    pause = timedelta(days=DAYS) / (orders + 1)
    for place, kind in enumerate(KINDS):
        await fetch(_COPY_ORDERS, account_id, orders, place, kind)
        await fetch(_COPY, account_id, orders, place, begins, pause, kind)
    await fetch(
        "UPDATE accounts SET event_sequence = (SELECT max(sequence) FROM account_events WHERE account_id = $1) "
        "WHERE id = $1 RETURNING 1",
        account_id,
    )


async def _postmaster() -> psutil.Process:
    ((backend,),) = await fetch("SELECT pg_backend_pid()")
    found = psutil.Process(backend).parent()
    assert found is not None
    return found


def _seconds(*processes: psutil.Process) -> float:
    """Processor time of processes."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def _measure(desk: Platform, facts: int) -> dict[str, Any]:
    accounts = [await _template(desk) for _ in range(ACCOUNTS)]
    await run_detectors(desk.services.bus)
    for account_id in accounts:
        await _fill(account_id, facts // (3 * ACCOUNTS))
    await fetch("ANALYZE")
    (wal,) = await fetch("SELECT pg_current_wal_insert_lsn() AS at")
    process, postmaster = psutil.Process(), await _postmaster()
    begun, used, database = time.perf_counter(), _seconds(process), _seconds(*postmaster.children())
    events, runs, told = 0, 0, 0
    while True:
        report = await run_detectors(desk.services.bus)
        events, runs, told = events + report.events, runs + 1, told + len(report.anomalies)
        if not report.is_unfinished:
            break
    scale = 1e6 / events
    ((written,),) = await fetch("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)", wal["at"])
    ((stored, largest),) = await fetch("SELECT sum(length(state))::bigint, max(length(state)) FROM anomaly_memories")
    return {
        "events read": events,
        "runs": runs,
        "findings": told,
        "seconds a million": round((time.perf_counter() - begun) * scale),
        "processor seconds of the detectors a million": round((_seconds(process) - used) * scale),
        "processor seconds of the database a million": round((_seconds(*postmaster.children()) - database) * scale),
        "written ahead, MB a million": round(float(written) * scale / 1e6),
        "memory, kB of JSON an account": round(stored / ACCOUNTS / 1e3),
        "largest memory, kB": round(largest / 1e3),
    }


async def _run(facts: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        throwaway_services() as services,
        DatabaseFactory(services, Path(folder)) as databases,
        databases.migrated(tampered=True) as database_url,
    ):
        async with platform(database_url, services.redis_url, Path(folder)) as desk:
            await desk.add_instrument(replace(SPOT, id=new_id()))
            await desk.quote(SPOT.symbol, "99.99", "100.01")
            for name, value in (await _measure(desk, facts)).items():
                print(f"{name:48} {value:>12,}")


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]) if len(sys.argv) > 1 else FACTS))
