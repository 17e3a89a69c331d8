"""The tick stream over one capped Redis Stream: ``domain.market.stream.TickStream``.

Why a stream and not pub/sub: docs/adr/0001-one-tick-stream.md. Bounds: the newest ``max_entries`` entries of at most
``MAX_TICKS_PER_ENTRY`` ticks each; readers hold one reply at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self, cast

import structlog
from redis.asyncio import Redis

from adapters.redis.connection import ANSWER_TIMEOUT_SECONDS, REDIS_ERRORS, connection_pool
from adapters.redis.raw_connection import KeptConnection
from adapters.redis.tick_codec import decode_ticks, encode_ticks
from domain.kernel.errors import Unavailable
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import REDIS
from domain.market.stream import BEGINNING, PositionedTick, order_of
from domain.market.types import StreamTick

_log = structlog.get_logger(__name__)

MAX_TICKS_PER_ENTRY = 64
_KEY = "ticks"
_CONSUMERS_KEY = "ticks:consumers"
_FIELD = b"d"
_ENTRIES_PER_READ = 16
_BLOCK_SECONDS = 1.0
_POLL_SECONDS = 0.005
_CLOCK_TOLERANCE_MILLISECONDS = 1_000

_Entry = tuple[bytes, dict[bytes, bytes]]


class RedisTickStream:
    """Publish and read ticks. Open it as a context; every reader holds a connection of its own."""

    def __init__(self, url: str, *, max_entries: int = 10_000) -> None:
        self._max_entries = max_entries
        pool = connection_pool(url)
        self._client = Redis(connection_pool=pool)
        # A venue drains the stream in each of its steps: redis-py's own way takes twice as long.
        self._drain = KeptConnection(pool)
        self._undrained = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._drain.close()
        await self._client.connection_pool.disconnect()

    async def publish(self, ticks: Sequence[StreamTick], *, source: str = "") -> str:
        """Append ``ticks`` of one source, together and in order, and return the position of the last.

        Raises:
            Unavailable: Redis cannot be reached; whether the ticks were taken is then unknown.
        """
        if not ticks:
            return await self.last_position()
        # One transaction, so that a batch which needs several entries is still there whole or not at all.
        pipeline = self._client.pipeline(transaction=len(ticks) > MAX_TICKS_PER_ENTRY)
        for start in range(0, len(ticks), MAX_TICKS_PER_ENTRY):
            payload = encode_ticks(ticks[start : start + MAX_TICKS_PER_ENTRY], source)
            pipeline.xadd(_KEY, {_FIELD: payload}, maxlen=self._max_entries, approximate=True)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                positions = await pipeline.execute()
        except REDIS_ERRORS as error:
            raise Unavailable("The market data stream cannot be reached; try again.") from error
        return cast(bytes, positions[-1]).decode()

    async def read(self, after: str, *, consumer: str | None = None) -> AsyncIterator[list[PositionedTick]]:
        """Ticks after ``after``, without end, in lists that hold whole batches.

        A lost connection is made again and reading continues without a gap, as far back as the stream reaches.
        """
        position, backoff, connected = after, Backoff(REDIS), False
        while True:
            try:
                if not connected:
                    position = await self._known(position)
                entries = await self._next(position, consumer)
            except REDIS_ERRORS as error:
                if connected:
                    _log.warning("tick stream lost, will retry", consumer=consumer, error=str(error), seldom=True)
                connected = False
                await backoff.wait()
                continue
            connected = True
            backoff.succeeded()
            if entries:
                # Advanced before the reader has them: if it fails on them, it chooses itself where to go on.
                position = entries[-1][0].decode()
                if ticks := _positioned(entries):
                    yield ticks

    async def drain(self, after: str) -> list[PositionedTick]:
        """Ticks after ``after`` that are there now, without waiting; empty when Redis cannot be reached."""
        try:
            reply = await self._drain.ask("XREAD", "STREAMS", _KEY, after)
        except REDIS_ERRORS as error:
            # Once for each time that it goes away: a venue asks before everything that it does.
            if not self._undrained:
                _log.warning("tick stream cannot be drained", error=str(error), seldom=True)
            self._undrained = True
            return []
        self._undrained = False
        entries = reply[0][1] if reply else []
        return _positioned([(position, dict(zip(parts[::2], parts[1::2], strict=True))) for position, parts in entries])

    async def last_position(self) -> str:
        """The position of the newest tick, ``BEGINNING`` if there is none or Redis cannot be reached."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                newest = await self._client.xrevrange(_KEY, count=1)
        except REDIS_ERRORS:
            return BEGINNING
        return cast(bytes, newest[0][0]).decode() if newest else BEGINNING

    async def answers(self) -> bool:
        """True if Redis can be reached."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                return bool(await cast(Any, self._client.ping()))
        except REDIS_ERRORS:
            return False

    async def caught_up(self, position: str, *, patience_seconds: float = 5.0) -> None:
        """Wait until every named consumer has taken ``position``.

        This is how a source that could go faster than its readers keeps within the bounded stream. A consumer that
        stands still for ``patience_seconds`` is taken for dead and no longer waited for.
        """
        clock = asyncio.get_running_loop().time
        seen: dict[bytes, tuple[bytes, float]] = {}
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                    taken = await cast(Any, self._client.hgetall(_CONSUMERS_KEY))
            except REDIS_ERRORS:
                return  # Nobody can read either; publishing will say so.
            behind = {name: at for name, at in taken.items() if order_of(at.decode()) < order_of(position)}
            if not behind:
                return
            for name, at in behind.items():
                if name not in seen or seen[name][0] != at:
                    seen[name] = (at, clock())
                elif clock() - seen[name][1] > patience_seconds:
                    _log.warning("tick consumer makes no progress and is no longer waited for", consumer=name.decode())
                    await cast(Any, self._client.hdel(_CONSUMERS_KEY, name))
            await asyncio.sleep(_POLL_SECONDS)

    async def _next(self, position: str, consumer: str | None) -> list[_Entry]:
        pipeline = self._client.pipeline(transaction=False)
        if consumer is not None:
            pipeline.hset(_CONSUMERS_KEY, consumer, position)
        pipeline.xread({_KEY: position}, count=_ENTRIES_PER_READ, block=int(_BLOCK_SECONDS * 1_000))
        async with asyncio.timeout(_BLOCK_SECONDS + ANSWER_TIMEOUT_SECONDS):
            return _entries((await pipeline.execute())[-1])

    async def _known(self, position: str) -> str:
        """``position``, unless it lies in the future of the server's clock, where no tick would come for long."""
        async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
            seconds, microseconds = await self._client.time()
        now = seconds * 1_000 + microseconds // 1_000
        if order_of(position)[0] <= now + _CLOCK_TOLERANCE_MILLISECONDS:
            return position
        _log.warning("tick position is ahead of the clock of the server, starting again", position=position)
        return BEGINNING


def _entries(reply: Any) -> list[_Entry]:
    return cast(list[_Entry], reply[0][1]) if reply else []


def _positioned(entries: Sequence[_Entry]) -> list[PositionedTick]:
    ticks: list[PositionedTick] = []
    for identifier, fields in entries:
        position = identifier.decode()
        try:
            ticks += [(position, tick) for tick in decode_ticks(fields[_FIELD])]
        except (ValueError, KeyError) as error:
            _log.warning("unreadable entry in the tick stream", position=position, error=str(error))
    return ticks
