"""Capacity of machines: the measured processor time of an order in each process, and a simulation with it.

The measurement drives one installation and reads what its processes used. The simulation is pure: it spreads accounts
of uneven activity over shards and says how many orders a second come through before the busiest part of it is full.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import psutil
import uvloop

from bench.desk import open_desk, quote
from bench.load import drive
from bench.stage import open_stage

_ROUNDS = 4
_SECONDS = 2.0
_CONNECTIONS = 32
# A part that is busier than this makes those who wait for it wait long.
FULL = 0.6
# Activity of accounts: the tenth that trades most makes about two thirds of the orders.
_SPREAD = 1.6
_SEED = 1


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """Seconds of processor time per order that is placed, accepted and filled, in each kind of process."""

    web: float
    engine: float
    database: float
    redis: float

    @property
    def whole(self) -> float:
        """All of it."""
        return self.web + self.engine + self.database + self.redis


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts that share the load. A shard is one PostgreSQL primary with its accounts.

    ``engines_share_venue`` says whether several engines may play one venue, each for its own accounts.
    """

    name: str
    machines: int
    cores: int
    venues: int
    shards: int
    engines_share_venue: bool


@dataclass(frozen=True, slots=True)
class Capacity:
    """Orders a second, and the part that is full first."""

    orders_per_second: float
    bound: str


def simulate(costs: UnitCosts, shape: Shape, accounts: int, seed: int = _SEED) -> Capacity:
    """Orders per second of a shape.

    Each account has an activity of its own and is kept in one shard and traded at one venue, both by chance. A web
    process, an engine and a Redis have one core each; a PostgreSQL has those of its machine that are its own.
    """
    chance = Random(seed)
    activity = [chance.lognormvariate(0, _SPREAD) for _ in range(accounts)]
    total = sum(activity)
    by_shard, by_engine = [0.0] * shape.shards, dict[tuple[int, int], float]()
    for each in activity:
        shard, venue = chance.randrange(shape.shards), chance.randrange(shape.venues)
        by_shard[shard] += each / total
        place = (venue, shard if shape.engines_share_venue else 0)
        by_engine[place] = by_engine.get(place, 0.0) + each / total
    cores = shape.machines * shape.cores * FULL
    # A primary has a machine of its own once there are enough of them, and never more cores than one machine.
    own = min(shape.cores, shape.machines * shape.cores / (shape.shards + 1)) * FULL
    bounds = {
        "all processors together": cores / costs.whole,
        "PostgreSQL of the busiest shard": own / (costs.database * max(by_shard)),
        "the busiest engine": FULL / (costs.engine * max(by_engine.values())),
        "Redis of the busiest shard": FULL / (costs.redis * max(by_shard)),
    }
    bound = min(bounds, key=lambda name: bounds[name])
    return Capacity(bounds[bound], bound)


def shapes(cores: int = 8) -> Sequence[Shape]:
    """One, ten and a hundred machines: as one installation, and as shards by account."""
    return (
        Shape("one machine, one venue", 1, cores, 1, 1, engines_share_venue=False),
        Shape("10 machines, one PostgreSQL, one venue", 10, cores, 1, 1, engines_share_venue=False),
        Shape("10 machines, one PostgreSQL, 10 venues", 10, cores, 10, 1, engines_share_venue=False),
        Shape("10 machines, 3 shards, one venue per shard", 10, cores, 1, 3, engines_share_venue=True),
        Shape("100 machines, one PostgreSQL, 10 venues", 100, cores, 10, 1, engines_share_venue=False),
        Shape("100 machines, 30 shards, one venue per shard", 100, cores, 1, 30, engines_share_venue=True),
    )


def measure() -> UnitCosts:
    """Place orders that are filled at once and divide what each kind of process used by their number."""
    with open_stage() as stage, stage.web() as web, stage.engine("off"):
        desk = open_desk(stage, web)
        quote(stage, web, desk)
        requests = desk.single_orders()
        _drive(web.port, requests)
        before, orders = _used(web.pid), 0
        for _ in range(_ROUNDS):
            quote(stage, web, desk)
            orders += _drive(web.port, requests)
        after = _used(web.pid)
    return UnitCosts(*((after[name] - before[name]) / orders for name in ("web", "engine", "database", "redis")))


def _drive(port: int, requests: Iterator[bytes]) -> int:
    run = drive(port, requests, connections=_CONNECTIONS, seconds=_SECONDS, expect=b'"PENDING_NEW"')
    done = uvloop.run(run)
    return round(done.per_second * _SECONDS)


def _used(web_pid: int) -> dict[str, float]:
    """Seconds of processor time that the processes below this one have used so far."""
    used = dict.fromkeys(("web", "engine", "database", "redis"), 0.0)
    for process in psutil.Process().children(recursive=True):
        try:
            times, name = process.cpu_times(), process.name()
            kind = {"postgres": "database", "valkey-server": "redis"}.get(name)
            if kind is None:
                kind = "web" if process.pid == web_pid else "engine" if "engine" in process.cmdline() else ""
        except psutil.NoSuchProcess:
            continue
        if kind:
            used[kind] += times.user + times.system
    return used


def report(costs: UnitCosts, accounts: int = 1_000) -> Iterator[str]:
    """The costs and what follows from them, as lines of Markdown."""
    yield "| per order | web | engine | PostgreSQL | Redis |"
    yield "| --- | --- | --- | --- | --- |"
    figures = (costs.web, costs.engine, costs.database, costs.redis)
    yield f"| processor time | {' | '.join(f'{figure * 1_000:.2f} ms' for figure in figures)} |"
    yield ""
    yield "| machines of 8 cores | orders/s | full first |"
    yield "| --- | --- | --- |"
    for shape in shapes():
        found = simulate(costs, shape, accounts)
        yield f"| {shape.name} | {found.orders_per_second:,.0f} | {found.bound} |"


if __name__ == "__main__":
    print("\n".join(report(measure())))
