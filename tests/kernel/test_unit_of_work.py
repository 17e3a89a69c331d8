"""Transactions: all or nothing, and what waits for the commit."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, nullcontext, suppress
from decimal import Decimal
from functools import partial

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from domain.accounts.models import InterestRate
from domain.kernel import orm
from domain.kernel.bus import Message, NullBus
from domain.kernel.cache import VersionedCache, bump
from domain.kernel.database import borrowed, fetch, pool, reading
from domain.kernel.errors import Conflict
from domain.kernel.time import utc_now
from domain.kernel.topic_queries import read_versions
from domain.kernel.unit_of_work import UnitOfWork, fenced, unit_of_work


class Ear(NullBus):
    """Records the published messages."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def send(self, messages: Sequence[Message]) -> None:
        self.heard.extend(messages)


async def test_messages_are_published_after_the_commit_only(database: str) -> None:
    ear, done = Ear(), list[str]()
    async with unit_of_work(ear) as work:
        await bump(work, "topic")
        work.after_commit(lambda: done.append("done"))
        assert (ear.heard, done) == ([], [])
    assert (ear.heard, done) == ([("versions", b"topic 1")], ["done"])

    async def change_mind() -> None:
        async with unit_of_work(ear) as work:
            await bump(work, "topic")
            work.after_commit(lambda: done.append("never"))
            raise Conflict("no")

    with pytest.raises(Conflict):
        await change_mind()
    assert (len(ear.heard), done) == (1, ["done"])
    assert await read_versions() == {"topic": 1}


async def test_units_of_work_do_not_nest(database: str) -> None:
    async with unit_of_work(NullBus()):
        with pytest.raises(RuntimeError, match="is open"):
            async with unit_of_work(NullBus()):
                pass
        # Nor does one wait for a second connection, which the others may hold.
        for read_beside in (
            read_versions(),
            fetch("SELECT 1"),
            orm.read(InterestRate.all()),
            orm.count(InterestRate.all()),
        ):
            with pytest.raises(RuntimeError, match="is open"):
                await read_beside
        with pytest.raises(RuntimeError, match="is open"):
            async with reading():
                pass
    async with unit_of_work(NullBus()) as work:
        assert (await work.fetch_row("SELECT 1 AS one"))["one"] == 1  # type: ignore[index]


async def test_a_cache_is_reloaded_only_for_a_newer_version(database: str) -> None:
    loads: list[int] = []

    async def load() -> int:
        loads.append(len(loads))
        return len(loads)

    cache = VersionedCache("topic", load)
    assert [await cache.current(), await cache.current(), await cache.refresh()] == [1, 1, 1]
    async with unit_of_work(NullBus()) as work:
        await bump(work, "topic")
    assert await cache.current() == 1
    assert await cache.held() == (0, 1)
    assert await cache.at(1) == 2
    assert await cache.held() == (1, 2)
    assert await cache.at(0) == 2
    assert len(await fetch("SELECT 1 FROM topic_versions")) == 1


async def test_a_fence_is_checked_by_every_unit_of_work_inside_it_only(database: str) -> None:
    ear, passed = Ear(), list[str]()

    async def fence(work: UnitOfWork) -> None:
        rows = await work.fetch("SELECT topic FROM topic_versions")
        if rows:
            raise Conflict("taken over")
        passed.append("passed")

    async def change() -> None:
        async with unit_of_work(ear) as work:
            await bump(work, "topic")

    with fenced(fence):
        # Tasks that are started inside are fenced too.
        await asyncio.create_task(change())
        with pytest.raises(Conflict):
            await change()
    assert (passed, await read_versions(), len(ear.heard)) == (["passed"], {"topic": 1}, 1)
    await change()
    assert await read_versions() == {"topic": 2}


async def test_an_existing_row_is_not_inserted_again_and_the_transaction_continues(database: str) -> None:
    rate = partial(InterestRate, currency="CHF", loan_rate=Decimal("0.05"), updated_at=utc_now())
    async with unit_of_work(NullBus()) as work:
        assert await work.insert_once(rate())
        assert not await work.insert_once(rate())
        # The savepoint took back the second try alone.
        assert await InterestRate.filter(currency="CHF").using_db(await work.orm()).count() == 1
    assert await InterestRate.filter(currency="CHF").count() == 1


async def test_a_violation_of_another_constraint_is_an_error(database: str) -> None:
    with pytest.raises(IntegrityError):
        async with unit_of_work(NullBus()) as work:
            await work.insert_once(InterestRate(currency="SEK", loan_rate=Decimal(-1), updated_at=work.now))


@pytest.mark.parametrize("interruption", [asyncio.CancelledError, TimeoutError])
@pytest.mark.parametrize("caught", [False, True])
async def test_an_interrupted_statement_leaves_no_transaction_open(
    database: str, monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException], *, caught: bool
) -> None:
    prepared = asyncpg.Connection._get_statement

    async def cut(self: asyncpg.Connection, *args: object, **options: object) -> None:
        # As if the task was interrupted after the server has prepared the statement, and before it is run.
        await prepared(self, *args, **options)
        raise interruption

    async def interrupted() -> None:
        async with borrowed() as connection:
            with suppress(interruption) if caught else nullcontext():
                await connection.fetch("SELECT count(*) FROM accounts WHERE name = $1", "x")

    # All connections of the pool but one are in use: the next use gets the one that was interrupted.
    async with AsyncExitStack() as others:
        for _ in range(pool().get_max_size() - 1):
            await others.enter_async_context(borrowed())
        with monkeypatch.context() as once:
            once.setattr(asyncpg.Connection, "_get_statement", cut)
            with nullcontext() if caught else pytest.raises(interruption):
                await interrupted()
        async with borrowed() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            assert await connection.fetchval("SELECT count(*) FROM accounts") == 0


async def test_a_connection_is_free_as_soon_as_its_use_ends(database: str) -> None:
    async with borrowed() as connection:
        await connection.fetchval("SELECT 1")
        idle = pool().get_idle_size()
    assert pool().get_idle_size() == idle + 1
    # What a use left open ends with it.
    async with borrowed() as connection:
        await connection.execute("BEGIN")
        left = asyncio.get_running_loop()
        left.set_exception_handler(lambda _loop, _context: None)
    left.set_exception_handler(None)
    async with borrowed() as connection:
        assert not connection.is_in_transaction()
