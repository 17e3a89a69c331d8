"""Changing and cancelling orders that rest, one per request, against one SQL function that does the same."""

import itertools
from collections.abc import Iterator
from random import Random

import uvloop

from bench import pgbench
from bench.desk import CANCEL, MODIFY, PLACE_MANY, Desk, quote
from bench.load import drive
from bench.stage import Stage, Web
from bench.table import Row

CONNECTIONS = (8, 64)
ROUNDS = 2
SECONDS = 1.5
# More orders than the rounds can cancel; of those that are changed, the venue takes only some changes at a time.
RESTING = 40_000
_CHANGES_PER_ORDER = 15
_BATCH = 1_000
_CLIENTS = 8


def changes(stage: Stage, web: Web, desk: Desk) -> Iterator[Row]:
    """Changes and cancels per second, without the engine: each leaves a command for the venue, and its event."""
    quote(stage, web, desk)
    orders = _rest(web, desk)
    Random(7).shuffle(orders)
    to_change, to_cancel = orders[: len(orders) // 4], iter(orders[len(orders) // 4 :])
    modify = (desk.request(MODIFY, desk.change(order)) for order in to_change * _CHANGES_PER_ORDER)
    cancel = (desk.request(CANCEL, {"id": order}) for order in to_cancel)
    kinds = (("modifyOrder", modify, b'"REPLACE"', "29000.01"), ("cancelOrder", cancel, b'"CANCEL"', "NULL"))
    for (name, requests, expect, price), connections in itertools.product(kinds, CONNECTIONS):
        ours, limit = [], []
        for _ in range(ROUNDS):
            quote(stage, web, desk)
            run = drive(web.port, requests, connections=connections, seconds=SECONDS, expect=expect)
            ours.append(uvloop.run(run).per_second)
            script = pgbench.changes(to_change, price)
            limit.append(pgbench.transactions_per_second(stage, script, clients=_CLIENTS, seconds=int(SECONDS)))
        yield Row(f"{name}, {connections} connections", "/s", ours, limit, f"one SQL function, {_CLIENTS} clients")


def _rest(web: Web, desk: Desk) -> list[str]:
    """Orders that rest, spread over the accounts."""
    placed: list[str] = []
    for account in itertools.islice(itertools.cycle(desk.accounts), RESTING // _BATCH):
        given = {"orders": [desk.order(account) for _ in range(_BATCH)]}
        answer = web.ask(PLACE_MANY, desk.token, input=given)["placeOrders"]
        placed += [row["order"]["id"] for row in answer["results"]]
    return placed
