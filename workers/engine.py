"""The engine: the roles that must be played once, each under a lease, in one process or in several.

A role that ends or loses its lease is tried again; a process that is not the holder stands by and takes over when the
holder dies.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from adapters.leases import HeldLease, hold_lease
from adapters.settings import Settings
from adapters.wiring import Services, open_services
from domain.kernel.errors import Unavailable
from workers.feed import run_feed
from workers.timers import run_timers
from workers.venue import ROLE as PAPER_ROLE
from workers.venue import PaperRouter

_RETRY_SECONDS = 1.0
_log = structlog.stdlib.get_logger("engine")

Play = Callable[[Services, HeldLease], Awaitable[None]]


async def _feed(services: Services, _lease: HeldLease) -> None:
    await run_feed(services.settings.feed, services.market, services.ticks, services.bus)


async def _venue(services: Services, lease: HeldLease) -> None:
    await PaperRouter(services.bus, services.market, services.ticks, lease).run()


async def _timers(services: Services, _lease: HeldLease) -> None:
    await run_timers(services.bus)


# The name of each role on the command line, the lease that it needs, and what it does.
ROLES: Mapping[str, tuple[str, Play]] = {
    "feed": ("feed", _feed),
    "venue": (PAPER_ROLE, _venue),
    "timers": ("timers", _timers),
}


async def run_engine(settings: Settings, roles: Sequence[str] = tuple(ROLES)) -> None:
    """Play ``roles`` until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_services(settings) as services:
        players = [asyncio.create_task(_play_forever(services, name)) for name in roles]
        _log.info("engine ready", roles=list(roles))
        await stop.wait()
        for player in players:
            player.cancel()
        await asyncio.gather(*players, return_exceptions=True)
    _log.info("engine stopped")


async def _play_forever(services: Services, name: str) -> None:
    role, play = ROLES[name]
    while True:
        try:
            async with hold_lease(services.settings.database_url, role) as lease:
                await _play(services, lease, play)
        except Unavailable as error:
            _log.warning("role cannot be played, tries again", role=role, error=error.message)
        except Exception:  # noqa: BLE001  whatever it was, the role must be played again
            _log.exception("role failed", role=role)
        await asyncio.sleep(_RETRY_SECONDS)


async def _play(services: Services, lease: HeldLease, play: Play) -> None:
    """Play until the role ends by itself or the lease is lost."""
    playing = asyncio.ensure_future(play(services, lease))
    lost = asyncio.ensure_future(lease.lost.wait())
    try:
        await asyncio.wait({playing, lost}, return_when=asyncio.FIRST_COMPLETED)
        if playing.done():
            playing.result()
    finally:
        for task in (playing, lost):
            task.cancel()
        # Of a role that is told to stop nothing more is asked, whatever it stumbles over as it does.
        await asyncio.gather(playing, lost, return_exceptions=True)
