"""From the answer that an order is accepted until a subscriber sees its execution."""

import asyncio
import json
import time
from statistics import median, quantiles

import websockets

from bench.desk import PLACE, SYMBOL, Desk, quote
from bench.stage import Stage, Web
from bench.table import Row

ORDERS = 200
_SUBSCRIBE = "subscription ($account: ID!) { executions(accountId: $account) { id price quantity } }"


def order_to_execution(stage: Stage, web: Web, desk: Desk) -> list[Row]:
    """Milliseconds, median and 99th percentile, on an idle platform."""
    quote(stage, web, desk)
    seconds = asyncio.run(_measure(web, desk))
    figures = {"p50": median(seconds), "p99": quantiles(seconds, n=100)[98]}
    return [
        Row(f"order accepted to execution seen, {name}", "ms", [value * 1_000], aim="<= 6 ms" if name == "p50" else "")
        for name, value in figures.items()
    ]


async def _measure(web: Web, desk: Desk) -> list[float]:
    account, found = desk.accounts[0], []
    address = f"ws://127.0.0.1:{web.port}/graphql"
    async with websockets.connect(address, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {desk.token}"}}))
        await socket.recv()
        payload = {"query": _SUBSCRIBE, "variables": {"account": account}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await asyncio.sleep(1)
        for _ in range(ORDERS):
            given = desk.order(account, type="MARKET", limitPrice=None, symbol=SYMBOL)
            await asyncio.to_thread(web.ask, PLACE, desk.token, input=given)
            accepted = time.perf_counter()
            await asyncio.wait_for(socket.recv(), 10)
            found.append(max(0.0, time.perf_counter() - accepted))
    return found
