"""Reading a list: a hundred orders with their instruments, against a hand-written endpoint on the same server."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import repeat

import asyncpg
import orjson
import uvicorn
import uvloop

from adapters.embedded.ports import free_port
from bench.desk import Desk
from bench.load import drive, post
from bench.stage import Stage, Web
from bench.table import Row

ROUNDS = 3
SECONDS = 2.0
CONNECTIONS = 16
_START_SECONDS = 20
_QUERY = """query ($account: ID!) {
  orders(filter: {accountId: $account}, first: 100) { edges { node {
    id clientOrderId side type status quantity limitPrice filledQuantity createdAt instrument { symbol name tickSize }
  } } }
}"""
_SQL = """
SELECT o.id, o.client_order_id, o.side, o.type, o.status, o.quantity, o.limit_price, o.filled_quantity, o.created_at,
  i.symbol, i.name, i.tick_size
FROM orders o JOIN instruments i ON i.id = o.instrument_id WHERE o.account_id = $1 ORDER BY o.id DESC LIMIT 100
"""


def lists(stage: Stage, web: Web, desk: Desk) -> Row:
    """Lists per second."""
    account = desk.accounts[0]
    body = json.dumps({"query": _QUERY, "variables": {"account": account}}).encode()
    ours, limit = list[float](), list[float]()
    with _bare(stage, account) as port:
        for _ in range(ROUNDS):
            for target, found, expect in ((web.port, ours, b'"tickSize"'), (port, limit, b'"tick_size"')):
                requests = repeat(post("/graphql", body, desk.token))
                run = drive(target, requests, connections=CONNECTIONS, seconds=SECONDS, expect=expect)
                found.append(uvloop.run(run).per_second)
    return Row("100 orders with instruments", "lists/s", ours, limit, "asyncpg and orjson by hand", ">= 0.4")


@contextmanager
def _bare(stage: Stage, account: str) -> Iterator[int]:
    port = free_port()
    environment = stage.environment | {"BARE_PORT": str(port), "BARE_ACCOUNT": account}
    process = subprocess.Popen([sys.executable, "-m", "bench.reading"], env=environment)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise TimeoutError("the endpoint did not start")


async def _application(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # ASGI's own shape
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                _application.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=8)  # type: ignore[attr-defined]  # no stubs
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await receive()
    rows = await _application.pool.fetch(_SQL, os.environ["BARE_ACCOUNT"])  # type: ignore[attr-defined]  # no stubs
    body = orjson.dumps([dict(row) for row in rows], default=str)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        _application,
        host="127.0.0.1",
        port=int(os.environ["BARE_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
