"""Random markets and the orders of a random client, drawn from a seed."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.simulation.naive_exchange import Event, Levels

SYMBOL = "RANDOM.LAB"
TICKS = ("0.01", "1", "0.25", "0.05", "0.5", "0.001")
_START = "2024-01-01T00:"


@dataclass(frozen=True)
class Market:
    """A market as events and as the file that the simulator reads."""

    kind: str
    tick: Decimal
    events: tuple[Event, ...]

    def write(self, folder: Path) -> None:
        """Write the file, ``market.csv``."""
        with (folder / "market.csv").open("w", newline="") as file:
            csv.writer(file).writerows(_rows(self))


def moment(number: int, nanos: int = 0) -> str:
    """The time of an event by its number, or some nanoseconds later."""
    return f"{_START}{number // 60:02}:{number % 60:02}.{nanos:09}Z"


def random_market(draw: random.Random) -> Market:
    """A random walk on a grid of prices, which may lie around zero."""
    kind = draw.choice(("quotes", "trades", "book"))
    tick = Decimal(draw.choice(TICKS))
    middle = draw.choice((draw.randrange(400, 4000), draw.randrange(400, 4000), draw.randrange(-20, 20)))
    events = []
    for number in range(draw.choice((30, 120, 400))):
        middle += draw.choice((-6, -2, -1, -1, 0, 0, 0, 1, 1, 2, 6))
        if kind == "trades":
            bids = asks = _levels(draw, tick, middle, 1, 1)
        else:
            best_bid, best_ask = middle - draw.randrange(1, 3), middle + draw.randrange(3)
            depth = 1 if kind == "quotes" else draw.randrange(1, 5)
            bids = _levels(draw, tick, best_bid, -1, depth)
            asks = _levels(draw, tick, best_ask, 1, depth)
        events.append(Event(moment(number), bids, asks))
    return Market(kind, tick, tuple(events))


def _size(draw: random.Random) -> Decimal:
    return Decimal(draw.choice((1, 2, 5, 10, 50)))


def _levels(draw: random.Random, tick: Decimal, best: int, step: int, depth: int) -> Levels:
    prices = [best]
    for _ in range(depth - 1):
        prices.append(prices[-1] + step * draw.randrange(1, 3))
    return tuple((price * tick, _size(draw)) for price in prices)


def _rows(market: Market) -> Iterator[tuple[Any, ...]]:
    if market.kind == "quotes":
        yield "ts", "symbol", "bid", "ask", "bid_size", "ask_size"
        for event in market.events:
            (bid, bid_size), (ask, ask_size) = event.bids[0], event.asks[0]
            yield event.at, SYMBOL, bid, ask, bid_size, ask_size
    elif market.kind == "trades":
        yield "ts", "symbol", "price", "size", "side"
        for event in market.events:
            yield event.at, SYMBOL, *event.bids[0], ""
    else:
        yield "ts", "symbol", "event", "side", "price", "size", "first_id", "last_id", "prev_id"
        yield from _book_rows(market.events)


def _book_rows(events: tuple[Event, ...]) -> Iterator[tuple[Any, ...]]:
    """A snapshot, then the changed levels of each event."""
    shown: dict[tuple[str, Decimal], Decimal] = {}
    for number, event in enumerate(events):
        now = {("B", price): size for price, size in event.bids} | {("A", price): size for price, size in event.asks}
        gone = {level: Decimal(0) for level in shown if level not in now}
        name = "delta" if number else "snapshot"
        for (side, price), size in (gone | now).items():
            yield event.at, SYMBOL, name, side, price, size, number, number, number - 1
        shown = now


class RandomClient:
    """The requests of a client who knows the market's range, with the API's inputs."""

    def __init__(self, draw: random.Random, market: Market) -> None:
        self._draw = draw
        self._market = market
        self._placed: dict[str, dict[str, Any]] = {}
        self._number = 0
        self._seen = market.events[0]

    def actions(self) -> list[dict[str, Any]]:
        """Requests in the order of time, some before the first event."""
        draw = self._draw
        count = draw.choice((1, 3, 8, 20))
        moments = [(draw.randrange(len(self._market.events)), draw.choice((0, 1))) for _ in range(count)]
        return [self._action(*at) for at in sorted(moments)]

    def _action(self, number: int, nanos: int) -> dict[str, Any]:
        self._seen = self._market.events[number]
        self._number += 1
        chance = self._draw.random()
        if self._placed and chance < 0.1:
            name, content = "cancelOrder", {"clientOrderId": self._draw.choice(sorted(self._placed))}
        elif self._placed and chance < 0.13:
            name, content = "cancelOrders", {"symbol": SYMBOL}
        elif self._placed and chance < 0.25:
            name, content = "modifyOrder", self._changes()
        elif chance < 0.4:
            name, content = "placeBracket", self._bracket()
        elif chance < 0.5:
            name, content = "placeOco", self._oco()
        else:
            name, content = "placeOrder", self._order()
        return {"at": moment(number, nanos), name: content}

    def _note(self, order: dict[str, Any]) -> dict[str, Any]:
        self._placed[order["clientOrderId"]] = order
        return order

    def _price(self, low: int, high: int) -> str:
        best = self._seen.bids[0][0]
        return str(best + self._draw.randrange(low, high) * self._market.tick)

    def _order(self, types: tuple[str, ...] | None = None) -> dict[str, Any]:
        draw = self._draw
        side = draw.choice(("BUY", "SELL"))
        kind = draw.choice(types or _TYPES)
        order = self._terms(f"o{self._number}", side, kind)
        if kind in ("MARKET", "LIMIT") and draw.random() < 0.3:
            order["timeInForce"] = draw.choice(("IOC", "FOK"))
        elif kind == "LIMIT" and draw.random() < 0.2:
            order["postOnly"] = True
        elif types is None and kind != "MARKET" and draw.random() < 0.2:
            order["timeInForce"] = "GTD"
            order["expiresAt"] = moment(draw.randrange(len(self._market.events)), draw.choice((0, 1)))
        if types is None and draw.random() < 0.2:
            order["reduceOnly"] = True
        return self._note(order)

    def _terms(self, name: str, side: str, kind: str) -> dict[str, Any]:
        draw = self._draw
        order = {"clientOrderId": name, "symbol": SYMBOL, "side": side, "type": kind, "timeInForce": "GTC"}
        order["quantity"] = str(draw.choice((1, 3, 10, 40, 120)))
        # A stop lies on the far side of the market, a touch price and a limit on the near side; mostly.
        far = (-2, 12) if side == "BUY" else (-12, 2)
        near = (-12, 2) if side == "BUY" else (-2, 12)
        if kind == "LIMIT":
            order["limitPrice"] = self._price(*near)
        elif kind in ("STOP", "STOP_LIMIT"):
            order["stopPrice"] = self._price(*far)
        elif kind.endswith("IF_TOUCHED"):
            order["stopPrice"] = self._price(*near)
        elif kind.startswith("TRAILING"):
            self._set_trail(order, far)
        if kind in ("STOP_LIMIT", "LIMIT_IF_TOUCHED"):
            order["limitPrice"] = str(Decimal(order["stopPrice"]) + draw.randrange(-4, 5) * self._market.tick)
        return order

    def _set_trail(self, order: dict[str, Any], far: tuple[int, int]) -> None:
        draw, tick = self._draw, self._market.tick
        kind = order["trailingOffsetKind"] = draw.choice(("PRICE", "TICKS", "BASIS_POINTS"))
        units = {"PRICE": tick, "TICKS": Decimal(1), "BASIS_POINTS": Decimal("7.3")}
        order["trailingOffset"] = str(draw.randrange(1, 10) * units[kind])
        if order["type"] == "TRAILING_STOP_LIMIT":
            order["limitOffset"] = str(draw.randrange(1, 10) * units[kind])
        if draw.random() < 0.3:
            order["activationPrice"] = self._price(-6, 7)
        elif draw.random() < 0.3:
            order["stopPrice"] = self._price(*far)

    def _bracket(self) -> dict[str, Any]:
        entry = self._order(("MARKET", "LIMIT", "LIMIT", "STOP", "STOP_LIMIT"))
        way = self._market.tick if entry["side"] == "BUY" else -self._market.tick
        price = Decimal(entry.get("limitPrice") or entry.get("stopPrice") or self._price(0, 1))
        name = entry["clientOrderId"]
        profit = {"clientOrderId": f"{name}t", "type": "LIMIT", "timeInForce": "GTC"}
        profit["limitPrice"] = str(price + way * self._draw.randrange(1, 10))
        loss = {"clientOrderId": f"{name}s", "type": "STOP", "timeInForce": "GTC"}
        loss["stopPrice"] = str(price - way * self._draw.randrange(1, 10))
        bracket = {"entry": entry, "stopLoss": self._note(loss)}
        return bracket if self._draw.random() < 0.2 else bracket | {"takeProfit": self._note(profit)}

    def _oco(self) -> dict[str, Any]:
        side = self._draw.choice(("BUY", "SELL"))
        first = self._terms(f"o{self._number}l", side, "LIMIT")
        second = self._terms(f"o{self._number}p", side, "STOP") | {"quantity": first["quantity"]}
        return {"first": self._note(first), "second": self._note(second)}

    def _changes(self) -> dict[str, Any]:
        name = self._draw.choice(sorted(self._placed))
        order = self._placed[name]
        changes = {field: self._price(-9, 10) for field in ("limitPrice", "stopPrice") if field in order}
        if order["type"].startswith("TRAILING") or not changes:
            return {"clientOrderId": name, "quantity": order.get("quantity", "1")}
        return {"clientOrderId": name} | changes


_TYPES = (
    "MARKET",
    "LIMIT",
    "LIMIT",
    "STOP",
    "STOP_LIMIT",
    "MARKET_IF_TOUCHED",
    "LIMIT_IF_TOUCHED",
    "TRAILING_STOP",
    "TRAILING_STOP_LIMIT",
    "MARKET_TO_LIMIT",
)
