"""Several web processes that share the load, against one, with the engine working."""

from collections.abc import Iterator

import uvloop

from bench.desk import Desk, open_desk, quote
from bench.load import drive
from bench.stage import Stage, Web, open_stage
from bench.table import Row

PROCESSES = (2, 4)
ROUNDS = 3
SECONDS = 2.0
CONNECTIONS = 64


def rows() -> Iterator[Row]:
    """Orders per second of several processes, each beside one process in the same rounds."""
    with open_stage() as stage, stage.engine("off"):
        with stage.web() as web:
            desk = open_desk(stage, web)
        for count in PROCESSES:
            ours, one = list[float](), list[float]()
            for _ in range(ROUNDS):
                for processes, found in ((1, one), (count, ours)):
                    with stage.web(TRADEGRAPH_WEB_PROCESSES=str(processes)) as web:
                        found.append(_per_second(stage, web, desk))
            name = f"placeOrder, {CONNECTIONS} connections, {count} web processes, with the engine"
            yield Row(name, "/s", ours, one, "one web process")


def _per_second(stage: Stage, web: Web, desk: Desk) -> float:
    quote(stage, web, desk)
    requests = desk.single_orders()
    # The first fill the caches of each process.
    for seconds in (1.0, SECONDS):
        run = drive(web.port, requests, connections=CONNECTIONS, seconds=seconds, expect=b'"PENDING_NEW"')
        measured = uvloop.run(run)
    return measured.per_second
