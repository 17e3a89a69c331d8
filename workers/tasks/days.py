"""The end of the platform's day."""

import structlog

from domain.kernel.time import utc_now
from domain.positions.day_roll import roll_accounts
from domain.system.types import Result
from workers.tasks.context import TaskContext

_log = structlog.stdlib.get_logger("tasks")


async def roll_day(run: TaskContext) -> Result:
    """Roll the accounts that the platform's last day roll has not reached; how many."""
    services = run.services
    rolled = await roll_accounts(services.bus, services.market, services.settings.day_roll, utc_now())
    if rolled:
        _log.info("day rolled", accounts=rolled)
    return {"accounts": rolled}
