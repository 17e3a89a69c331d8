"""Checks before anything is started: each failure is a CommandError in one line, without a password."""

import os
import pkgutil
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

import asyncpg
import redis

import migrations
from adapters.version import VERSION
from cli.errors import CommandError

OLDEST_POSTGRES = 15
CONNECT_SECONDS = 10.0


async def check_database(url: str) -> None:
    """The database answers, lets us in and is new enough."""
    try:
        connection = await _connect(url)
        try:
            version = connection.get_server_version()
            async with connection.transaction():
                encoding = await connection.fetchval("SHOW server_encoding")
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise CommandError(f"the database {_where(url)} cannot be used: {_reason(error)}") from None
    if version.major < OLDEST_POSTGRES:
        raise CommandError(
            f"the database {_where(url)} is PostgreSQL {version.major}; {OLDEST_POSTGRES} is the oldest supported "
            "version"
        )
    if encoding != "UTF8":
        raise CommandError(f"the database {_where(url)} has the encoding {encoding}; create it with UTF8")


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, statement_cache_size=0)


async def check_schema(url: str) -> None:
    """The database can be used and has every migration of this release, and none of a newer one."""
    await check_database(url)
    connection = await _connect(url)
    try:
        # One transaction: behind a pooler each has a session of its own.
        async with connection.transaction():
            applied = await applied_migrations(connection)
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
    wanted = known_migrations()
    missing = set(wanted) - set(applied)
    if missing:
        raise CommandError(
            f"the database {_where(url)} lacks {len(missing)} of {len(wanted)} migrations: run tradegraph migrate first"
        )
    _refuse_newer(url, applied)


async def check_upgrade(url: str) -> None:
    """The database can be used, and is not of a newer release: migrations may be applied."""
    await check_database(url)
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        _refuse_newer(url, await applied_migrations(connection))
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def _refuse_newer(url: str, applied: Sequence[str]) -> None:
    """A database of a newer release is not for this one.

    Raises:
        CommandError: it has migrations that this release does not know.
    """
    unknown = sorted(set(applied) - set(known_migrations()))
    if unknown:
        raise CommandError(
            f"the database {_where(url)} is of a newer release: it has {len(unknown)} migrations that release "
            f"{VERSION} does not know (the last is {unknown[-1]}); run that release, or restore a backup of this one"
        )


async def require_empty(url: str) -> int:
    """The database has no table; the major version of its server.

    Raises:
        CommandError: it has some.
    """
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        major = connection.get_server_version().major
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
    if tables:
        raise CommandError("the database is not empty: restore into a new data folder or a new database")
    return major


async def applied_migrations(connection: asyncpg.Connection) -> list[str]:
    """The migrations that a database has, in their order; none when it is empty."""
    there = await connection.fetchval("SELECT to_regclass('tortoise_migrations') IS NOT NULL")
    rows = await connection.fetch("SELECT name FROM tortoise_migrations ORDER BY name") if there else []
    return [row["name"] for row in rows]


def known_migrations() -> list[str]:
    """The migrations of this release, in their order."""
    return sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))


def check_redis(url: str) -> None:
    """The Redis-compatible server answers and lets us in."""
    try:
        client = redis.Redis.from_url(url, socket_timeout=CONNECT_SECONDS, socket_connect_timeout=CONNECT_SECONDS)
        with client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise CommandError(f"the Redis server {_where(url)} cannot be used: {_reason(error)}") from None


def check_port(host: str, port: int) -> None:
    """The address can be listened on."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        what = error.strerror or str(error)
        raise CommandError(
            f"cannot listen on {host} port {port} ({what}): "
            "stop what uses it, or set TRADEGRAPH_PORT or TRADEGRAPH_HOST"
        ) from None


def _where(url: str) -> str:
    """A server's address without its credentials."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:g} seconds"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error).rstrip(".") or type(error).__name__
