"""A run of chaos: a load that goes on, disturbances one after the other, and in the end the proof."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from random import Random
from uuid import UUID

import asyncpg
import httpx
from websockets.exceptions import WebSocketException

from api.realtime.streams import cursor_of, position_of
from api.scalars import Cursor
from tests.chaos.proxy import Mode, Proxy, proxy
from tests.support.client import ApiError, Client
from tests.support.desk import Desk, signed_in
from tests.support.faked_clock import FakedClock
from tests.support.installation import Installation, Process, installation
from tests.support.load import SYMBOL, Load, load
from tests.support.small_disk import SmallDisk
from tests.support.waiting import until

_EVENTS = "subscription ($id: ID!, $after: Cursor) { orderEvents(accountId: $id, after: $after) { cursor } }"
_LOGGED = """
SELECT account_id::text, sequence, order_id IS NOT NULL AS of_order FROM account_events ORDER BY account_id, sequence
"""


@dataclass
class Follower:
    """Follows the events of an account across all faults, by its last cursor."""

    client: Client
    account_id: str
    after: str | None = None
    heard: list[int] = field(default_factory=list)

    async def run(self) -> None:
        """Follow until cancelled."""
        self.after = cursor_of(0, UUID(self.account_id))
        while True:
            try:
                async with self.client.socket() as socket:
                    stream = await socket.subscribe(_EVENTS, id=self.account_id, after=self.after)
                    while True:
                        event = await stream.next()
                        self.after = event["cursor"]
                        number = position_of(Cursor(event["cursor"]), None)
                        assert number is not None
                        self.heard.append(number)
            except (OSError, WebSocketException, TimeoutError, AssertionError):
                await asyncio.sleep(0.1)


@dataclass
class Stage:
    """The disturbed parts, and the source of random numbers."""

    chance: Random
    whole: Installation
    database: Proxy
    redis: Proxy
    clock: FakedClock
    disk: SmallDisk | None
    web: Process
    engines: list[Process]
    done: Counter[str] = field(default_factory=Counter)

    async def disturb(self, name: str | None = None) -> str:
        """Do something, and put it right again."""
        possible = [
            each for each in DISTURBANCES if each != FULL_DISK or (self.disk is not None and self.disk.can_fill)
        ]
        name = name or self.chance.choice(sorted(possible))
        await DISTURBANCES[name](self)
        self.done[name] += 1
        return name

    async def kill_engine(self) -> None:
        """Kill the active engine or the standby."""
        await self._kill(self.chance.choice(self.engines))

    async def kill_web(self) -> None:
        """In the middle of answers."""
        await self._kill(self.web)

    async def kill_all(self) -> None:
        """At once."""
        for process in (self.web, *self.engines):
            process.kill()
        self.web.start()
        for engine in self.engines:
            engine.start()
        await asyncio.to_thread(self.web.wait_until_ready)

    async def _kill(self, process: Process) -> None:
        process.kill()
        await asyncio.sleep(self.chance.uniform(0, 0.5))
        process.start()
        if process is self.web:
            await asyncio.to_thread(process.wait_until_ready)

    async def stop_engine(self) -> None:
        """SIGSTOP, for less or for more than it takes to be taken over from."""
        await self._stop(self.chance.choice(self.engines), self.chance.choice((1.0, 3.0, 9.0)))

    async def stop_web(self) -> None:
        """SIGSTOP, perhaps in a transaction."""
        await self._stop(self.web, self.chance.uniform(0.5, 3))

    async def _stop(self, process: Process, seconds: float) -> None:
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(process.pid, signal.SIGCONT)

    async def part_from_database(self) -> None:
        """All processes at once."""
        await self._part(self.database)

    async def part_from_redis(self) -> None:
        """All processes at once."""
        await self._part(self.redis)

    async def _part(self, between: Proxy) -> None:
        between.set(self.chance.choice((Mode.DELAY, Mode.SWALLOW, Mode.CUT)))
        await asyncio.sleep(self.chance.uniform(0.5, 3))
        between.set(Mode.PASS)

    async def jump_clocks(self) -> None:
        """The clocks of all processes go an hour ahead or back, and are right again; without faketime they stay."""
        self.clock.set(self.chance.choice((3_600, -3_600)))
        await asyncio.sleep(self.chance.uniform(2, 4))
        self.clock.set(0)

    async def fill_disk(self) -> None:
        """Fill the database's disk for a while; the server may stop, and is started again."""
        assert self.disk is not None
        await asyncio.to_thread(self.disk.fill)
        await asyncio.sleep(self.chance.uniform(2, 5))
        self.disk.make_room()


