"""The message bus over Redis pub/sub: one publishing task and one listening connection per process.

Guarantees: sending never waits, never fails, and keeps order; each listener's queue is bounded. A listener that may
have missed messages, because it was too slow or because the connection was made again, gets ``LOST`` in their place, so
that it reads the database and continues.
"""

import asyncio
import contextvars
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from types import TracebackType
from typing import Any, Self, cast

import structlog
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from adapters.redis.connection import ANSWER_TIMEOUT_SECONDS, REDIS_ERRORS, connection_pool
from adapters.redis.raw_connection import RawConnection, open_raw
from domain.kernel.bus import LOST, Message
from domain.kernel.concurrency import end_tasks, run_until_one_ends
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import REDIS

_log = structlog.get_logger(__name__)
_BATCH = 500
# Entering a listener waits this long for the server to confirm; without a server it enters and hears LOST later.
_CONFIRM_TIMEOUT_SECONDS = 2.0
# A silent server is asked for an answer after this, and given up after the same time once more.
_IDLE_SECONDS = 3.0


class Listener:
    """A bounded queue of messages for one reader. At the bound all waiting messages are replaced by one ``LOST``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._closed = False

    def offer(self, message: Message) -> bool:
        """Queue a message; False if the queue was full and was replaced by ``LOST``."""
        kept = len(self._waiting) < self._limit
        if not kept:
            self.lose()
        else:
            self._waiting.append(message)
            self._filled.set()
        return kept

    def lose(self) -> None:
        """Replace the waiting messages by ``LOST``: the reader then reads the database, which includes them."""
        self._waiting.clear()
        self._waiting.append(LOST)
        self._filled.set()

    def close(self) -> None:
        """End the reader's iteration after the waiting messages."""
        self._closed = True
        self._filled.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()


class _Publisher:
    """Sends queued messages, in order, many in one piece; keeps those that the server did not confirm."""

    def __init__(self, pool: ConnectionPool, limit: int) -> None:
        self._pool = pool
        self._limit = limit
        self._waiting: deque[Message] = deque()
        self._filled = asyncio.Event()
        self._in_flight = 0
        self.sent = 0
        self.dropped = 0

    def send(self, messages: Sequence[Message]) -> None:
        self._waiting.extend(messages)
        surplus = len(self._waiting) - self._limit
        if surplus > 0:
            self.dropped += surplus
            # The oldest go first, except those of the batch under way, which sit in front until they are confirmed.
            for _ in range(surplus):
                del self._waiting[min(self._in_flight, len(self._waiting) - 1)]
        self._filled.set()

    async def flush(self) -> None:
        """Send the queued messages over a connection of their own; unconfirmed ones stay."""
        if self._waiting:
            async with open_raw(self._pool) as connection:
                await self._send_waiting(connection)

    async def run(self) -> None:
        backoff, down = Backoff(REDIS), False
        while True:
            await self._filled.wait()
            try:
                async with open_raw(self._pool) as connection:
                    while not connection.is_closed:
                        self._filled.clear()
                        await self._send_waiting(connection)
                        if down:
                            _log.info("bus publishes again", dropped=self.dropped)
                        down = False
                        backoff.succeeded()
                        await self._filled.wait()
            except REDIS_ERRORS as error:
                if not down:
                    _log.warning("bus cannot publish, will retry", error=str(error))
                down = True
                self._filled.set()
                await backoff.wait()

    async def _send_waiting(self, connection: RawConnection) -> None:
        while self._waiting:
            count = self._in_flight = min(_BATCH, len(self._waiting))
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                    await connection.send(*(("PUBLISH", *message) for message in islice(self._waiting, count)))
                    while self._in_flight:
                        self._confirm(await connection.replies())
            finally:
                self._in_flight = 0

    def _confirm(self, replies: Sequence[object]) -> None:
        for reply in replies:
            if isinstance(reply, RedisError):
                raise reply
            self._waiting.popleft()
            self._in_flight -= 1
            self.sent += 1


