"""The task of anomaly detection."""

import time
from datetime import datetime
from typing import cast

from domain.anomalies.facts import Fact, MarketChecked, Quoted, Sampled
from domain.anomalies.running import run_detectors
from domain.kernel.database import ping
from domain.system.types import Result
from workers.tasks.context import TaskContext, Unfinished


async def detect_anomalies(run: TaskContext) -> Result | Unfinished:
    """Let detectors read the accounts' new events; in the first slice also prices, and samples of the servers."""
    read, found = (cast("int", run.progress.get(name, 0)) for name in ("events", "anomalies"))
    facts = [] if run.progress else [*await _market(run), *await _servers(run)]
    report = await run_detectors(run.services.bus, facts)
    result: Result = {"events": read + report.events, "anomalies": found + len(report.anomalies)}
    return Unfinished(result) if report.is_unfinished else result


async def _market(run: TaskContext) -> list[Fact]:
    """The time of each symbol's newest price, and whether its market is open now."""
    market = run.services.market
    catalog = await market.catalog()
    facts: list[Fact] = []
    for symbol, instrument in catalog.by_symbol.items():
        age = market.age(symbol)
        if age is not None:
            quote = market.quote(symbol)
            facts += [
                Quoted(symbol, run.due - age, quote.mid if quote is not None else None),
                MarketChecked(symbol, market.is_open(instrument, run.due), run.due),
            ]
    return facts


async def _servers(run: TaskContext) -> list[Fact]:
    """The response times of database and Redis, in milliseconds."""
    begun = time.perf_counter()
    await ping()
    answered = time.perf_counter()
    samples = [_sample("database", answered - begun, run.due)]
    if await run.services.ticks.answers():
        samples.append(_sample("redis", time.perf_counter() - answered, run.due))
    return samples


def _sample(component: str, seconds: float, at: datetime) -> Fact:
    return Sampled(component, "latencyMs", seconds * 1_000, at)
