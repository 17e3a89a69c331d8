"""Continuous anomaly detection: detectors read each account event within about a second.

It runs beside the queue in the worker, so it takes no time from venues. One worker reads at a time; others find no
events left. Prices and servers, which have no events, are checked by the scheduled task.
"""

import asyncio

import structlog

from domain.anomalies.queries import has_news
from domain.anomalies.running import run_detectors
from domain.kernel.bus import Bus
from domain.kernel.supervision import Guarded

LOOK_SECONDS = 1.0
_log = structlog.stdlib.get_logger("detectors")


async def run_detecting(bus: Bus) -> None:
    """Run the detectors on events as they come, until cancelled."""
    while True:
        unfinished = False
        with Guarded(_log, "detectors failed, try again"):
            if await has_news():
                report = await run_detectors(bus)
                unfinished = report.is_unfinished
                if report.refused:
                    _log.warning(
                        "facts left out", **{reason.lower(): count for reason, count in report.refused.items()}
                    )
                for anomaly in report.anomalies:
                    _log.warning("anomaly found", kind=anomaly.kind, severity=anomaly.severity, id=str(anomaly.id))
        if not unfinished:
            await asyncio.sleep(LOOK_SECONDS)
