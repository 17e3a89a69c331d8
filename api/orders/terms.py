"""The terms of an order in the API: as input and as output.

Both have the fields of ``domain.orders.model.order.OrderTerms``; a test compares them.
"""

from datetime import datetime
from decimal import Decimal

import strawberry

from api.orders.enums import OffsetKind, OrderType, PositionEffect, Side, TimeInForce, TriggerPrice


@strawberry.input
class OrderTermsInput:
    """The terms of a new order."""

    side: Side
    type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    limit_offset: Decimal | None = None
    activation_price: Decimal | None = None
    trigger_price: TriggerPrice = TriggerPrice.BID_ASK
    time_in_force: TimeInForce = TimeInForce.DAY
    expires_at: datetime | None = None
    post_only: bool = False
    reduce_only: bool = False
    position_effect: PositionEffect = PositionEffect.AUTO


@strawberry.type
class OrderTermsView:
    """The present terms of an order: a part of the order, whose source is the order's."""

    side: Side
    type: OrderType
    time_in_force: TimeInForce
    position_effect: PositionEffect
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_offset: Decimal | None
    trailing_offset_kind: OffsetKind | None
    limit_offset: Decimal | None
    activation_price: Decimal | None
    trigger_price: TriggerPrice
    post_only: bool
    reduce_only: bool
    expires_at: datetime | None
