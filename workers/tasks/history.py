"""Tasks that store the history of accounts and positions.

A value is always of the moment of the run, however late it is: a missed sample cannot be caught up.
"""

from domain.kernel.time import utc_now
from domain.positions.history import keep_history, sample_equity, snapshot_positions
from domain.system.types import Result
from workers.tasks.context import TaskContext


async def sample_accounts(run: TaskContext) -> Result:
    """Sample the equity of every account that is not closed; returns their number."""
    return {"accounts": await sample_equity(run.services.bus, run.services.market, utc_now())}


async def snapshot_accounts(run: TaskContext) -> Result:
    """Store the positions of every account that is not closed; returns their number."""
    return {"accounts": await snapshot_positions(run.services.bus, run.services.market, utc_now())}


async def keep_months(run: TaskContext) -> Result:
    """Make the partitions of coming months and drop old ones; returns both numbers."""
    return {"changed": await keep_history(run.services.bus, run.due)}
