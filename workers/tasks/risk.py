"""What risk management has to finish whatever dies."""

from domain.orders.halting import finish_halts
from domain.system.types import Result
from workers.tasks.context import TaskContext


async def sweep_risk(run: TaskContext) -> Result:
    """Cancel what halts were to cancel; how many halts were not done with."""
    return {"halts": await finish_halts(run.services.bus)}
