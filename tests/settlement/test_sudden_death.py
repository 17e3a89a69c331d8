"""A worker is killed in the middle of ending many days, as the machine kills, and another one goes on."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from domain.kernel.database import fetch
from tests.support.databases import DatabaseFactory
from tests.support.days import assert_proved, dump, roll, statements
from tests.support.processes import ROOT
from tests.support.trading import platform
from tests.support.waiting import PATIENCE_SECONDS

DAYS = 16
KILLS = 2
# Another process that ends the days: no clean-up of ours runs in it when it is killed.
PROGRAM = f"""
import asyncio, sys
from pathlib import Path
from tests.support.days import roll
from tests.support.trading import platform

async def main(url, redis, folder):
    async with platform(url, redis, Path(folder), venue=False) as desk:
        await roll(desk, {DAYS})

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_roll_killed_at_any_point_ends_with_the_same_books(
    prepared: tuple[str, list[UUID]], databases: DatabaseFactory, redis_url: str, tmp_path: Path
) -> None:
    url, accounts = prepared
    with databases.copy(url) as copied:
        async with platform(copied, redis_url, tmp_path, venue=False) as desk:
            await roll(desk, DAYS)
            undisturbed = await dump()
        async with platform(url, redis_url, tmp_path, venue=False) as desk:
            for kill in range(1, KILLS + 1):
                await _kill_after(kill * DAYS, url, redis_url, tmp_path)
                assert len(await fetch("SELECT 1 FROM daily_statements")) < DAYS * len(accounts)
            await roll(desk, DAYS)
            assert await dump() == undisturbed
            await assert_proved(desk, *accounts)
            for account_id in accounts:
                assert len(await statements(account_id)) == DAYS


async def _kill_after(stated: int, url: str, redis_url: str, folder: Path) -> None:
    """Let another process roll days until a number of statements exists, then kill it at once."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, url, redis_url, str(folder), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await fetch("SELECT count(*) AS n FROM daily_statements"))[0]["n"] < stated:
                assert process.returncode is None, "it ended by itself"
                await asyncio.sleep(0.005)
    finally:
        process.kill()
        await process.wait()
