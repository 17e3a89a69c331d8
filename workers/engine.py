"""The engine: the roles that must be played once, each under a lease, in one process or in several.

A role that ends or loses its lease is started again; a process that does not hold the lease stands by and takes over
when the holder dies or stops making progress.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from adapters.database.clock import following_clock
from adapters.database.leases import HeldLease, hold_lease
from adapters.settings.loading import Settings
from adapters.venues.registry import ConfiguredVenue
from adapters.wiring import ProcessServices, open_services
from domain.kernel.concurrency import end_tasks, run_until_one_ends
from domain.kernel.lease_queries import LeaseLost, check_lease
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import RESTART
from domain.kernel.supervision import Guarded
from domain.kernel.tracing import Tracing
from domain.kernel.unit_of_work import Fence, fenced
from domain.orders.venues.port import VenueUnavailable
from workers.feed import run_feed
from workers.fix.acceptor import ROLE as FIX_ROLE
from workers.fix.acceptor import run_acceptor
from workers.metrics import EngineMetrics
from workers.monitor import ROLE as MONITOR_ROLE
from workers.monitor import Monitor
from workers.remote import RemoteVenueLoop
from workers.timers import run_timers
from workers.venue import ROLE as PAPER_ROLE
from workers.venue import PaperVenueLoop
from workers.venue_loop import role_of

_log = structlog.stdlib.get_logger("engine")

Play = Callable[[ProcessServices, HeldLease], Coroutine[Any, Any, None]]
# The lease that something needs which must be played once, and what it does.
Part = tuple[str, Play]


async def _feed(services: ProcessServices, lease: HeldLease) -> None:
    with fenced(_fence(lease)):
        await run_feed(
            services.settings.feed, services.market, services.ticks, services.bus, lease.progressed, lease.troubled
        )


async def _paper(services: ProcessServices, lease: HeldLease) -> None:
    tracing = services.order_context.tracing
    await PaperVenueLoop(services.bus, services.market, services.ticks, lease, tracing=tracing).run()


async def _remote(venue: ConfiguredVenue, services: ProcessServices, lease: HeldLease) -> None:
    async with venue.open(services.market) as opened:
        tracing = services.order_context.tracing
        await RemoteVenueLoop(opened, services.bus, services.market, services.ticks, lease, tracing=tracing).run()


async def _timers(services: ProcessServices, lease: HeldLease) -> None:
    with fenced(_fence(lease)):
        await run_timers(services.bus, lease.progressed)


def _fence(lease: HeldLease) -> Fence:
    """Fence roles whose writes do not prove the lease themselves, as those of venues do."""
    return lambda work: check_lease(work, lease.role, lease.epoch)


def _feeds(_services: ProcessServices) -> list[Part]:
    return [("feed", _feed)]


def _venues(services: ProcessServices) -> list[Part]:
    """Run each venue by itself: two engines may share them, and a failing one does not delay the others."""
    return [
        (PAPER_ROLE, _paper),
        *((role_of(name), partial(_remote, venue)) for name, venue in services.gateways.items()),
    ]


async def _monitor(services: ProcessServices, lease: HeldLease) -> None:
    with fenced(_fence(lease)):
        await Monitor(services, lease.progressed).run()


def _watch(_services: ProcessServices) -> list[Part]:
    return [(MONITOR_ROLE, _monitor)]


def _clocks(_services: ProcessServices) -> list[Part]:
    return [("timers", _timers)]


async def _fix(services: ProcessServices, lease: HeldLease) -> None:
    await run_acceptor(services, _fence(lease), lease.progressed)


def _order_entry(services: ProcessServices) -> list[Part]:
    return [(FIX_ROLE, _fix)] if services.settings.fix is not None else []


# The name of each role on the command line, and what it consists of.
ROLES: Mapping[str, Callable[[ProcessServices], list[Part]]] = {
    "feed": _feeds,
    "venue": _venues,
    "monitor": _watch,
    "timers": _clocks,
    "fix": _order_entry,
}


async def run_engine(
    settings: Settings, roles: Sequence[str] = tuple(ROLES), *, tracing: Tracing | None = None
) -> None:
    """Play ``roles`` until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    metrics = EngineMetrics()
    async with open_services(settings, tracing=tracing) as services, following_clock():
        parts = [part for name in roles for part in ROLES[name](services)]
        players = [asyncio.create_task(_play_forever(services, role, play, metrics)) for role, play in parts]
        players.append(asyncio.create_task(metrics.vital.watch(services.inspection.servers)))
        _log.info("engine ready", roles=list(roles))
        with metrics.told(settings):
            await stop.wait()
        await end_tasks(*players)
    _log.info("engine stopped")


async def _play_forever(services: ProcessServices, role: str, play: Play, metrics: EngineMetrics) -> None:
    backoff = Backoff(RESTART)
    while True:
        try:
            with Guarded(_log, "role failed, will retry", but=(LeaseLost, VenueUnavailable), role=role):
                async with hold_lease(services.settings.database_url, role) as lease:
                    with metrics.playing(role):
                        await _play_or_say_why(services, lease, play)
        except LeaseLost:
            _log.info("another process has the role now", role=role)
        except VenueUnavailable as error:
            _log.warning("venue cannot be opened, will retry", role=role, error=str(error), seldom=True)
        await backoff.wait()


async def _play_or_say_why(services: ProcessServices, lease: HeldLease, play: Play) -> None:
    try:
        await _play(services, lease, play)
    except VenueUnavailable as error:
        await lease.give_up(f"The venue cannot be opened: {error}")
        raise


async def _play(services: ProcessServices, lease: HeldLease, play: Play) -> None:
    """Play the role until it ends by itself or the lease is lost."""
    # Of a role that is told to stop nothing more is asked, whatever it stumbles over as it does.
    await run_until_one_ends(play(services, lease), lease.lost.wait())
