"""A TCP proxy between processes and a server, which delays, swallows or cuts what passes when it is told to."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_PIECE_BYTES = 65_536
_DELAY_SECONDS = 0.3


class Mode(StrEnum):
    """The treatment of passing bytes."""

    PASS = "pass"
    DELAY = "delay"
    # It is taken and goes nowhere: neither side learns that the other does not hear it.
    SWALLOW = "swallow"
    # Connections are cut, and new ones refused.
    CUT = "cut"


class Proxy:
    """Listens on a port of its own and stands for the server of ``url``; it lives in a thread with its own loop."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._target = (parts.hostname, parts.port)
        self._mode = Mode.PASS
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        port = self._server.sockets[0].getsockname()[1]
        place = parts.netloc.rpartition("@")[0]
        self.url = urlunsplit(parts._replace(netloc=f"{place}@127.0.0.1:{port}" if place else f"127.0.0.1:{port}"))

    def set(self, mode: Mode) -> None:
        """Set the mode. Connections with swallowed bytes are cut when the proxy passes bytes again."""
        self._do(self._set(mode))

    def close(self) -> None:
        """End all of it."""
        self._do(self._set(Mode.CUT))
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _set(self, mode: Mode) -> None:
        before, self._mode = self._mode, mode
        if mode is Mode.CUT or before is Mode.SWALLOW:
            for writer in list(self._writers):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode is Mode.CUT:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            for each in (writer, back):
                self._writers.discard(each)
                each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(_PIECE_BYTES):
                if self._mode is Mode.DELAY:
                    await asyncio.sleep(_DELAY_SECONDS)
                if self._mode is not Mode.SWALLOW:
                    writer.write(data)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()


@contextmanager
def proxy(url: str) -> Iterator[Proxy]:
    """A proxy for the server of ``url``."""
    made = Proxy(url)
    try:
        yield made
    finally:
        made.close()
