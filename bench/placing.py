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
SECONDS = 2.0
BATCH = 100
_CLIENTS = (4, 8, 16)


def single_orders(stage: Stage, web: Web, desk: Desk, at: Sequence[int], *, engine: bool) -> Iterator[Row]:
    """One order per request, at several numbers of connections; the engine takes a share of the same two cores."""
    script = pgbench.single_orders(desk)
    quote(stage, web, desk)
    clients = pgbench.best_client_count(stage, script, _CLIENTS)
    for connections in at:
        ours, limit = [], []
        for _ in range(ROUNDS):
            quote(stage, web, desk)
            run = drive(
                web.port, desk.single_orders(), connections=connections, seconds=SECONDS, expect=b'"PENDING_NEW"'
            )
            ours.append(uvloop.run(run).per_second)
            limit.append(pgbench.transactions_per_second(stage, script, clients=clients, seconds=int(SECONDS)))
        name = f"placeOrder, {connections} connections, {'with' if engine else 'without'} the engine"
        yield Row(name, "/s", ours, limit, f"one SQL function, {clients} clients", ">= 0.5" if not engine else "")


def batches(stage: Stage, web: Web, desk: Desk) -> Row:
    """A hundred orders per request, against a hundred per transaction in SQL."""
    script = pgbench.batches(desk, BATCH)
    quote(stage, web, desk)
    clients = pgbench.best_client_count(stage, script, (2, 4, 8))
    ours, limit = [], []
    for _ in range(ROUNDS):
        quote(stage, web, desk)
        run = drive(web.port, desk.batches(BATCH), connections=4, seconds=SECONDS, expect=b'"rejected":0')
        ours.append(uvloop.run(run).per_second * BATCH)
        limit.append(pgbench.transactions_per_second(stage, script, clients=clients, seconds=int(SECONDS)) * BATCH)
    return Row(f"placeOrders of {BATCH}", "orders/s", ours, limit, f"set-based SQL, {clients} clients", ">= 0.4")
