"""Detectors that are killed forget nothing and tell nothing twice: they end as if they had read all at once."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.reading import facts_of, kinds_of
from domain.anomalies.replay_queries import stream_events
from domain.kernel.database import fetch
from domain.kernel.time import utc_now
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders
from tests.anomalies.test_running import pay
from tests.orders.factories import SPOT, command
from tests.support.mortal_detectors import kill_detectors
from tests.support.trading import Platform, environment, platform


async def live(desk: Platform) -> None:
    """Make usual deposits, orders and cancels of two users; returns the findings."""
    people = [await desk.open_account("100000000") for _ in range(2)]
    for index in range(30):
        for owner, account in people:
            await pay(desk, owner, f"{90 + index % 12}", f"usual-{index}")
            order = command(account_id=account.id, quantity=Decimal(1 + index % 5), limit_price=Decimal(99))
            await desk.place(owner, order, order)
    for owner, account in people:
        await cancel_orders(desk.services.bus, owner, CancelOrders(account_id=account.id))
        await pay(desk, owner, "5000000", "unusual")
        huge = command(account_id=account.id, quantity=Decimal(5_000), limit_price=Decimal(99))
        await desk.place(owner, huge)


async def read_at_once() -> tuple[list[Any], dict[tuple[str, str], Any]]:
    """The findings and the state of detectors that read all events in one run."""
    told: dict[str, Any] = {}
    learnt: dict[tuple[str, str], Any] = {}
    detectors = [made() for made in DETECTORS.values()]
    everything = {fact for detector in detectors for fact in detector.reads}
    now = utc_now()
    async for events in stream_events(None, now - timedelta(hours=1), now, kinds_of(everything), 10_000):
        for stored in events:
            for fact in facts_of(stored):
                for detector in detectors:
                    found = detector.observe(fact) if isinstance(fact, detector.reads) else ()
                    for finding in found:
                        told.setdefault(f"{finding.fingerprint} {finding.severity}", finding)
    for detector in detectors:
        learnt |= {(detector.kind.value, key): state for key, state in detector.state().items()}
    return list(told.values()), orjson.loads(orjson.dumps({"|".join(key): state for key, state in learnt.items()}))


async def test_killed_detectors_end_with_the_findings_of_an_uninterrupted_run(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk:
        await desk.add_instrument(SPOT)
        await desk.quote(SPOT.symbol, "99.99", "100.01")
        await live(desk)
        findings, learnt = await read_at_once()
        killed = await asyncio.to_thread(kill_detectors, environment(database_url, redis_url, tmp_path), 1)
        assert killed >= 5
        rows = await fetch("SELECT * FROM anomalies ORDER BY sequence")
        assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
        assert sorted((row["fingerprint"], row["severity"], row["score"]) for row in rows) == sorted(
            (finding.fingerprint, finding.severity, finding.score) for finding in findings
        )
        assert {row["kind"] for row in rows} >= {"ACCOUNT_BALANCE", "ORDER_SIZE"}
        stored = await fetch("SELECT kind, subject, state FROM anomaly_memories")
        assert {f"{row['kind']}|{row['subject']}": orjson.loads(row["state"]) for row in stored} == learnt
        events = await fetch("SELECT count(*), count(DISTINCT id) FROM risk_events WHERE source = 'anomaly'")
        assert tuple(events[0]) == (len(rows), len(rows))
        steps = await fetch("SELECT sequence FROM anomaly_case_events ORDER BY sequence")
        assert [row["sequence"] for row in steps] == list(range(1, len(rows) + 1))
        heads = await fetch(
            "SELECT 1 FROM accounts a LEFT JOIN anomaly_cursors c ON c.account_id = a.id "
            "WHERE a.event_sequence IS DISTINCT FROM c.sequence"
        )
        assert heads == []
