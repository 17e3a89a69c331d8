"""The exchange behind the dialect: orders, trades and balances of one account, matched only as the test says.

A new order that crosses the standing quote trades at once, at the touch and up to its size; what rests is filled by
``fill``. Each change is an event for the user's stream, as text of the dialect.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
FEE_RATE = Decimal("0.001")
OPEN = ("NEW", "PARTIALLY_FILLED")


class Refusal(Exception):
    """A refusal by the exchange: its code and its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Market:
    """One symbol's terms and its current quote; trades reduce the quote's sizes."""

    symbol: str
    base: str
    quote: str
    tick: Decimal = Decimal("0.01")
    step: Decimal = Decimal("0.00001")
    min_notional: Decimal = Decimal(5)
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal = ZERO
    ask_size: Decimal = ZERO


@dataclass
class Trade:
    """One fill of an order of ours."""

    id: int
    order: "Order"
    price: Decimal
    quantity: Decimal
    maker: bool
    at: int
    fee_asset: str | None = None

    @property
    def commission(self) -> tuple[Decimal, str]:
        """The fee asset: the received asset unless given."""
        market = self.order.market
        if self.fee_asset is not None:
            return self.quantity * self.price * FEE_RATE, self.fee_asset
        if self.order.side == "BUY":
            return self.quantity * FEE_RATE, market.base
        return self.quantity * self.price * FEE_RATE, market.quote


@dataclass
class Order:
    """An order as the exchange holds it."""

    id: int
    client_id: str
    market: Market
    side: str
    type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal
    at: int
    status: str = "NEW"
    filled: Decimal = ZERO
    value: Decimal = ZERO
    trades: list[Trade] = field(default_factory=list)
    amended_at: int = 0

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.filled


class Book:
    """The state of the exchange. ``publish`` gets each event of the user's stream."""

    def __init__(self, clock: Callable[[], int], publish: Callable[[dict[str, Any]], None]) -> None:
        self.clock = clock
        self.publish = publish
        self.markets: dict[str, Market] = {}
        self.orders: dict[int, Order] = {}
        self.balances: dict[str, Decimal] = {}
        # What fees are paid in, if not in what was received.
        self.fee_asset: str | None = None
        self._number = 1_000
        self._trade = 70_000

    def market(self, symbol: str) -> Market:
        if symbol not in self.markets:
            raise Refusal(-1121, "Invalid symbol.")
        return self.markets[symbol]

    def find(self, market: Market, order_id: str | None, client_id: str | None) -> Order:
        """The newest order of an id."""
        for order in sorted(self.orders.values(), key=lambda each: -each.id):
            named = str(order.id) == order_id if order_id else order.client_id == client_id
            if order.market is market and named:
                return order
        raise Refusal(-2013, "Order does not exist.")

    def place(self, order: Order) -> Order:
        """Accept an order and execute it where it crosses the quote."""
        self._check(order)
        self._number += 1
        order.id, order.at = self._number, self.clock()
        self.orders[order.id] = order
        self.publish(report(order, "NEW", self.clock()))
        market = order.market
        touch, size = (market.ask, market.ask_size) if order.side == "BUY" else (market.bid, market.bid_size)
        quantity = min(order.quantity, size) if self._crosses(order, touch) else ZERO
        if order.time_in_force == "FOK" and quantity < order.quantity:
            quantity = ZERO
        if quantity > ZERO and touch is not None:
            if order.side == "BUY":
                market.ask_size -= quantity
            else:
                market.bid_size -= quantity
            self.fill(order, quantity, touch, maker=False)
        if order.is_open and (order.type == "MARKET" or order.time_in_force in ("IOC", "FOK")):
            order.status = "EXPIRED"
            self.publish(report(order, "EXPIRED", self.clock()))
        return order

    def _crosses(self, order: Order, touch: Decimal | None) -> bool:
        if touch is None:
            return False
        if order.type == "MARKET":
            return True
        return touch <= order.price if order.side == "BUY" else touch >= order.price

    def _check(self, order: Order) -> None:
        market = order.market
        if order.quantity <= ZERO or order.quantity % market.step:
            raise Refusal(-1013, "Filter failure: LOT_SIZE")
        if order.type != "MARKET" and (order.price <= ZERO or order.price % market.tick):
            raise Refusal(-1013, "Filter failure: PRICE_FILTER")
        touch = market.ask if order.side == "BUY" else market.bid
        price = order.price if order.type != "MARKET" else touch
        if price is not None and price * order.quantity < market.min_notional:
            raise Refusal(-1013, "Filter failure: NOTIONAL")
        if any(each.is_open and each.client_id == order.client_id for each in self.orders.values()):
            raise Refusal(-2010, "Duplicate order sent.")
        if order.type == "LIMIT_MAKER" and self._crosses(order, touch):
            raise Refusal(-2010, "Order would immediately match and take.")
        needed, asset = (
            ((price or ZERO) * order.quantity, market.quote) if order.side == "BUY" else (order.quantity, market.base)
        )
        if needed > self.balances.get(asset, ZERO) - self.locked(asset):
            raise Refusal(-2010, "Account has insufficient balance for requested action.")

    def locked(self, asset: str) -> Decimal:
        """The amount of an asset that open orders lock."""
        held = ZERO
        for order in self.orders.values():
            if order.is_open and order.side == "BUY" and order.market.quote == asset:
                held += order.remaining * order.price
            elif order.is_open and order.side == "SELL" and order.market.base == asset:
                held += order.remaining
        return held

    def fill(self, order: Order, quantity: Decimal, price: Decimal, *, maker: bool = True) -> Trade:
        """Execute a part of an open order."""
        assert order.is_open
        assert quantity <= order.remaining
        self._trade += 1
        trade = Trade(self._trade, order, price, quantity, maker, self.clock(), self.fee_asset)
        order.trades.append(trade)
        order.filled += quantity
        order.value += quantity * price
        order.status = "FILLED" if order.filled == order.quantity else "PARTIALLY_FILLED"
        sign = 1 if order.side == "BUY" else -1
        self._credit(order.market.base, sign * quantity)
        self._credit(order.market.quote, -sign * quantity * price)
        commission, asset = trade.commission
        self._credit(asset, -commission)
        self.publish(report(order, "TRADE", self.clock(), trade))
        return trade

    def cancel(self, order: Order) -> Order:
        """End an open order."""
        if not order.is_open:
            raise Refusal(-2011, "Unknown order sent.")
        order.status = "CANCELED"
        self.publish(report(order, "CANCELED", self.clock()))
        return order

    def amend(self, order: Order, quantity: Decimal) -> None:
        """Reduce an open order, which keeps its place."""
        order.quantity, order.amended_at = quantity, self.clock()
        self.publish(report(order, "REPLACED", order.amended_at))

    def _credit(self, asset: str, amount: Decimal) -> None:
        self.balances[asset] = self.balances.get(asset, ZERO) + amount


