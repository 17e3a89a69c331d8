"""Commands of clients on orders, as values."""

import hashlib
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

import orjson

from domain.kernel.numbers import plain
from domain.kernel.values import unguarded
from domain.orders.model.order import OrderChanges, OrderTerms
from domain.orders.model.types import CLOSING, OffsetKind, OrderType, PositionEffect, Side, TimeInForce
from domain.positions.types import PositionSide


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder(OrderTerms[datetime]):
    """A new order. ``client_order_id`` makes a retry safe; without one the server assigns one."""

    account_id: UUID
    symbol: str
    time_in_force: TimeInForce = TimeInForce.DAY
    client_order_id: str | None = None
    strategy: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def only_reduces(self) -> bool:
        """True if it may only reduce a position."""
        return self.reduce_only or self.position_effect in CLOSING


# The digests of stored orders were made of these fields in this order: it never changes.
_DIGESTED = (
    "symbol",
    "side",
    "type",
    "quantity",
    "limit_price",
    "stop_price",
    "trailing_offset",
    "trailing_offset_kind",
    "limit_offset",
    "activation_price",
    "trigger_price",
    "time_in_force",
    "expires_at",
    "post_only",
    "reduce_only",
    "position_effect",
    "strategy",
    "tags",
)
# Fields that came later are part of a digest where they are not at their default.
_DIGESTED_LATER = tuple(
    (item.name, item.default)
    for item in fields(PlaceOrder)
    if item.name not in (*_DIGESTED, "account_id", "client_order_id")
)
_digested = attrgetter(*_DIGESTED)


def request_digest(command: PlaceOrder) -> bytes:
    """Sixteen bytes that are equal for equal commands; numbers compare by value."""
    later = [[name, value] for name, default in _DIGESTED_LATER if (value := getattr(command, name)) != default]
    return hashlib.blake2b(orjson.dumps((*_digested(command), *later), default=_digest_part), digest_size=16).digest()


def _digest_part(value: object) -> str:
    # Times to the nanosecond are of a subclass, which orjson does not know.
    return plain(value) if isinstance(value, Decimal) else repr(value)


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """A request to close a position: all that can be closed, or ``quantity``.

    At market, or at ``limit_price`` or better.

    ``side`` is needed where a LONG and a SHORT are held. ``client_order_id`` makes a retry safe.
    """

    account_id: UUID
    symbol: str
    side: PositionSide | None = None
    quantity: Decimal | None = None
    limit_price: Decimal | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class CloseAllPositions:
    """A request to close everything that an account holds and can close, at market."""

    account_id: UUID


Closing = ClosePosition | CloseAllPositions


def closing_digest(command: ClosePosition) -> bytes:
    """Sixteen bytes that are equal for equal requests to close; never equal to those of an order."""
    text = "\x1f".join(
        ("closePosition", *map(_digest_part, (command.symbol, command.side, command.quantity, command.limit_price)))
    )
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


@unguarded
@dataclass(frozen=True, slots=True)
class OrderKey:
    """A client's reference to an order: our id, or its own id within an account."""

    id: UUID | None = None
    account_id: UUID | None = None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class CancelOrders:
    """A request to cancel all open orders of an account that match; None matches all."""

    account_id: UUID
    symbol: str | None = None
    side: Side | None = None
    strategy: str | None = None


@unguarded
@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyOrder(OrderChanges[datetime]):
    """A modification of an open order.

    With ``expected_version`` it is made only if the order is still at that version.
    """

    key: OrderKey = field(kw_only=False)
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class OrderLeg:
    """An exit of a bracket; account, symbol, side and quantity follow from its entry."""

    type: OrderType
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trailing_offset: Decimal | None = None
    trailing_offset_kind: OffsetKind = OffsetKind.PRICE
    limit_offset: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceBracket:
    """An entry with at least one exit that protects its fills."""

    entry: PlaceOrder
    take_profit: OrderLeg | None = None
    stop_loss: OrderLeg | None = None

    @property
    def legs(self) -> tuple[tuple[str, OrderLeg], ...]:
        """The given exits, by the API's names."""
        named = (("takeProfit", self.take_profit), ("stopLoss", self.stop_loss))
        return tuple((name, leg) for name, leg in named if leg is not None)


@dataclass(frozen=True, slots=True)
class PlaceOco:
    """Two orders of which at most one fills."""

    first: PlaceOrder
    second: PlaceOrder


def exit_command(entry: PlaceOrder, leg: OrderLeg) -> PlaceOrder:
    """The order of an exit: it closes only units that its entry opens."""
    return PlaceOrder(
        account_id=entry.account_id,
        symbol=entry.symbol,
        side=entry.side.opposite,
        quantity=entry.quantity,
        reduce_only=True,
        position_effect=PositionEffect.CLOSE,
        strategy=entry.strategy,
        tags=entry.tags,
        **{item.name: getattr(leg, item.name) for item in fields(OrderLeg)},
    )
