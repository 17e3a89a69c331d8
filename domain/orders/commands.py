"""What clients ask of orders, as values."""

import hashlib
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.kernel.numbers import plain
from domain.orders.types import OffsetKind, OrderType, PositionEffect, Side, TimeInForce, TriggerPrice


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """A new order. ``client_order_id`` makes a retry safe; without one the server gives one."""

    account_id: UUID
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    client_order_id: str | None = None
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
    strategy: str | None = None
    tags: tuple[str, ...] = ()


_DIGESTED = tuple(item.name for item in fields(PlaceOrder) if item.name not in ("account_id", "client_order_id"))


def request_digest(command: PlaceOrder) -> bytes:
    """Sixteen bytes that tell whether two commands ask for the same; numbers compare by value."""
    parts = []
    for name in _DIGESTED:
        value = getattr(command, name)
        parts.append(plain(value) if isinstance(value, Decimal) else repr(value))
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class OrderKey:
    """How a client names an order: by our id, or by its own within an account."""

    id: UUID | None = None
    account_id: UUID | None = None
    client_order_id: str | None = None
