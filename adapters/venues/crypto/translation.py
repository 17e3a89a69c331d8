"""Translation of orders and executions between our types and ccxt's; pure. Numbers are exact on both sides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.venues.crypto.exact_numbers import exact, exact_or_none, exact_or_zero
from domain.kernel.numbers import ZERO, plain
from domain.kernel.time import Nanos
from domain.orders.model.types import Liquidity, OrderStatus, OrderType, Side
from domain.orders.venues.types import NewOrder, VenueExecution, VenueOrder, order_id_of

NANOS_PER_MILLISECOND = 1_000_000
_ENDS = {
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}
_WORKING = ("open", "canceling")

Raw = Mapping[str, Any]
Names = Callable[[str], str]


class Unreadable(ValueError):
    """An exchange's data about an order cannot be read."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The arguments of ccxt's ``create_order`` after the symbol."""

    type: str
    side: str
    amount: str
    price: str | None
    params: dict[str, Any]


def submission(order: NewOrder) -> Submission:
    """A new order in ccxt's form."""
    params: dict[str, Any] = {"clientOrderId": order.client_order_id}
    is_limit = order.type is OrderType.LIMIT
    if is_limit and order.post_only:
        # An order that must not take has no time in force beside it.
        params["postOnly"] = True
    elif is_limit:
        params["timeInForce"] = order.time_in_force.value
    return Submission(
        "limit" if is_limit else "market",
        order.side.value.lower(),
        plain(order.quantity),
        plain(order.limit_price) if is_limit and order.limit_price is not None else None,
        params,
    )


def venue_order(raw: Raw, ours: Names, client_order_id: str | None = None) -> VenueOrder:
    """An order from ccxt's form. ``client_order_id`` is given where the exchange's answer names another.

    Raises:
        ValueError: something that matters is missing or unreadable.
    """
    # Zero is how some say nothing.
    filled, quantity = exact_or_zero(raw["filled"]), exact_or_none(raw["amount"]) or None
    named = client_order_id or raw["clientOrderId"]
    return VenueOrder(
        client_order_id=named if order_id_of(named) is not None else None,
        venue_order_id=venue_order_id(raw, "id"),
        symbol=ours(_text(raw, "symbol")),
        side=_side(raw),
        status=_status(raw["status"], filled, quantity),
        filled_quantity=filled,
        at=_time(raw, "lastUpdateTimestamp", "lastTradeTimestamp", "timestamp"),
        quantity=quantity,
        # ccxt fills a market order's price with its average.
        limit_price=(exact_or_none(raw["price"]) or None) if raw["type"] != "market" else None,
    )


def _status(word: object, filled: Any, quantity: Any) -> OrderStatus:
    if word in _WORKING:
        return OrderStatus.PARTIALLY_FILLED if filled > ZERO else OrderStatus.NEW
    if word == "closed":
        # Some say so of what ended without being filled whole.
        return OrderStatus.FILLED if quantity is None or filled >= quantity else OrderStatus.CANCELED
    end = _ENDS.get(word) if isinstance(word, str) else None
    if end is None:
        raise Unreadable("an order's status is unknown")
    return end


def venue_execution(raw: Raw, ours: Names, client_order_id: str | None) -> VenueExecution:
    """A fill from ccxt's form.

    Raises:
        ValueError: something that matters is missing or unreadable.
    """
    fee = raw["fee"] or {}
    cost, currency = exact_or_none(fee.get("cost")), fee.get("currency")
    known = cost is not None and currency is not None
    return VenueExecution(
        client_order_id=client_order_id if order_id_of(client_order_id) is not None else None,
        venue_order_id=venue_order_id(raw, "order") if raw["order"] is not None else None,
        venue_execution_id=_text(raw, "id"),
        symbol=ours(_text(raw, "symbol")),
        side=_side(raw),
        price=exact(raw["price"]),
        quantity=exact(raw["amount"]),
        liquidity=Liquidity.MAKER if raw["takerOrMaker"] == "maker" else Liquidity.TAKER,
        at=_time(raw, "timestamp"),
        fee=cost if known else None,
        fee_currency=currency if known else None,
    )


def venue_order_id(raw: Raw, name: str) -> str:
    """The exchange's id of an order, with its symbol, because some exchanges number each symbol's orders separately."""
    return f"{_text(raw, 'symbol')}:{_text(raw, name)}"


def _side(raw: Raw) -> Side:
    return Side(_text(raw, "side").upper())


def _text(raw: Raw, name: str) -> str:
    value = raw[name]
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{name} is missing")
    return value


def _time(raw: Raw, *names: str) -> Nanos:
    for name in names:
        if raw.get(name) is not None:
            return Nanos(int(raw[name]) * NANOS_PER_MILLISECOND)
    raise Unreadable("a time is missing")
