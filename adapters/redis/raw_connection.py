"""Connections to Redis for tasks that send or hear much: packed commands out, whole reads in.

redis-py makes the connection, with its password, its database and TLS. Its commands cost a timeout, a future and a
call of the parser for each reply; here one read takes all replies that have come.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import hiredis
from redis.asyncio import ConnectionPool
from redis.exceptions import InvalidResponse, RedisError, ResponseError

from adapters.redis.connection import ANSWER_TIMEOUT_SECONDS

_READ_BYTES = 65_536
_NOTHING = object()
# Its annotation knows commands of one word only.
_pack = cast(Callable[[tuple[str | bytes, ...]], bytes], hiredis.pack_command)


class RawConnection:
    """An open connection; errors of the server are replies (``ResponseError``), errors of the connection are raised."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._replies = hiredis.Reader(InvalidResponse, ResponseError, notEnoughData=_NOTHING)

    @property
    def is_closed(self) -> bool:
        """True if the server has closed the connection."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def send(self, *commands: tuple[str | bytes, ...]) -> None:
        """Send commands, in order, as one piece; returns when there is room for more."""
        self._writer.write(b"".join(map(_pack, commands)))
        await self._writer.drain()

    async def replies(self) -> list[Any]:
        """Wait for data and return the replies that are complete, in order; there may be none.

        Raises:
            ConnectionError: the server has closed the connection.
            InvalidResponse: the server sent something else than its protocol.
        """
        data = await self._reader.read(_READ_BYTES)
        if not data:
            raise ConnectionError("the server has closed the connection")
        self._replies.feed(data)
        found: list[Any] = []
        while (reply := self._replies.gets()) is not _NOTHING:
            found.append(reply)
        return found


@asynccontextmanager
async def open_raw(pool: ConnectionPool) -> AsyncIterator[RawConnection]:
    """A connection as those of ``pool`` are, closed at the end.

    Raises:
        RedisError, OSError, TimeoutError: the server cannot be reached, or refuses.
    """
    connection = cast(Any, pool).make_connection()
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            await connection.connect()
        yield RawConnection(connection._reader, connection._writer)
    finally:
        await connection.disconnect(nowait=True)


class KeptConnection:
    """Commands and their replies, one at a time, over a connection that is kept and made again when it is lost."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._turn = asyncio.Lock()
        self._open = AsyncExitStack()
        self._connection: RawConnection | None = None

    async def ask(self, *command: str | bytes) -> Any:
        """The reply to a command.

        Raises:
            RedisError, OSError, TimeoutError: the server cannot be reached, or refuses.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                    reply = await self._exchange(command)
            except BaseException:
                # The reply may still come, and is not the one to the next command.
                await self.close()
                raise
        if isinstance(reply, RedisError):
            raise reply
        return reply

    async def close(self) -> None:
        """Close the connection; the next command opens another one."""
        self._connection = None
        await self._open.aclose()

    async def _exchange(self, command: tuple[str | bytes, ...]) -> Any:
        if self._connection is None or self._connection.is_closed:
            await self.close()
            self._connection = await self._open.enter_async_context(open_raw(self._pool))
        await self._connection.send(command)
        replies: list[Any] = []
        while not replies:
            replies = await self._connection.replies()
        return replies[0]
