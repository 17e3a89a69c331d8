"""Tasks that store the history of accounts and positions.

A value is always of the moment of the run, however late it is: a missed sample cannot be caught up.
"""

from adapters.database.archives import ArchiveDamaged, FolderArchive
from domain.kernel.time import utc_now
from domain.positions.history import sample_equity, snapshot_positions
from domain.system import month_tables
from domain.system.month_tables import ArchiveDisagrees, Kept
from domain.system.types import Result
from workers.tasks.context import TaskContext, TaskFailure


async def sample_accounts(run: TaskContext) -> Result:
    """Sample the equity of every account that is not closed; returns their number."""
    return {"accounts": await sample_equity(run.services.bus, run.services.market, utc_now())}


async def snapshot_accounts(run: TaskContext) -> Result:
    """Store the positions of every account that is not closed; returns their number."""
    return {"accounts": await snapshot_positions(run.services.bus, run.services.market, utc_now())}


async def keep_months(run: TaskContext) -> Result:
    """Make the partitions of coming months, and archive and drop old ones; returns their numbers.

    Raises:
        TaskFailure: an archive is not what it should be; what it was to hold was not dropped.
    """
    settings = run.services.settings
    kept = Kept(settings.keep_history_days, settings.keep_bars_days, settings.keep_events_days)
    try:
        return dict(await month_tables.keep_months(run.services.bus, run.due, kept, FolderArchive(settings.archive)))
    except (ArchiveDamaged, ArchiveDisagrees) as error:
        raise TaskFailure(f"The event log's archive: {error}.", {}) from error
