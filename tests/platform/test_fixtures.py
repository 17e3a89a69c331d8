"""The fixtures that every other test stands on."""

import asyncpg
import pytest
import redis

from tests.support.databases import DatabaseFactory


async def _tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        return [row["relname"] for row in rows]
    finally:
        await connection.close()


async def test_test_databases_are_separate(databases: DatabaseFactory) -> None:
    with databases.empty() as first, databases.empty() as second:
        connection = await asyncpg.connect(first)
        await connection.execute("CREATE TABLE only_here ()")
        await connection.close()
        assert await _tables(first) == ["only_here"]
        assert await _tables(second) == []
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await _tables(first)


async def test_the_application_owns_its_database_but_is_no_superuser(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    try:
        assert await connection.fetchval("SELECT usesuper FROM pg_user WHERE usename = current_user") is False
        assert await connection.fetchval("SHOW fsync") == "off"
    finally:
        await connection.close()


def test_redis_is_empty_at_the_start_of_a_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "behind")


def test_redis_is_empty_for_the_next_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
