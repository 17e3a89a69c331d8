"""The first start of a simulated market opens one account with money in it; later starts and real markets open none."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from adapters.embedded import EmbeddedServices
from adapters.settings.loading import load_settings
from cli.prepare import _checked
from tests.support.databases import DatabaseFactory


@pytest.mark.parametrize(("feed", "accounts"), [("sim", [("Demo", "USDT", 100_000)]), ("off", [])])
def test_the_first_start_opens_a_demo_account(
    databases: DatabaseFactory,
    services: EmbeddedServices,
    tmp_path: Path,
    feed: str,
    accounts: list[tuple[str, str, int]],
) -> None:
    with databases.migrated() as database_url:
        settings = load_settings(
            {
                "DATABASE_URL": database_url,
                "REDIS_URL": services.redis_url,
                "TRADEGRAPH_DATA_DIR": str(tmp_path),
                "TRADEGRAPH_ADMIN_EMAIL": "first@example.com",
                "TRADEGRAPH_ADMIN_PASSWORD": "correct horse battery staple",
                "TRADEGRAPH_SECRET": "0123456789abcdef" * 4,
                "TRADEGRAPH_FEED": feed,
            }
        )
        for _ in range(2):
            asyncio.run(_checked(settings))
        assert asyncio.run(_accounts(database_url)) == accounts


async def _accounts(database_url: str) -> list[tuple[str, str, int]]:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT name, currency, cash FROM accounts")
    finally:
        await connection.close()
    return [(row["name"], row["currency"], int(row["cash"])) for row in rows]