class _Subscriptions:
    """All listeners of the process over one connection."""

    def __init__(self, pool: ConnectionPool, limit: int) -> None:
        self._pool = pool
        self._limit = limit
        self._listeners: dict[str, set[Listener]] = {}
        # Commands to the server, None while there is no connection.
        self._commands: asyncio.Queue[tuple[str, ...]] | None = None
        # Subscriptions sent and not yet confirmed, by channel.
        self._unconfirmed: Counter[str] = Counter()
        self._confirmed = asyncio.Condition()
        self._entered: set[Listener] = set()
        # Who has to hear LOST as soon as every subscription is confirmed.
        self._interrupted: set[Listener] = set()
        # Counts what the server has sent.
        self._heard = 0
        self.lost = 0

    @asynccontextmanager
    async def listen(self, channels: Sequence[str]) -> AsyncIterator[Listener]:
        listener = Listener(self._limit)
        self._add(listener, channels)
        try:
            await self._wait_confirmed(listener, channels)
            self._entered.add(listener)
            yield listener
        finally:
            self._remove(listener, channels)
            listener.close()

    def close(self) -> None:
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.close()

    def _add(self, listener: Listener, channels: Sequence[str]) -> None:
        new = [channel for channel in channels if channel not in self._listeners]
        for channel in channels:
            self._listeners.setdefault(channel, set()).add(listener)
        self._subscribe(new)

    def _subscribe(self, channels: Iterable[str]) -> None:
        wanted = tuple(dict.fromkeys(channels))
        if wanted and self._commands is not None:
            self._unconfirmed.update(wanted)
            self._commands.put_nowait(("SUBSCRIBE", *wanted))

    def _remove(self, listener: Listener, channels: Sequence[str]) -> None:
        self._entered.discard(listener)
        self._interrupted.discard(listener)
        for channel in dict.fromkeys(channels):
            listeners = self._listeners[channel]
            listeners.discard(listener)
            if not listeners:
                del self._listeners[channel]
                if self._commands is not None:
                    self._commands.put_nowait(("UNSUBSCRIBE", channel))

    async def _wait_confirmed(self, listener: Listener, channels: Sequence[str]) -> None:
        def confirmed() -> bool:
            return self._commands is not None and not any(self._unconfirmed[channel] for channel in channels)

        try:
            async with asyncio.timeout(_CONFIRM_TIMEOUT_SECONDS), self._confirmed:
                await self._confirmed.wait_for(confirmed)
        except TimeoutError:
            # The server is away or slow: the listener hears LOST once it is forwarding.
            self._interrupted.add(listener)

    async def run(self) -> None:
        backoff, first, down = Backoff(REDIS), True, False
        while True:
            try:
                async with open_raw(self._pool) as connection:
                    _log.info("bus listens", reconnected=not first)
                    down = False
                    await self._serve(connection, backoff)
            except Exception as error:  # noqa: BLE001  whatever it was, without this task the process is deaf
                if not down:
                    _log.warning("bus cannot listen, will retry", error=repr(error))
                down = True
            finally:
                self._commands = None
            first = False
            await backoff.wait()

    async def _serve(self, connection: RawConnection, backoff: Backoff) -> None:
        commands = self._commands = asyncio.Queue()
        self._unconfirmed.clear()
        # Whoever is still waiting to enter has missed nothing.
        self._interrupted = self._interrupted | self._entered
        self._subscribe(self._listeners)
        async with self._confirmed:
            self._confirmed.notify_all()
        await run_until_one_ends(
            self._write(connection, commands), self._read(connection, backoff), self._ask_when_silent(commands)
        )

    async def _write(self, connection: RawConnection, commands: asyncio.Queue[tuple[str, ...]]) -> None:
        while True:
            await connection.send(await commands.get())

    async def _ask_when_silent(self, commands: asyncio.Queue[tuple[str, ...]]) -> None:
        """Ask the server for an answer when nothing has come for a while; raise if there is none."""
        asked = False
        while True:
            heard = self._heard
            await asyncio.sleep(_IDLE_SECONDS)
            if self._heard != heard:
                asked = False
            elif asked:
                raise ConnectionError("the server does not answer")
            else:
                asked = True
                commands.put_nowait(("PING",))

    async def _read(self, connection: RawConnection, backoff: Backoff) -> None:
        while True:
            if self._interrupted and not self._unconfirmed.total():
                # Only now does the server forward everything: whoever reads the truth from here on misses nothing.
                self._tell_lost()
            responses = await connection.replies()
            self._heard += 1
            backoff.succeeded()
            if self._take(responses):
                async with self._confirmed:
                    self._confirmed.notify_all()

    def _take(self, responses: Sequence[Any]) -> bool:
        """Give messages to their listeners; True if subscriptions were confirmed."""
        confirmed = False
        for response in responses:
            if isinstance(response, RedisError):
                raise response
            kind = response[0]
            if kind == b"message":
                channel, payload = cast(bytes, response[1]).decode(), cast(bytes, response[2])
                for listener in self._listeners.get(channel, ()):
                    if not listener.offer((channel, payload)):
                        self.lost += 1
            elif kind == b"subscribe":
                self._unconfirmed[cast(bytes, response[1]).decode()] -= 1
                confirmed = True
        return confirmed

    def _tell_lost(self) -> None:
        for listener in self._interrupted:
            listener.lose()
            self.lost += 1
        self._interrupted = set()


class RedisBus:
    """``domain.kernel.bus.Bus`` over Redis. Open it as a context before anybody listens.

    Counters for the metrics: ``sent`` and ``dropped`` messages, ``lost`` notices given to listeners.
    """

    def __init__(self, url: str, *, max_unsent: int = 50_000, max_unheard: int = 10_000) -> None:
        self._pool = connection_pool(url)
        self._publisher = _Publisher(self._pool, max_unsent)
        self._subscriptions = _Subscriptions(self._pool, max_unheard)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def sent(self) -> int:
        """Number of messages that the server has taken."""
        return self._publisher.sent

    @property
    def dropped(self) -> int:
        """Number of messages dropped because too many waited."""
        return self._publisher.dropped

    @property
    def lost(self) -> int:
        """Number of ``LOST`` notices given to listeners."""
        return self._subscriptions.lost

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        # A context of their own: they must not inherit the opener's request or transaction.
        self._tasks = [
            loop.create_task(run(), context=contextvars.Context())
            for run in (self._publisher.run, self._subscriptions.run)
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await end_tasks(*self._tasks)
        self._subscriptions.close()
        try:
            async with asyncio.timeout(1):
                await self._publisher.flush()
        except REDIS_ERRORS:
            pass  # The server is away, and what is left was only ever a hint.
        await self._pool.disconnect()

    def send(self, messages: Sequence[Message]) -> None:
        """Queue messages, in order; the oldest are dropped when the bus is down for long."""
        self._publisher.send(messages)

    @asynccontextmanager
    async def listen(self, *channels: str) -> AsyncIterator[AsyncIterator[Message]]:
        """Messages of ``channels`` from the moment the context is entered, and ``LOST`` where some may be missing."""
        async with self._subscriptions.listen(channels) as listener:
            yield listener
