"""What can be found out before anything is started: each failure is a CommandError in one line, without a password."""

import os
import pkgutil
import socket
from urllib.parse import urlsplit

import asyncpg
import redis

import migrations
from cli.errors import CommandError

OLDEST_POSTGRES = 15
CONNECT_SECONDS = 10.0


async def check_database(url: str) -> None:
    """The database answers, lets us in and is new enough."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
        try:
            version = connection.get_server_version()
            encoding = await connection.fetchval("SHOW server_encoding")
        finally:
            await connection.close(timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise CommandError(f"the database {_where(url)} cannot be used: {_reason(error)}") from None
    if version.major < OLDEST_POSTGRES:
        raise CommandError(
            f"the database {_where(url)} is PostgreSQL {version.major}; {OLDEST_POSTGRES} is the oldest that will do"
        )
    if encoding != "UTF8":
        raise CommandError(f"the database {_where(url)} has the encoding {encoding}; create it with UTF8")


async def check_schema(url: str) -> None:
    """The database can be used and has every migration of this release."""
    await check_database(url)
    connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
    try:
        there = await connection.fetchval("SELECT to_regclass('tortoise_migrations') IS NOT NULL")
        applied = await connection.fetch("SELECT name FROM tortoise_migrations") if there else []
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
    wanted = {module.name for module in pkgutil.iter_modules(migrations.__path__)}
    missing = wanted - {row["name"] for row in applied}
    if missing:
        raise CommandError(
            f"the database {_where(url)} lacks {len(missing)} of {len(wanted)} migrations: run tradegraph migrate first"
        )


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
