"""The check of real venues' condition. Only the engine asks venues: it alone holds their connections."""

from domain.orders.venues.queries import read_condition
from domain.system.types import Json, Result
from workers.tasks.context import TaskContext, TaskFailure


async def compare_venues(run: TaskContext) -> Result:  # noqa: ARG001  needs no more than the database
    """Report differences of venues' books from ours, and unanswered requests.

    Raises:
        TaskFailure: there are differences.
    """
    condition = await read_condition()
    found: dict[str, Json] = {
        "differences": {f"{venue} {kind}": count for (venue, kind), count in condition.differences.items()},
        "unanswered": {f"{venue} {kind}": count for (venue, kind), count in condition.unanswered.items()},
    }
    if condition.differences:
        venues = sorted({venue for venue, _ in condition.differences})
        raise TaskFailure(f"The books of these venues differ from the platform's: {', '.join(venues)}.", found)
    return found
