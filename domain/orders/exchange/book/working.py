"""Open orders inside the exchange: the only mutable form of an order, with its queues."""

from collections.abc import Hashable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.orders.exchange.book.ladder import Ladder
from domain.orders.exchange.book.market import Reference, reference_for
from domain.orders.exchange.types import OPEN_STATUSES, OrderState
from domain.orders.model.order_types import CONDITIONAL, LIMIT_ONCE_TRIGGERED, TOUCH_TRIGGERED, TRAILING
from domain.orders.model.types import CLOSING, Side


class WorkingOrder:
    """The current state of one order; ``terms`` are its original terms. ``waits`` lists its ladders.

    ``closes``: it can only reduce a position (in a hedging account, the opposite leg), and is cut to that.
    """

    __slots__ = (
        "activated",
        "anchor",
        "closes",
        "expires_at",
        "filled",
        "fills",
        "id",
        "limit",
        "quantity",
        "reference",
        "sequence",
        "side",
        "status",
        "stop",
        "terms",
        "trailing_offset",
        "triggered",
        "waits",
    )

    def __init__(self, state: OrderState) -> None:
        order = state.order
        self.terms = order
        self.id: Hashable = order.id
        self.side = order.side
        self.closes = order.reduce_only or order.position_effect in CLOSING
        self.reference: Reference = reference_for(order.side, order.trigger_price)
        self.quantity = order.quantity
        self.limit = order.limit_price
        self.stop = order.stop_price
        self.trailing_offset = order.trailing_offset
        self.expires_at = order.expires_at
        self.status = state.status
        self.filled = state.filled_quantity
        self.fills = state.fills
        self.triggered = state.triggered
        self.activated = state.activated
        self.sequence = state.sequence
        # The most favourable price at which the trail was last computed: nothing less favourable can move it.
        self.anchor: Decimal | None = None
        self.waits: list[tuple[Ladder[Any, WorkingOrder], Any]] = []

    def state(self) -> OrderState:
        """A frozen copy to restore from."""
        order = replace(
            self.terms,
            quantity=self.quantity,
            limit_price=self.limit,
            stop_price=self.stop,
            trailing_offset=self.trailing_offset,
            expires_at=self.expires_at,
        )
        return OrderState(
            order=order,
            status=self.status,
            filled_quantity=self.filled,
            fills=self.fills,
            triggered=self.triggered,
            activated=self.activated,
            sequence=self.sequence,
        )

    @property
    def remaining(self) -> Decimal:
        """The unfilled quantity."""
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        """True if it can still fill or change."""
        return self.status in OPEN_STATUSES

    @property
    def is_buy(self) -> bool:
        """True if it buys."""
        return self.side is Side.BUY

    @property
    def is_trailing(self) -> bool:
        """True for the trailing types."""
        return self.terms.type in TRAILING

    @property
    def is_conditional(self) -> bool:
        """True if it has a stop or a touch condition."""
        return self.terms.type in CONDITIONAL

    @property
    def waits_for_touch(self) -> bool:
        """True if its condition is a touch (the price moves in its favour), not a stop."""
        return self.terms.type in TOUCH_TRIGGERED

    @property
    def becomes_limit(self) -> bool:
        """True if it becomes a limit order when triggered, not a market order."""
        return self.terms.type in LIMIT_ONCE_TRIGGERED

    @property
    def rests_at_limit(self) -> bool:
        """True if it is a plain limit order now."""
        if self.is_conditional:
            return self.triggered and self.becomes_limit
        return self.limit is not None