FULL_DISK = "fill the disk of the database"
DISTURBANCES: Mapping[str, Callable[[Stage], Awaitable[None]]] = {
    "kill an engine": Stage.kill_engine,
    "kill web": Stage.kill_web,
    "kill all": Stage.kill_all,
    "stop an engine": Stage.stop_engine,
    "stop web": Stage.stop_web,
    "part from the database": Stage.part_from_database,
    "part from Redis": Stage.part_from_redis,
    "jump the clocks": Stage.jump_clocks,
    FULL_DISK: Stage.fill_disk,
}


@contextmanager
def staged(
    database_url: str, redis_url: str, folder: Path, seed: int, disk: SmallDisk | None = None
) -> Iterator[Stage]:
    """A web process and two engines behind proxies. ``disk`` is that of the database, if it may be filled."""
    clock = FakedClock(folder / "clock")
    with (
        proxy(database_url) as database,
        proxy(redis_url) as redis,
        installation(database.url, redis.url, folder / "data", **clock.settings) as whole,
    ):
        web, engines = whole.web(), [whole.engine(), whole.engine()]
        whole.start(web, engines[0])
        engines[1].start()
        yield Stage(Random(seed), whole, database, redis, clock, disk, web, engines)


async def trade(stage: Stage, direct_url: str, disturbances: Iterable[str | None]) -> Load:
    """Trade under these disturbances (None is one of chance) and prove that nothing was lost or doubled.

    ``direct_url`` reaches the database past the proxy.
    """
    async with signed_in(stage.web.address) as desk:
        following: list[asyncio.Task[None]] = []
        try:
            async with load(desk, accounts=2) as running:
                followers = [Follower(desk.client, trader.account_id) for trader in running.traders]
                following += [asyncio.create_task(follower.run()) for follower in followers]
                for name in disturbances:
                    await stage.disturb(name)
                    # Prices that are old are traded on by nobody.
                    await until(partial(_quoted, desk), 60)
                    await running.go_on()
            # Every accepted order once, with what it had to come to, and the books of all accounts.
            await running.check()
            logged = await _logged(direct_url)
            for follower in followers:
                await until(partial(_has_heard, follower, logged[follower.account_id]), 60)
                assert follower.heard == logged[follower.account_id]
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
    return running


async def _quoted(desk: Desk) -> bool:
    try:
        await desk.publish(SYMBOL, "99.99", "100.01", "1000000")
    except (ApiError, httpx.TransportError):
        return False
    return True


async def _has_heard(follower: Follower, logged: Sequence[int]) -> bool:
    return len(follower.heard) >= len(logged)


async def _logged(database_url: str) -> dict[str, list[int]]:
    """The numbers of the orders' events of each account, whose log has no gap and no repeat."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(_LOGGED)
    finally:
        await connection.close()
    found: dict[str, list[int]] = {}
    for account_id, events in groupby(rows, key=itemgetter("account_id")):
        numbered = list(events)
        assert [row["sequence"] for row in numbered] == list(range(1, len(numbered) + 1)), account_id
        found[account_id] = [row["sequence"] for row in numbered if row["of_order"]]
    return found
