"""Random orders on random markets: the simulator's executions are those of a second, naive exchange."""

import json
import random
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from adapters.simulation import read_scenarios, simulate
from tests.simulation.naive_exchange import NaiveExchange, Order, number
from tests.simulation.random_market import SYMBOL, Market, RandomClient, random_market

_SEEDS = 120
_SHARE = 40


def executions(rows: list[tuple[str, Decimal, Decimal, str]]) -> list[tuple[str, Decimal, Decimal, str]]:
    """Executions of one time at one price, as one."""
    return [
        (at, price, sum((row[2] for row in same), Decimal(0)), liquidity)
        for (at, price, liquidity), same in groupby(rows, key=lambda row: (row[0], row[1], row[3]))
    ]


def simulated(market: Market, actions: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """The product's result."""
    market.write(folder)
    instrument = {"symbol": SYMBOL, "tickSize": str(market.tick), "lotSize": "1", "multiplier": "1", "inverse": False}
    fees = {"makerRate": "0", "takerRate": "0"}
    data = [{"kind": market.kind, "file": "market.csv", "from": market.events[0].at, "to": market.events[-1].at}]
    scenario = {"id": "random", "instrument": instrument | {"fees": fees}, "data": data, "actions": actions}
    (folder / "scenario.json").write_text(json.dumps(scenario))
    (read,) = read_scenarios(folder / "scenario.json")
    return {
        name: (
            order["status"],
            Decimal(order["filledQuantity"]),
            executions(
                [
                    (row["at"], Decimal(row["price"]), Decimal(row["quantity"]), row["liquidity"])
                    for row in order["executions"]
                ]
            ),
        )
        for name, order in simulate(read, folder)["orders"].items()
    }


def opinion(market: Market, actions: list[dict[str, Any]]) -> dict[str, Any]:
    """The naive exchange's result."""
    exchange = NaiveExchange(market.tick)
    events = list(market.events)
    for action in actions:
        while events and events[0].at < action["at"]:
            exchange.see(events.pop(0))
        act(exchange, **action)
    for event in events:
        exchange.see(event)
    return {
        order.name: (
            "PARTIALLY_FILLED" if order.works and order.filled else order.status,
            order.filled,
            executions(order.executions),
        )
        for order in exchange.orders
    }


def act(exchange: NaiveExchange, at: str, **request: dict[str, Any]) -> None:
    """Do one request."""
    ((kind, content),) = request.items()
    named = {order.name: order for order in exchange.orders}
    if kind == "placeOrder":
        exchange.place(at, Order.of(content))
    elif kind == "placeOco":
        first, second = Order.of(content["first"]), Order.of(content["second"])
        first.other, second.other = second, first
        exchange.place(at, first, second)
    elif kind == "placeBracket":
        entry = Order.of(content["entry"])
        own = {"buys": not entry.buys, "quantity": entry.quantity, "reduces": True, "entry": entry}
        entry.exits = [Order.of(content[part], **own) for part in ("takeProfit", "stopLoss") if part in content]
        if len(entry.exits) == 2:
            entry.exits[0].other, entry.exits[1].other = entry.exits[1], entry.exits[0]
        exchange.place(at, entry, *entry.exits)
    elif kind == "cancelOrder":
        exchange.cancel(named[content["clientOrderId"]])
    elif kind == "cancelOrders":
        for order in exchange.orders:
            exchange.cancel(order)
    else:
        order = named[content["clientOrderId"]]
        exchange.modify(at, order, *(number(content.get(name)) for name in ("quantity", "limitPrice", "stopPrice")))


def compare(seed: int, folder: Path) -> None:
    """Both exchanges agree on the market and the orders of a seed."""
    draw = random.Random(seed)
    market = random_market(draw)
    actions = RandomClient(draw, market).actions()
    assert simulated(market, actions, folder) == opinion(market, actions), f"seed {seed}: {json.dumps(actions)}"


@pytest.mark.parametrize("first", range(0, _SEEDS, _SHARE))
def test_a_second_exchange_gives_the_same_executions(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + _SHARE):
        compare(seed, tmp_path)
