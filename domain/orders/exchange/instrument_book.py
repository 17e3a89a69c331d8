"""The book of one instrument at any kind of venue, as the venue's own code drives it. Pure."""

from collections.abc import Hashable, Sequence
from typing import Protocol

from domain.market.types import Instrument, QuoteTick, Tick
from domain.orders.exchange.execution_reports import ExecutionReport
from domain.orders.exchange.holdings import Holding
from domain.orders.exchange.types import Changes, Order, OrderState


class InstrumentBook(Protocol):
    """Commands and market events in, execution reports out; times are nanoseconds."""

    def __len__(self) -> int:
        """The number of open orders."""
        ...

    def order(self, order_id: Hashable) -> OrderState | None:
        """The state of an open order; None when it has ended or is unknown."""
        ...

    def submit_group(self, orders: Sequence[Order], at: int) -> list[ExecutionReport]:
        """Take an order, a bracket (the entry first) or an OCO."""
        ...

    def cancel(self, order_id: Hashable, at: int) -> list[ExecutionReport]:
        """Cancel an open order."""
        ...

    def replace(self, order_id: Hashable, changes: Changes, at: int) -> list[ExecutionReport]:
        """Change an open order."""
        ...

    def on_tick(self, tick: Tick) -> list[ExecutionReport]:
        """Process a market event."""
        ...

    def on_quote(self, tick: QuoteTick) -> list[ExecutionReport]:
        """Process new best prices."""
        ...

    def on_stale(self, tick: Tick) -> list[ExecutionReport]:
        """Process a market event that was too old when it came."""
        ...

    def on_clock(self, at: int) -> list[ExecutionReport]:
        """Expire what is due."""
        ...

    def resume(self, at: int) -> list[ExecutionReport]:
        """Do what is due at once, after all orders and positions are restored."""
        ...

    def holding(self, account: Hashable) -> Holding:
        """The position that reduce-only orders are cut to."""
        ...

    def set_holding(self, account: Hashable, holding: Holding) -> None:
        """Set an account's position."""
        ...

    def introduce(self, account: Hashable, *, hedging: bool, may_short: bool) -> None:
        """Set how an account keeps positions."""
        ...

    def set_instrument(self, instrument: Instrument) -> None:
        """Use newer terms of the instrument."""
        ...
