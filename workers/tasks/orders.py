"""Order tasks for the time when no engine runs."""

import structlog

from adapters.database.leases import RoleTaken, hold_lease
from domain.kernel.lease_queries import LeaseLost
from domain.orders.exchange.paper import PAPER
from domain.orders.protection.late_commands import report_late_commands
from domain.orders.protection.timers import fire_due_timers
from domain.orders.reading.overdue_queries import read_overdue
from domain.system.types import Result
from workers.tasks.context import TaskContext
from workers.venue import ROLE, PaperVenueLoop

_log = structlog.stdlib.get_logger("tasks")


async def end_overdue_orders(run: TaskContext) -> Result:
    """Expire orders of the paper venue whose time was over a minute ago, if no engine plays that venue.

    Orders of a real exchange are ended by the exchange. The next engine finds these orders ended.
    """
    services = run.services
    overdue = await read_overdue(PAPER)
    if not overdue:
        return {"overdue": 0, "expired": 0}
    expired = 0
    try:
        async with hold_lease(services.settings.database_url, ROLE, wait=False) as lease:
            router = PaperVenueLoop(services.bus, services.market, services.ticks, lease)
            expired = await router.end_overdue([order.id for order in overdue if order.unsent])
        _log.warning("orders expired without an engine", orders=expired)
    except RoleTaken:
        _log.info("orders are overdue, an engine is running", orders=len(overdue))
    except LeaseLost as lost:
        if lost.args != (ROLE,):
            raise
    return {"overdue": len(overdue), "expired": expired}


async def check_late_commands(run: TaskContext) -> Result:
    """Raise events about venues that do not take their commands."""
    return {"venues": await report_late_commands(run.services.bus)}


async def fire_cancel_timers(run: TaskContext) -> Result:
    """Fire the cancel timers that are due; a running engine does so earlier."""
    fired = 0
    while count := await fire_due_timers(run.services.bus):
        fired += count
    if fired:
        _log.warning("cancel timers fired without an engine", accounts=fired)
    return {"accounts": fired}
