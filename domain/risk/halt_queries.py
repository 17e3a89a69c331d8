"""Begin and end of the cancels that follow a trading halt.

SQL: the database's clock decides, which all processes share.
"""

from datetime import datetime, timedelta
from uuid import UUID

from domain.kernel.unit_of_work import UnitOfWork

# An order may be decided on before a halt and be committed after it, but not this much later.
_IN_FLIGHT = timedelta(seconds=30)


async def begin_cancels(work: UnitOfWork, halt_id: UUID) -> datetime:
    """The time up to which orders are cancelled by the halt: the moment at which its cancels first began."""
    row = await work.fetch_row(
        "UPDATE trading_halts SET cancels_before = coalesce(cancels_before, clock_timestamp()) WHERE id = $1 "
        "RETURNING cancels_before",
        halt_id,
    )
    assert row is not None
    before: datetime = row["cancels_before"]
    return before


async def end_cancels(work: UnitOfWork, halt_id: UUID) -> None:
    """Mark the cancels as done, once no transaction can be open that did not see the halt."""
    await work.execute(
        "UPDATE trading_halts SET cancels_done = true WHERE id = $1 "
        "AND cancels_before < clock_timestamp() - $2::interval",
        halt_id,
        _IN_FLIGHT,
    )
