"""`make bench`: every figure beside the limit that was measured in the same run, as one table.

    python -m bench [platform] [changes] [engine] [cliff] [processes] [fanout] [pages] [simulator] [revaluation]
        [limits] [answers] [peers]

Load, server and database share the machine's cores, as they do on a desk's one server; PostgreSQL is as durable as in
production.
"""

import platform
import sys
import sysconfig
from collections.abc import Callable, Iterator

from bench import answers, changing, cliff, fanout, latency, limits, placing, processes, reading, revaluation
from bench.desk import open_desk, quote
from bench.pages import pages
from bench.peers import compare, peers_are_there
from bench.simulator import NAUTILUS, NAUTILUS_NAME, far, quotes_per_second, walk
from bench.stage import open_stage
from bench.table import Row, markdown

_KILOBYTE = 1_024


def _platform() -> Iterator[Row]:
    with open_stage() as stage, stage.web() as web:
        desk = open_desk(stage, web)
        yield from placing.single_orders(stage, web, desk, placing.CONNECTIONS, engine=False)
        yield from placing.batches(stage, web, desk)
        yield reading.lists(stage, web, desk)


def _changes() -> Iterator[Row]:
    with open_stage() as stage, stage.web() as web:
        yield from changing.changes(stage, web, open_desk(stage, web))


def _engine() -> Iterator[Row]:
    with open_stage() as stage, stage.web() as web, stage.engine("off"):
        desk = open_desk(stage, web)
        quote(stage, web, desk)
        yield from latency.order_to_execution(stage, web, desk)
        yield from placing.single_orders(stage, web, desk, (1, 64), engine=True)


def _fanout() -> Iterator[Row]:
    for subscribers in (100, 1_000):
        events = 200_000 // subscribers
        rounds = [
            (fanout.run(fanout.serve_api, subscribers, events), fanout.run(fanout.serve_bare, subscribers, events))
            for _ in range(3)
        ]
        yield Row(
            f"one event to {subscribers} subscribers",
            "deliveries/s",
            [ours for (ours, _), _ in rounds],
            [bare for _, (bare, _) in rounds],
            "bare WebSocket broadcast",
            ">= 0.6",
        )
        yield Row(f"memory of one of {subscribers} idle subscribers", "KB", [m / _KILOBYTE for (_, m), _ in rounds])


def _simulator() -> Iterator[Row]:
    ticks = walk(60_000)
    first = ticks[0].bid
    assert first is not None
    for resting, theirs in NAUTILUS.items():
        rate, _ = quotes_per_second(ticks, list(far(resting, first)))
        aim = ">= 1" if resting else ""
        yield Row(f"simulator, {resting} resting orders", "quotes/s", [rate], [theirs], NAUTILUS_NAME, aim)


_PARTS: dict[str, Callable[[], Iterator[Row]]] = {
    "platform": _platform,
    "changes": _changes,
    "engine": _engine,
    "cliff": cliff.rows,
    "processes": processes.rows,
    "fanout": _fanout,
    "pages": pages,
    "simulator": _simulator,
    "revaluation": revaluation.rows,
    "limits": limits.rows,
    "answers": answers.rows,
}


def main() -> None:
    """Measure everything, or the parts that are named, and print the tables."""
    names = sys.argv[1:] or [*_PARTS, *(["peers"] if peers_are_there() else [])]
    if unknown := [name for name in names if name not in _PARTS and name != "peers"]:
        raise SystemExit(f"there is no {', '.join(unknown)}: {', '.join(_PARTS)}, peers")
    rows = []
    for name in names:
        for row in _PARTS[name]() if name in _PARTS else ():
            print(row.name, file=sys.stderr)
            rows.append(row)
    print(f"{_interpreter()}\n")
    if rows:
        print(markdown(rows))
    if "peers" in names:
        print(compare())


def _interpreter() -> str:
    """The interpreter and how it was built, which is worth a fifth to a third of the speed."""
    build = f"{sys.version.split()[0]} ({platform.python_compiler()}, {platform.python_build()[1]})"
    flags = sysconfig.get_config_var("CONFIG_ARGS") or ""
    optimised = "--enable-optimizations" in flags
    return f"{sys.implementation.name} {build}{', profile-guided' if optimised else ''}"


if __name__ == "__main__":
    main()
