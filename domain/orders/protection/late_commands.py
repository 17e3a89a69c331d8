"""Risk events about venue commands that no router takes: one event per venue, until they are taken."""

from decimal import Decimal

from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.protection.unconfirmed_queries import LATE_SECONDS, LateCommands, read_late_commands
from domain.risk import event_queries
from domain.risk.events import raise_events
from domain.risk.types import RiskEventSource, RiskSignal, Severity

KIND = "COMMANDS_WAIT"
_PREFIX = "commands-wait:"


async def report_late_commands(bus: Bus) -> int:
    """Raise an event for each venue whose commands wait, and clear old ones; returns the number of such venues.

    Raises:
        Unavailable: the database cannot be reached.
    """
    late = await read_late_commands()
    signals = [_signal(each) for each in late]
    names = {signal.fingerprint for signal in signals}
    told = {name for name in await event_queries.read_going_on() if name.startswith(_PREFIX)}
    if names == told:
        return len(late)
    async with unit_of_work(bus) as work:
        await raise_events(work, signals)
        await event_queries.clear_events(work, told - names)
    return len(late)


def _signal(late: LateCommands) -> RiskSignal:
    return RiskSignal(
        source=RiskEventSource.MONITOR,
        kind=KIND,
        severity=Severity.CRITICAL,
        message=(
            f"{late.commands} commands for the venue {late.venue} have waited for up to {late.seconds} s: "
            "orders and cancels do not reach it. Check that an engine is running."
        ),
        observed=Decimal(late.seconds),
        limit=Decimal(LATE_SECONDS),
        fingerprint=f"{_PREFIX}{late.venue}",
    )