def eight(number: Decimal) -> str:
    """A number as the exchange writes it."""
    return f"{number:.8f}"


def report(order: Order, kind: str, now: int, trade: Trade | None = None) -> dict[str, Any]:
    """An ``executionReport`` of the user's stream."""
    commission, asset = trade.commission if trade else (ZERO, None)
    return {
        "e": "executionReport",
        "E": now,
        "s": order.market.symbol,
        "c": order.client_id if kind != "CANCELED" else f"cancel-{order.id}",
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": eight(order.quantity),
        "p": eight(order.price),
        "P": eight(ZERO),
        "F": eight(ZERO),
        "g": -1,
        "C": order.client_id if kind == "CANCELED" else "",
        "x": kind,
        "X": order.status if kind != "NEW" else "NEW",
        "r": "NONE",
        "i": order.id,
        "l": eight(trade.quantity if trade else ZERO),
        "z": eight(order.filled),
        "L": eight(trade.price if trade else ZERO),
        "n": eight(commission),
        "N": asset,
        "T": trade.at if trade else now,
        "t": trade.id if trade else -1,
        "I": 1,
        "w": order.is_open,
        "m": trade.maker if trade else False,
        "M": False,
        "O": order.at,
        "Z": eight(order.value),
        "Y": eight(trade.quantity * trade.price if trade else ZERO),
        "Q": eight(ZERO),
    }


def order_row(order: Order) -> dict[str, Any]:
    """An order as REST gives it."""
    return {
        "symbol": order.market.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client_id,
        "price": eight(order.price),
        "origQty": eight(order.quantity),
        "executedQty": eight(order.filled),
        "cummulativeQuoteQty": eight(order.value),
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": eight(ZERO),
        "icebergQty": eight(ZERO),
        "time": order.at,
        "updateTime": max(order.trades[-1].at if order.trades else order.at, order.amended_at),
        "isWorking": order.is_open,
        "origQuoteOrderQty": eight(ZERO),
        "workingTime": order.at,
        "selfTradePreventionMode": "NONE",
    }


def trade_row(trade: Trade) -> dict[str, Any]:
    """A trade as ``myTrades`` gives it."""
    commission, asset = trade.commission
    return {
        "symbol": trade.order.market.symbol,
        "id": trade.id,
        "orderId": trade.order.id,
        "orderListId": -1,
        "price": eight(trade.price),
        "qty": eight(trade.quantity),
        "quoteQty": eight(trade.price * trade.quantity),
        "commission": eight(commission),
        "commissionAsset": asset,
        "time": trade.at,
        "isBuyer": trade.order.side == "BUY",
        "isMaker": trade.maker,
        "isBestMatch": True,
    }
