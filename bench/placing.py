"""Placing orders: over HTTP against PostgreSQL's own load generator running the same order as one SQL function."""

from collections.abc import Iterator, Sequence

import uvloop

from bench import pgbench
from bench.desk import Desk, quote
from bench.load import drive
from bench.stage import Stage, Web
from bench.table import Row

CONNECTIONS = (1, 8, 32, 64)
ROUNDS = 3
SECONDS = 1.5
BATCHES = (1, 10, 100, 1_000)
AIMED_BATCH = 100
_CLIENTS = (4, 8, 16)
_BATCH_CLIENTS = 4


def single_orders(stage: Stage, web: Web, desk: Desk, at: Sequence[int], *, engine: bool) -> Iterator[Row]:
    """One order per request, at several numbers of connections; the engine takes a share of the same two cores.

    The limit is the function at its best, with whatever number of clients that is; one connection, which waits for the
    disk each time, is also held against one client, which waits for it as well.
    """
    script = pgbench.single_orders(desk)
    quote(stage, web, desk)
    best = pgbench.best_client_count(stage, script, _CLIENTS)
    where = "with" if engine else "without"
    for connections in at:
        against = {best: ">= 0.5" if not engine else ""} | ({1: ""} if connections == 1 else {})
        ours, limits = [], {clients: list[float]() for clients in against}
        for _ in range(ROUNDS):
            quote(stage, web, desk)
            run = drive(
                web.port, desk.single_orders(), connections=connections, seconds=SECONDS, expect=b'"PENDING_NEW"'
            )
            ours.append(uvloop.run(run).per_second)
            for clients, found in limits.items():
                found.append(pgbench.transactions_per_second(stage, script, clients=clients, seconds=int(SECONDS)))
        for clients, aim in against.items():
            limit = f"one SQL function, {clients} client{'s' if clients > 1 else ''}"
            yield Row(
                f"placeOrder, {connections} connections, {where} the engine", "/s", ours, limits[clients], limit, aim
            )


def batches(stage: Stage, web: Web, desk: Desk) -> Iterator[Row]:
    """Orders in batches of several sizes, against as many per transaction in SQL."""
    for size in BATCHES:
        script = pgbench.batches(desk, size)
        quote(stage, web, desk)
        ours, limit = [], []
        for _ in range(ROUNDS):
            quote(stage, web, desk)
            run = drive(web.port, desk.batches(size), connections=4, seconds=SECONDS, expect=b'"rejected":0')
            ours.append(uvloop.run(run).per_second * size)
            rate = pgbench.transactions_per_second(stage, script, clients=_BATCH_CLIENTS, seconds=int(SECONDS))
            limit.append(rate * size)
        aim = ">= 0.5" if size == AIMED_BATCH else ""
        yield Row(f"placeOrders of {size}", "orders/s", ours, limit, f"set-based SQL, {_BATCH_CLIENTS} clients", aim)
