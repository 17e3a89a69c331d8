"""Small words for the exchange's tests: orders, ticks and what reports say, with numbers as text."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from domain.kernel.time import Nanos
from domain.market.types import BookTick, QuoteTick, TradeTick
from domain.orders.exchange import (
    Accepted,
    Canceled,
    CancelRejected,
    Exchange,
    ExecutionReport,
    Expired,
    Filled,
    Held,
    Order,
    Rejected,
    Released,
    Replaced,
    ReplaceRejected,
    Restated,
    TrailMoved,
    Triggered,
)
from domain.orders.model.types import Contingency, OrderType, Side

NUMBERS = (
    "quantity",
    "limit_price",
    "stop_price",
    "trailing_offset",
    "limit_offset",
    "activation_price",
)
ACCOUNT = "acc"


def order(name: str, side: Side, kind: OrderType, quantity: str, **terms: Any) -> Order:
    """An order; numbers as text."""
    values = {key: Decimal(value) if key in NUMBERS else value for key, value in terms.items()}
    return Order(id=name, side=side, type=kind, quantity=Decimal(quantity), **({"account": ACCOUNT} | values))


def buy(name: str, kind: OrderType, quantity: str, **terms: Any) -> Order:
    return order(name, Side.BUY, kind, quantity, **terms)


def sell(name: str, kind: OrderType, quantity: str, **terms: Any) -> Order:
    return order(name, Side.SELL, kind, quantity, **terms)


def quote(
    at: int, bid: str | None, ask: str | None, bid_size: str | None = "10", ask_size: str | None = "10"
) -> QuoteTick:
    """Best prices, by default with a size of ten on both sides."""
    bid_price, ask_price, bid_amount, ask_amount = (
        None if text is None else Decimal(text) for text in (bid, ask, bid_size, ask_size)
    )
    return QuoteTick("X", Nanos(at), bid_price, ask_price, bid_amount, ask_amount)


def trade(at: int, price: str, size: str = "10") -> TradeTick:
    return TradeTick("X", Nanos(at), Decimal(price), Decimal(size))


def book(
    at: int, bids: Iterable[tuple[str, str]], asks: Iterable[tuple[str, str]], *, snapshot: bool = True
) -> BookTick:
    sides = (tuple((Decimal(price), Decimal(size)) for price, size in side) for side in (bids, asks))
    return BookTick("X", Nanos(at), snapshot, *sides)


def exchange(*ticks: QuoteTick | TradeTick | BookTick, tick_size: str = "0.1") -> Exchange:
    """An exchange that has seen these ticks."""
    made = Exchange(Decimal(tick_size))
    for tick in ticks:
        made.on_tick(tick)
    return made


def bracket(entry: Order, *, take_profit: str | None = None, stop_loss: str | None = None) -> list[Order]:
    """The orders of a bracket: exits named tp and sl."""
    orders = [replace(entry, contingency=Contingency.OTO, group="g")]
    exit_terms = {"side": entry.side.opposite, "contingency": Contingency.OUO, "group": "g", "reduce_only": True}
    if take_profit is not None:
        orders.append(
            Order(
                id="tp",
                account=entry.account,
                type=OrderType.LIMIT,
                quantity=entry.quantity,
                limit_price=Decimal(take_profit),
                **exit_terms,
            )
        )
    if stop_loss is not None:
        orders.append(
            Order(
                id="sl",
                account=entry.account,
                type=OrderType.STOP,
                quantity=entry.quantity,
                stop_price=Decimal(stop_loss),
                **exit_terms,
            )
        )
    return orders


def oco(first: Order, second: Order) -> list[Order]:
    return [replace(leg, contingency=Contingency.OCO, group="oco") for leg in (first, second)]


def _said(report: ExecutionReport) -> str:
    match report:
        case Filled():
            return f"{report.quantity} @ {report.price} {report.liquidity}"
        case Accepted():
            return f"quantity {report.quantity} limit {report.limit_price} stop {report.stop_price}"
        case Rejected():
            return str(report.reason)
        case Canceled():
            return str(report.reason)
        case Released():
            return f"quantity {report.quantity}"
        case Restated():
            return f"quantity {report.quantity} limit {report.limit_price} {report.reason}"
        case Replaced():
            return f"quantity {report.quantity} limit {report.limit_price} stop {report.stop_price}"
        case ReplaceRejected():
            return f"{report.reason}: {report.message}"
        case CancelRejected():
            return report.message
        case TrailMoved():
            return f"stop {report.stop_price} limit {report.limit_price}"
        case Triggered():
            return f"at {report.price}"
        case Held() | Expired():
            return ""
    raise AssertionError(report)


def said(reports: Iterable[ExecutionReport]) -> list[str]:
    """Reports as short lines: order, event, figures."""
    return [f"{report.order_id} {type(report).__name__} {_said(report)}".rstrip() for report in reports]


def fills(reports: Iterable[ExecutionReport]) -> list[str]:
    """The executions among reports."""
    return [line.replace(" Filled ", " ") for line in said(report for report in reports if isinstance(report, Filled))]
