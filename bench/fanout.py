"""One event to many identical subscribers, against the same bytes broadcast over bare WebSockets.

    python -m bench.fanout [--subscribers 100 1000] [--events 2000]

Server and clients are processes of their own; each subscriber is a socket of its own. The clients count bytes and
decode nothing, so that the server is what is measured. Prints deliveries per second of both, their ratio, and what one
idle subscriber costs the server in memory.
"""

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import socket
import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import psutil
import strawberry
import uvicorn
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve

from api.app import ApiSettings, create_app, server_options
from api.limits import RequestLimits
from api.realtime.streams import LogStream, anybody
from api.request_rates import Rates, Unlimited
from api.schema import build_schema
from domain.access.types import Actor, Role

_QUERY = "subscription { orders { id clientOrderId symbol side status quantity filledQuantity limitPrice } }"
_EVENTS_AT_ONCE = 1
_MASK = b"\x00\x00\x00\x00"


@strawberry.type
class Order:
    """About as large as an order event that a desk would look at."""

    id: strawberry.ID
    client_order_id: str
    symbol: str
    side: str
    status: str
    quantity: str
    filled_quantity: str
    limit_price: str


class Log:
    """Events that come when they are asked for, as fast as they are taken."""

    def __init__(self) -> None:
        self.wanted = 0
        self.changed = asyncio.Event()

    async def head(self) -> int:
        """Nothing before the beginning."""
        return 0

    async def read(self, _after: int, _limit: int) -> Sequence[tuple[int, int]]:
        """Nothing to catch up with."""
        return []

    async def follow(self, after: int) -> AsyncIterator[Sequence[tuple[int, int]]]:
        """All that is wanted, some at a time."""
        while True:
            while after >= self.wanted:
                self.changed.clear()
                await self.changed.wait()
            end = min(after + _EVENTS_AT_ONCE, self.wanted)
            yield [(number, number) for number in range(after + 1, end + 1)]
            after = end
            await asyncio.sleep(0)


def order(number: int) -> Order:
    """The view of an event; always of the same length."""
    return Order(
        id=strawberry.ID(f"0193a5c2-7c11-7{number:03d}-8000-00000{number:07d}"[:36]),
        client_order_id=f"desk-7-{number:08d}",
        symbol="BTCUSDT-PERP",
        side="BUY",
        status="PARTIALLY_FILLED",
        quantity="1.25",
        filled_quantity="0.75",
        limit_price="64250.5",
    )


LOG = Log()


@strawberry.type
class Query:
    """A schema needs one."""

    version: str = "1"


@strawberry.type
class Subscription:
    """The stream."""

    @strawberry.subscription
    async def orders(self) -> AsyncIterable[Order]:
        """Every event."""
        return LogStream("orders", LOG, order, anybody)


@dataclass
class Runtime:
    """Everybody is somebody."""

    access: Any = None
    rates: Rates = field(default_factory=Unlimited)

    @property
    def services(self) -> Any:
        """Itself."""
        return self

    @property
    def scrapes(self) -> Any:
        """Itself."""
        return self

    def tells_of(self, _registry: object) -> None:
        """Nobody asks."""

    async def authenticate(self, _token: str) -> Actor:
        """Any caller."""
        return Actor(user_id=UUID(int=1), email="bench@example.com", role=Role.VIEWER)

    async def check(self) -> dict[str, bool]:
        """Fine."""
        return {}

    async def venue_condition(self) -> Any:
        """Nobody asks."""

    def on_rights_changed(self, _tell: Any) -> None:
        """They never do."""

    def shows_load(self, _load: Any) -> None:
        """To nobody."""


def serve_api(pipe: Connection) -> None:
    """The API with one stream; sends as many events as the pipe says."""

    @asynccontextmanager
    async def open_runtime() -> AsyncIterator[Runtime]:
        runtime = Runtime()
        runtime.access = runtime
        yield runtime

    limits = RequestLimits(sockets_per_user=100_000)
    app = create_app(build_schema([Query], (), [Subscription]), ApiSettings(limits=limits), open_runtime)

    async def main() -> None:
        server = uvicorn.Server(uvicorn.Config(app, **server_options(limits)))
        with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listening:
            pipe.send(listening.getsockname()[1])
            asyncio.get_running_loop().add_reader(pipe.fileno(), wanted, server)
            await server.serve(sockets=[listening])

    def wanted(server: uvicorn.Server) -> None:
        count = pipe.recv()
        if not count:
            server.should_exit = True
        LOG.wanted += count
        LOG.changed.set()

    uvloop.run(main())


