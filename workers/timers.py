"""The role that fires cancel timers: it looks several times a second, which bounds their delay."""

import asyncio
from collections.abc import Callable

import structlog

from domain.kernel.bus import Bus
from domain.kernel.errors import Unavailable
from domain.orders.protection.timers import fire_due_timers

LOOK_SECONDS = 0.25
_log = structlog.stdlib.get_logger("timers")


async def run_timers(bus: Bus, progressed: Callable[[], None] = lambda: None) -> None:
    """Fire due timers until cancelled; calls ``progressed`` each time."""
    while True:
        progressed()
        try:
            fired = await fire_due_timers(bus)
        except Unavailable as error:
            _log.warning("timers cannot be read", error=str(error), seldom=True)
            fired = 0
        if fired:
            _log.warning("cancel timers fired", accounts=fired)
            continue
        await asyncio.sleep(LOOK_SECONDS)
