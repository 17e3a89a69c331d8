"""The process board: a key in Redis for each process's load, which disappears with its process.

A web process also has a slot, the lowest free number from 0 on, which labels its metrics. A new process takes the slot
of one that has ended. While Redis is away a process sees only itself.
"""

import asyncio
import os
import secrets
from collections.abc import Callable
from types import TracebackType
from typing import Self

import orjson
import structlog
from redis.asyncio import Redis

from adapters.redis.connection import ANSWER_TIMEOUT_SECONDS, REDIS_ERRORS, connection_pool
from domain.system.process_load import ProcessLoad

_PREFIX = "load:"
_FIGURES, _PLACE = "figures:", "place:"
_FIGURES_SECONDS = 2.0
_SHOW_SECONDS = 1.0
_LIVES_SECONDS = 5
MAX_PROCESSES = 1_000
_log = structlog.stdlib.get_logger("process")


class ProcessBoard:
    """This process's entry among the others."""

    def __init__(self, url: str) -> None:
        self._client = Redis(connection_pool=connection_pool(url))
        self._token = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._name = f"{_PREFIX}{self._token}"
        self.place = "0"
        self._is_placed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.connection_pool.disconnect()

    async def show(self, own: Callable[[], ProcessLoad]) -> None:
        """Show this process's load once a second, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                    await self._client.set(self._name, orjson.dumps(own().to_json()), ex=_LIVES_SECONDS)
            except REDIS_ERRORS as error:
                _log.warning("load cannot be published", error=str(error), seldom=True)
            await asyncio.sleep(_SHOW_SECONDS)

    async def show_figures(self, own: Callable[[], bytes]) -> None:
        """Show this process's figures every other second, at its place, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                    await self._take_place()
                    await self._client.set(f"{_FIGURES}{self.place}", own(), ex=_LIVES_SECONDS)
            except REDIS_ERRORS as error:
                _log.warning("metrics cannot be published", error=str(error), seldom=True)
            await asyncio.sleep(_FIGURES_SECONDS)

    async def _take_place(self) -> None:
        """Keep the place, or take the first that is free."""
        key = f"{_PLACE}{self.place}"
        if self._is_placed and await self._client.get(key) == self._token.encode():
            await self._client.expire(key, _LIVES_SECONDS)
            return
        self._is_placed = False
        for number in range(MAX_PROCESSES):
            if await self._client.set(f"{_PLACE}{number}", self._token, nx=True, ex=_LIVES_SECONDS):
                self.place, self._is_placed = str(number), True
                return

    async def figures_of_others(self) -> dict[str, str]:
        """The figures of the other processes by their places; none while Redis is away."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                names = [name async for name in self._client.scan_iter(f"{_FIGURES}*", count=MAX_PROCESSES)]
                shown = await self._client.mget(names[:MAX_PROCESSES]) if names else []
        except REDIS_ERRORS as error:
            _log.warning("metrics cannot be read", error=str(error), seldom=True)
            return {}
        places = [name.decode().removeprefix(_FIGURES) for name in names]
        found = {place: text.decode() for place, text in zip(places, shown, strict=False) if text is not None}
        found.pop(self.place, None)
        return found

    async def others(self) -> list[ProcessLoad]:
        """The loads of the other processes; none while Redis is away."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                names = [
                    name
                    async for name in self._client.scan_iter(f"{_PREFIX}*", count=MAX_PROCESSES)
                    if name != self._name.encode()
                ]
                shown = await self._client.mget(names[:MAX_PROCESSES]) if names else []
        except REDIS_ERRORS as error:
            _log.warning("loads cannot be read", error=str(error), seldom=True)
            return []
        return [load for text in shown if (load := _read(text)) is not None]


def _read(text: bytes | None) -> ProcessLoad | None:
    if text is None:
        return None
    try:
        return ProcessLoad.from_json(orjson.loads(text))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        # Another release's.
        return None