def serve_bare(pipe: Connection) -> None:
    """The same messages over websockets' own server and its own broadcast, which is all that it does."""
    connections: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type":"connection_ack"}')
        await connection.recv()
        connections.add(connection)
        await connection.wait_closed()

    async def main() -> None:
        wanted: asyncio.Queue[int] = asyncio.Queue()
        asyncio.get_running_loop().add_reader(pipe.fileno(), lambda: wanted.put_nowait(pipe.recv()))
        async with serve(handle, "127.0.0.1", 0, compression=None) as server:
            pipe.send(next(iter(server.sockets)).getsockname()[1])
            while count := await wanted.get():
                for number in range(1, count + 1):
                    broadcast(connections, _message(number))
                    if number % _EVENTS_AT_ONCE == 0:
                        await asyncio.sleep(0)

    uvloop.run(main())


def _message(number: int) -> str:
    shown = order(number)
    fields = ("id", "client_order_id", "symbol", "side", "status", "quantity", "filled_quantity", "limit_price")
    names = ("id", "clientOrderId", "symbol", "side", "status", "quantity", "filledQuantity", "limitPrice")
    view = {name: getattr(shown, field) for name, field in zip(names, fields, strict=True)}
    message = {"id": _operation_id(0), "type": "next", "payload": {"data": {"orders": view}}}
    return json.dumps(message, separators=(",", ":"))


def _operation_id(index: int) -> str:
    """As graphql-ws makes them: another for each subscriber."""
    return f"6b1c2d3e-4f50-4a61-8b72-{index:012d}"


class Client(asyncio.Protocol):
    """A WebSocket client that says what it has to and counts what it hears."""

    def __init__(self, index: int, expected: int, ready: asyncio.Future[None], done: asyncio.Future[None]) -> None:
        self._index, self._expected, self._ready, self._done = index, expected, ready, done
        self._count = 0
        self._heard = b""

    def connection_made(self, transport: Any) -> None:
        """Shake hands."""
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (
                "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        """Sign in, subscribe, then count."""
        if self._ready.done():
            self._count += len(data)
            if self._count >= self._expected and not self._done.done():
                self._done.set_result(None)
            return
        self._heard += data
        if b"\r\n\r\n" in self._heard and b"connection_ack" not in self._heard:
            self._say({"type": "connection_init", "payload": {"authorization": "Bearer x"}})
        elif b"connection_ack" in self._heard:
            payload = {"query": _QUERY}
            self._say({"id": _operation_id(self._index), "type": "subscribe", "payload": payload})
            self._ready.set_result(None)

    def _say(self, message: dict[str, Any]) -> None:
        text = json.dumps(message).encode()
        header = bytes((0x81, 0x80 | len(text))) if len(text) < 126 else b"\x81\xfe" + len(text).to_bytes(2, "big")
        self._transport.write(header + _MASK + text)


async def _measure(
    port: int, subscribers: int, events: int, pipe: Connection, process: psutil.Process
) -> tuple[float, float]:
    loop = asyncio.get_running_loop()
    frame = len(_message(0)) + 4
    before = process.memory_info().rss
    clients, transports = [], []
    try:
        for index in range(subscribers):
            ready, done = loop.create_future(), loop.create_future()
            client = partial(Client, index, frame * events, ready, done)
            transports.append((await loop.create_connection(client, "127.0.0.1", port))[0])
            await asyncio.wait_for(ready, timeout=30)
            clients.append(done)
        # A subscription has no message that says it has begun.
        await asyncio.sleep(1.0)
        memory = (process.memory_info().rss - before) / subscribers
        started = time.perf_counter()
        pipe.send(events)
        await asyncio.wait_for(asyncio.gather(*clients), timeout=300)
        return subscribers * events / (time.perf_counter() - started), memory
    finally:
        for transport in transports:
            transport.abort()
        await asyncio.sleep(0)


def run(target: Any, subscribers: int, events: int) -> tuple[float, float]:
    """Deliveries per second, and bytes of memory per idle subscriber."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs,))
    process.start()
    try:
        port = ours.recv()
        found = uvloop.run(_measure(port, subscribers, events, ours, psutil.Process(process.pid)))
        ours.send(0)
        process.join(timeout=10)
    finally:
        process.kill()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscribers", type=int, nargs="+", default=[100, 1_000])
    parser.add_argument("--events", type=int, default=2_000)
    options = parser.parse_args()
    print(f"{'subscribers':>11} {'bare /s':>10} {'ours /s':>10} {'ratio':>6} {'bare each':>11} {'ours each':>11}")
    for subscribers in options.subscribers:
        events = max(100, options.events * 100 // subscribers)
        bare, bare_memory = run(serve_bare, subscribers, events)
        ours, our_memory = run(serve_api, subscribers, events)
        print(
            f"{subscribers:>11} {bare:>10,.0f} {ours:>10,.0f} {ours / bare:>6.2f}"
            f" {bare_memory / 1024:>8.1f} KB {our_memory / 1024:>8.1f} KB"
        )


if __name__ == "__main__":
    main()
