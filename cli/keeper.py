"""The keeper of private servers: one that dies is started again, on the same port and files."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from adapters.embedded import EmbeddedError

_LOOK_SECONDS = 0.2
_PAUSE_SECONDS = 2.0


class Server(Protocol):
    """A private server, as the keeper sees it."""

    @property
    def name(self) -> str:
        """Its name in messages."""

    @property
    def running(self) -> bool:
        """True if its process exists."""

    def start(self) -> None:
        """Start it and wait until it is usable."""

    def stop(self) -> None:
        """Stop it, also while it is still starting."""


class Keeper:
    """Watches servers, each in a thread, for as long as the context lasts."""

    def __init__(self, servers: Sequence[Server], say: Callable[[str], None]) -> None:
        self._servers = servers
        self._say = say
        self._leaving = threading.Event()
        self._starting: set[str] = set()
        self._threads = [
            threading.Thread(target=self._watch, args=(server,), name="keeper", daemon=True) for server in servers
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._leaving.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            thread.join(_LOOK_SECONDS)
            while thread.is_alive():
                # It waits for the server to recover; nobody needs that one any more.
                server.stop()
                thread.join(_LOOK_SECONDS)

    @property
    def all_up(self) -> bool:
        """True if every server runs and has recovered: processes that need them cannot start before."""
        return not self._starting and all(server.running for server in self._servers)

    def _watch(self, server: Server) -> None:
        while not self._leaving.wait(_LOOK_SECONDS):
            if not server.running and not self._leaving.is_set():
                self._starting.add(server.name)
                if self._restart(server):
                    self._starting.discard(server.name)

    def _restart(self, server: Server) -> bool:
        self._say(f"the private {server.name} has ended; starting it again")
        try:
            server.start()
        except EmbeddedError as error:
            if not self._leaving.is_set():
                self._say(f"{error}; trying again in {_PAUSE_SECONDS:g} s")
                self._leaving.wait(_PAUSE_SECONDS)
            return False
        self._say(f"the private {server.name} is back")
        return True
