"""An account with a hundred thousand open orders against one with few: the work on an order does not grow with others.

Rules that count an account's orders and compare them with a new one are in force, and the engine answers everything.
Both accounts take turns on one connection, so that other work of the machine slows both down.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import websockets

from bench.desk import CANCEL, MODIFY, PLACE, PLACE_MANY, Desk, open_desk, quote
from bench.load import WrongAnswer
from bench.stage import Stage, Web, open_stage
from bench.table import Row

OPEN = 100_000
FEW = 50
ROUNDS = 15
_PER_ROUND = 10
_BATCH = 1_000
_PATIENCE_SECONDS = 300.0
_RULE = "mutation ($input: CreateRiskRuleInput!) { createRiskRule(input: $input) { id } }"
_RULES: tuple[dict[str, str], ...] = (
    {"kind": "MAX_OPEN_ORDERS", "threshold": "1000000"},
    {"kind": "MAX_DAILY_ORDERS", "threshold": "100000000"},
    {"kind": "SELF_TRADE"},
)
_EVENTS = "subscription ($account: ID!) { orderEvents(accountId: $account) { kind order { id } } }"


@dataclass(slots=True)
class _Trader:
    """An account, with a subscription to the events of its orders."""

    desk: Desk
    web: Web
    account: str
    socket: Any

    async def ask(self, query: str, **given: object) -> dict[str, Any]:
        """The data of an operation with this input."""
        return await asyncio.to_thread(self.web.ask, query, self.desk.token, input=given)

    async def place(self, **others: object) -> str:
        """The id of a new order, which no rule refuses."""
        placed = await self.ask(PLACE, **self.desk.order(self.account, **others))
        order = placed["placeOrder"]["order"]
        if order["rejectReason"] is not None:
            raise WrongAnswer(f"an order was refused: {order['rejectReason']}")
        order_id: str = order["id"]
        return order_id

    async def hear(self, order_id: str, kind: str) -> None:
        """Wait for an event of an order; those before it are passed over."""
        expected = {"kind": kind, "order": {"id": order_id}}
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while json.loads(await self.socket.recv())["payload"]["data"]["orderEvents"] != expected:
                pass


def rows() -> Iterator[Row]:
    """Orders per second of the crowded account and of the other, for each kind of work on an order."""
    with open_stage() as stage, stage.web() as web:
        desk = open_desk(stage, web)
        for rule in _RULES:
            web.ask(_RULE, desk.token, input={"name": rule["kind"], "scope": "GLOBAL", **rule})
        crowded, other = desk.accounts[:2]
        _fill(stage, web, desk, crowded, OPEN)
        _fill(stage, web, desk, other, FEW)
        with stage.engine("off"):
            yield from asyncio.run(_compare(stage, web, desk, crowded, other))


def _fill(stage: Stage, web: Web, desk: Desk, account: str, orders: int) -> None:
    for start in range(0, orders, _BATCH):
        quote(stage, web, desk)
        batch = [desk.order(account) for _ in range(min(_BATCH, orders - start))]
        web.ask(PLACE_MANY, desk.token, input={"orders": batch})


async def _compare(stage: Stage, web: Web, desk: Desk, crowded: str, other: str) -> list[Row]:
    async with AsyncExitStack() as stack:
        traders = [await _listen(stack, web, desk, account) for account in (crowded, other)]
        for trader in traders:
            # The engine has taken all orders that were placed before it.
            await asyncio.to_thread(quote, stage, web, desk)
            await trader.hear(await trader.place(), "NEW")
        found = []
        for name, work in _WORK.items():
            rates: dict[str, list[float]] = {crowded: [], other: []}
            for number in range(ROUNDS):
                await asyncio.to_thread(quote, stage, web, desk)
                # Each comes first as often as the other.
                for trader in traders if number % 2 else reversed(traders):
                    rates[trader.account].append(await _rate(trader, work))
            what, limit = f"{name}, {OPEN:,} open orders", f"{FEW} open orders"
            found.append(Row(what, "/s", rates[crowded], rates[other], limit, ">= 0.9"))
    return found


async def _listen(stack: AsyncExitStack, web: Web, desk: Desk, account: str) -> _Trader:
    address = f"ws://127.0.0.1:{web.port}/graphql"
    protocols = [websockets.Subprotocol("graphql-transport-ws")]
    socket = await stack.enter_async_context(websockets.connect(address, subprotocols=protocols, max_size=None))
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {desk.token}"}}))
    await socket.recv()
    payload = {"query": _EVENTS, "variables": {"account": account}}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    await asyncio.sleep(1)
    return _Trader(desk, web, account, socket)


async def _rate(trader: _Trader, work: Callable[[_Trader], Awaitable[float]]) -> float:
    return _PER_ROUND / sum([await work(trader) for _ in range(_PER_ROUND)])


async def _placing(trader: _Trader) -> float:
    began = time.perf_counter()
    order_id = await trader.place()
    seconds = time.perf_counter() - began
    await trader.hear(order_id, "NEW")
    return seconds


async def _modifying(trader: _Trader) -> float:
    order_id = await trader.place()
    await trader.hear(order_id, "NEW")
    began = time.perf_counter()
    await trader.ask(MODIFY, **trader.desk.change(order_id))
    seconds = time.perf_counter() - began
    await trader.hear(order_id, "REPLACED")
    return seconds


async def _canceling(trader: _Trader) -> float:
    order_id = await trader.place()
    await trader.hear(order_id, "NEW")
    began = time.perf_counter()
    await trader.ask(CANCEL, id=order_id)
    seconds = time.perf_counter() - began
    await trader.hear(order_id, "CANCELED")
    return seconds


async def _acknowledging(trader: _Trader) -> float:
    order_id, began = await trader.place(), time.perf_counter()
    await trader.hear(order_id, "NEW")
    return time.perf_counter() - began


async def _filling(trader: _Trader) -> float:
    order_id, began = await trader.place(type="MARKET", limitPrice=None), time.perf_counter()
    await trader.hear(order_id, "TRADE")
    return time.perf_counter() - began


async def _after_a_fill(trader: _Trader) -> float:
    await _filling(trader)
    return await _placing(trader)


_WORK: dict[str, Callable[[_Trader], Awaitable[float]]] = {
    "placeOrder": _placing,
    "placeOrder after a fill": _after_a_fill,
    "modifyOrder": _modifying,
    "cancelOrder": _canceling,
    "accepted to acknowledged": _acknowledging,
    "accepted to filled": _filling,
}
