"""Trading on a cluster while its primary dies: no accepted order is lost, and orders are accepted again soon."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from adapters.database.connection import migrate
from tests.ha.cluster import Cluster, Node, wait_for
from tests.support.desk import signed_in
from tests.support.installation import Installation, installation
from tests.support.load import Load, load

BACK_SECONDS = 30.0
DEATHS: dict[str, Callable[[Node], None]] = {
    "PostgreSQL of the primary": Node.kill_postgres,
    "the primary's machine": Node.kill_machine,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The effects of a failure of the primary on trading."""

    what: str
    seconds: float
    accepted: int
    repeats: int


def trade_through(made: Cluster, redis_url: str, folder: Path, deaths: Sequence[str]) -> list[Outcome]:
    """Trade while the primary dies in each of these ways, and prove everything in the end."""
    asyncio.run(migrate(made.url))
    with ExitStack() as stack:
        # Nobody quotes while the database is away, and that is not what is tried.
        settings = {"TRADEGRAPH_QUOTE_STALE": "3600"}
        whole = stack.enter_context(installation(made.url, redis_url, folder / "data", **settings))
        # Requests go through PgBouncer, what holds locks of a session goes past it.
        whole.start(whole.web(DATABASE_URL=made.pooled_url, TRADEGRAPH_POOLER="transaction"), whole.engine())
        return asyncio.run(_trade(made, whole, deaths))


async def _trade(made: Cluster, whole: Installation, deaths: Sequence[str]) -> list[Outcome]:
    outcomes = []
    async with signed_in(whole.processes[0].address) as desk:
        async with load(desk) as running:
            for death in deaths:
                outcomes.append(await _survive(made, running, death))
                await running.go_on()
        await running.check()
    return outcomes


async def _survive(made: Cluster, running: Load, death: str) -> Outcome:
    primary = await asyncio.to_thread(made.primary)
    standby = await asyncio.to_thread(made.standby)
    assert primary is not standby
    # They are in the middle of something when it dies.
    going_on = asyncio.create_task(running.go_on(1_000_000))
    try:
        await asyncio.to_thread(DEATHS[death], primary)
        began = time.monotonic()
        # Not every request is answered by an error: PgBouncer keeps those waiting that come while there is no primary.
        await asyncio.to_thread(wait_for, standby.is_primary, "another primary")
        accepted = running.accepted
        while running.accepted < accepted + len(running.traders):
            await asyncio.sleep(0.01)
        seconds = time.monotonic() - began
    finally:
        going_on.cancel()
    running.limit = running.accepted
    if primary.patroni is not None and primary.patroni.poll() is not None:
        await asyncio.to_thread(made.start_node, primary)
    # The one that died follows the other, before the next one dies.
    await asyncio.to_thread(made.standby)
    return Outcome(death, seconds, running.accepted, running.repeats)
