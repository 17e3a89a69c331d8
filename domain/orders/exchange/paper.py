"""The paper venue, pure: one exchange per instrument; ticks and commands in, reports out.

Its state can always be loaded again: ``restore`` re-arms it from stored orders, positions and quotes.
"""

from collections.abc import Iterable, Mapping

from domain.kernel.time import Nanos
from domain.market.clocks import USUAL_BOUNDS, ClockBounds
from domain.market.types import Instrument
from domain.orders.exchange.exchange import Exchange
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.instrument_books import InstrumentBooks, StoredPosition, exchange_order
from domain.orders.exchange.types import OrderState
from domain.orders.model.order import Order
from domain.orders.model.types import OrderStatus

# The venue's name, as accounts give it.
PAPER = "paper"


class PaperVenue:
    """The paper exchange of every instrument: ``books``."""

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        bounds: ClockBounds = USUAL_BOUNDS,
    ) -> None:
        self.books = InstrumentBooks(instruments, lambda instrument: Exchange(instrument.tick_size), bounds)

    def restore(
        self, orders: Iterable[Order], positions: Iterable[StoredPosition], wall: Nanos
    ) -> list[ExecutionReport]:
        """Re-arm open orders and positions from stored state, and report work that is due at once."""
        for position in positions:
            self.books.hold(position)
        known = list(orders)
        # What was not submitted yet is not the venue's, nor are the exits that wait for such an entry.
        not_here = {order.id for order in known if order.status is OrderStatus.PENDING_NEW}
        for order in known:
            exchange = self.books.find(order.symbol)
            if exchange is not None and order.id not in not_here and order.parent_id not in not_here:
                exchange.restore(order_state(order))
        return self.books.resume(wall)


def order_state(order: Order) -> OrderState:
    """The exchange state of a stored order, to re-arm it."""
    return OrderState(
        order=exchange_order(order),
        status=order.status,
        filled_quantity=order.filled_quantity,
        fills=order.execution_count,
        triggered=order.triggered_at is not None,
        activated=order.activated,
        sequence=order.venue_sequence,
    )
