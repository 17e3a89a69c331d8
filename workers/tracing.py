"""Continues the traces of requests in the engine: one span for each fill, and one for each change of an order."""

from domain.kernel.errors import Unavailable
from domain.kernel.time import Nanos
from domain.kernel.tracing import Tracing
from domain.orders.books.venue_step import VenueStep
from domain.orders.trace_queries import read_traces


async def trace_step(tracing: Tracing, venue: str, step: VenueStep, began: Nanos) -> None:
    """Record a venue's step, which has been committed, for the orders that traced requests have placed.

    Traces are left out while the database is away.
    """
    if not step.orders:
        return
    try:
        traces = await read_traces(step.orders)
    except Unavailable:
        return
    for execution in step.executions:
        if execution.order_id in traces:
            said = {
                "order_id": str(execution.order_id),
                "execution_id": str(execution.id),
                "price": str(execution.price),
                "quantity": str(execution.quantity),
            }
            tracing.record("fill", traces[execution.order_id], began, _named(said | {"venue": venue}))
    for order in step.orders:
        if order.id in traces:
            said = {"order_id": str(order.id), "status": order.status.value, "venue": venue}
            tracing.record("event", traces[order.id], began, _named(said))


def _named(attributes: dict[str, str]) -> dict[str, str]:
    return {f"tradegraph.{name}": value for name, value in attributes.items()}
