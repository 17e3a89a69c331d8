"""What accounts and positions are worth, kept as time goes by.

A value is that of the moment at which it is taken, however late a run is: what was missed cannot be made up for.
"""

from domain.kernel.time import utc_now
from domain.positions.history import keep_history, sample_equity, snapshot_positions
from domain.system.types import Result
from workers.tasks.context import TaskContext


async def sample_accounts(run: TaskContext) -> Result:
    """Sample the equity of every account that is not closed; how many."""
    return {"accounts": await sample_equity(run.services.bus, run.services.market, utc_now())}


async def snapshot_accounts(run: TaskContext) -> Result:
    """Keep the positions of every account that is not closed; how many accounts."""
    return {"accounts": await snapshot_positions(run.services.bus, run.services.market, utc_now())}


async def keep_months(run: TaskContext) -> Result:
    """Make the months ahead and drop the old ones; how many of both."""
    return {"changed": await keep_history(run.services.bus, run.due)}
