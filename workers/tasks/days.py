"""The end of the platform's day, and the funding hours within it."""

from typing import cast

import structlog

from domain.kernel.time import utc_now
from domain.settlement.funding import post_due_funding
from domain.settlement.rolling import NotAllRolled, roll_days
from domain.system.types import Result
from workers.tasks.context import TaskContext, TaskFailure, Unfinished
from workers.tasks.slices import SLICE_SECONDS

_log = structlog.stdlib.get_logger("tasks")


async def roll_day(run: TaskContext) -> Result | Unfinished:
    """End the platform's days that are over, missed ones in order; returns the number of account rolls.

    Raises:
        TaskFailure: some accounts cannot be rolled.
    """
    services, before = run.services, cast("int", run.progress.get("accounts", 0))
    roll = services.settings.day_roll
    try:
        done = await roll_days(services.bus, services.market, roll, utc_now(), seconds=SLICE_SECONDS)
    except NotAllRolled as error:
        result = {"accounts": before + error.rolled, "failed": error.accounts}
        raise TaskFailure(f"{error.accounts} accounts failed in the day roll; see the log.", result) from error
    result = {"accounts": before + done.accounts}
    if not done.finished:
        return Unfinished(result)
    if result["accounts"]:
        _log.info("day rolled", **result)
    return result


async def pay_funding(run: TaskContext) -> Result:
    """Post the funding of past hours; returns the number of accounts."""
    services = run.services
    return {"accounts": await post_due_funding(services.bus, services.market, utc_now())}
