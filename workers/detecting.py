"""Continuous anomaly detection: detectors read each account event within about a second, prices some seconds later.

It runs beside the queue in the worker, so it takes no time from venues. One worker reads at a time; others find no
events left, and prices that were read already. Servers are checked by the scheduled task.
"""

import asyncio

import structlog

from domain.anomalies.queries import has_news
from domain.anomalies.running import run_detectors
from domain.kernel.bus import Bus
from domain.kernel.supervision import Guarded
from domain.kernel.time import utc_now
from domain.market.market import Market
from workers.price_facts import PriceFacts

LOOK_SECONDS = 1.0
_log = structlog.stdlib.get_logger("detectors")


async def run_detecting(bus: Bus, market: Market) -> None:
    """Run the detectors on events and prices as they come, until cancelled."""
    prices = PriceFacts(market)
    while True:
        is_unfinished = False
        with Guarded(_log, "detectors failed, will retry"):
            is_unfinished = await _read(bus, prices)
        if not is_unfinished:
            await asyncio.sleep(LOOK_SECONDS)


async def _read(bus: Bus, prices: PriceFacts) -> bool:
    """Let the detectors read the new events; returns True if there are more."""
    now = utc_now()
    prices.look(now)
    facts = await prices.due(now)
    if not facts and not await has_news():
        return False
    report = await run_detectors(bus, facts)
    if facts:
        prices.were_read(now)
    if report.refused:
        _log.warning("facts left out", **{reason.lower(): count for reason, count in report.refused.items()})
    for anomaly in report.anomalies:
        _log.warning("anomaly found", kind=anomaly.kind, severity=anomaly.severity, id=str(anomaly.id))
    return report.is_unfinished
