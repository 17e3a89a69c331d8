"""Roles that are played once: a holder that does not get on is silent, and what it writes afterwards does not count."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from adapters.database import leases
from adapters.database.leases import HeldLease, held_roles, hold_lease, read_roles
from domain.kernel.bus import NullBus
from domain.kernel.database import fetch_row, reading
from domain.kernel.errors import Unavailable
from domain.kernel.lease_queries import LeaseLost, check_lease
from domain.kernel.retry_policies import RetryPolicy
from domain.kernel.unit_of_work import unit_of_work
from domain.system.health import ComponentState
from tests.support.waiting import PATIENCE_SECONDS, until

ROLE = "venue:test"


@pytest.fixture(autouse=True)
def short_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SILENCE_SECONDS", 1)
    monkeypatch.setattr(leases, "_BEAT_SECONDS", 0.05)
    monkeypatch.setattr(leases, "DATABASE", RetryPolicy(0.05, 0.05))


async def _write(lease: HeldLease) -> None:
    async with unit_of_work(NullBus()) as work:
        await check_lease(work, lease.role, lease.epoch)


async def test_a_holder_without_progress_is_replaced_and_fenced(database: str) -> None:
    async with hold_lease(database, ROLE) as first:
        first.progressed(tick="7-0", command=12)
        row = await until(lambda: fetch_row("SELECT * FROM lease_beats WHERE last_command = 12"))
        assert (row["role"], row["epoch"], row["last_tick"]) == (ROLE, first.epoch, "7-0")
        assert await held_roles([ROLE, "other"]) == {ROLE}
        # Its process lives and beats; its role does not get on.
        async with asyncio.timeout(PATIENCE_SECONDS), hold_lease(database, ROLE) as second:
            assert second.epoch == first.epoch + 1
            await first.lost.wait()
            with pytest.raises(LeaseLost):
                await _write(first)
            await _write(second)


@pytest.mark.parametrize("table", ["leases", "lease_beats"])
async def test_a_database_that_cannot_store_the_role_is_unavailable_and_the_role_stays_free(
    database: str, table: str
) -> None:
    async with reading() as connection:
        await connection.execute(
            "CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'out of memory' USING ERRCODE = 'out_of_memory'; END $$"
        )
        await connection.execute(f"CREATE TRIGGER refuses BEFORE INSERT ON {table} EXECUTE FUNCTION refuses()")
        try:
            with pytest.raises(Unavailable, match="no memory left"):
                async with hold_lease(database, ROLE):
                    pass
        finally:
            await connection.execute("DROP FUNCTION refuses() CASCADE")
    async with asyncio.timeout(PATIENCE_SECONDS), hold_lease(database, ROLE):
        assert await held_roles([ROLE]) == {ROLE}


async def test_a_problem_reported_by_a_holder_is_visible_after_its_end(database: str) -> None:
    async def complaint() -> str | None:
        return (await read_roles([ROLE]))[ROLE].trouble

    async with hold_lease(database, ROLE) as first:
        assert await complaint() is None
        await first.give_up("The venue cannot be opened: apiKey=abcdefghijklmnop")
    seen = (await read_roles([ROLE]))[ROLE]
    assert (seen.is_locked, seen.state) == (False, ComponentState.DOWN)
    assert seen.trouble is not None
    assert seen.trouble.startswith("The venue cannot be opened")
    assert "abcdefghijklmnop" not in seen.trouble
    async with hold_lease(database, ROLE) as second:
        # It has not been heard of better.
        assert await complaint() is not None
        second.troubled(None)
        second.progressed()
        await until(lambda: _is_untroubled(complaint))


async def _is_untroubled(complaint: Callable[[], Awaitable[str | None]]) -> bool:
    return await complaint() is None


async def test_a_holder_with_progress_or_with_declared_long_work_keeps_its_role(database: str) -> None:
    async with AsyncExitStack() as stack:
        lease = await stack.enter_async_context(hold_lease(database, ROLE))
        taking = asyncio.create_task(stack.enter_async_context(hold_lease(database, ROLE)))
        for _ in range(20):
            lease.progressed()
            await asyncio.sleep(0.1)
        await lease.take_time(2)
        await asyncio.sleep(1.5)
        assert (lease.lost.is_set(), taking.done()) == (False, False)
        assert await held_roles([ROLE]) == {ROLE}
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)


async def test_a_role_without_progress_reports_needs_a_living_process_only(database: str) -> None:
    async with hold_lease(database, ROLE) as lease:
        taking = asyncio.create_task(hold_lease(database, ROLE).__aenter__())
        await asyncio.sleep(2)
        assert (lease.lost.is_set(), taking.done()) == (False, False)
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)


async def test_a_role_with_a_silent_holder_counts_as_unplayed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with hold_lease(database, ROLE) as lease:
        lease.progressed()
        monkeypatch.setattr(leases, "_BEAT_SECONDS", -0.5)

        async def is_silent() -> bool:
            return await held_roles([ROLE]) == frozenset()

        await until(is_silent)


@pytest.mark.parametrize("between_statements", [True, False])
async def test_database_sessions_of_a_silent_holder_are_terminated_with_their_locks(
    database: str, between_statements: bool
) -> None:
    async with hold_lease(database, ROLE) as first:
        first.progressed()
        entered = asyncio.Event()
        standing = asyncio.create_task(_stand_still(first, entered, between_statements=between_statements))
        await entered.wait()
        async with asyncio.timeout(12), hold_lease(database, ROLE) as second:
            assert second.epoch == first.epoch + 1
        standing.cancel()
        await asyncio.gather(standing, return_exceptions=True)
        row = await fetch_row("SELECT position FROM leases WHERE role = $1", ROLE)
        assert row is not None
        assert row["position"] is None


async def _stand_still(lease: HeldLease, entered: asyncio.Event, *, between_statements: bool) -> None:
    """Hold the lease's row in a transaction that does not go on, between two statements or in the middle of one."""
    async with unit_of_work(NullBus()) as work:
        await check_lease(work, lease.role, lease.epoch)
        await work.execute("UPDATE leases SET position = 'x' WHERE role = $1", lease.role)
        if not between_statements:
            # The server waits for the values of a statement that it has prepared, and calls that active.
            await work.connection.prepare("SELECT 1 WHERE 1 = $1::int")
        entered.set()
        await asyncio.Event().wait()
