"""Keeps the private servers up while the platform runs: one that dies is started again, on the same port and files."""

import threading
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from adapters.embedded import EmbeddedError

_LOOK_SECONDS = 0.2
_PAUSE_SECONDS = 2.0


class Server(Protocol):
    """A private server, as far as this is concerned."""

    @property
    def name(self) -> str:
        """What to call it."""

    @property
    def running(self) -> bool:
        """True if its process is there."""

    def start(self) -> None:
        """Start it and wait until it can be used."""

    def stop(self) -> None:
        """Stop it, also while it is still starting."""


class Keeper:
    """Watches servers in a thread for as long as the context lasts."""

    def __init__(self, servers: Sequence[Server], say: Callable[[str], None]) -> None:
        self._servers = servers
        self._say = say
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="keeper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._leaving.set()
        self._thread.join(_LOOK_SECONDS)
        while self._thread.is_alive():
            # It waits for a server to recover; nobody needs that one any more.
            for server in self._servers:
                server.stop()
            self._thread.join(_LOOK_SECONDS)

    def _watch(self) -> None:
        while not self._leaving.wait(_LOOK_SECONDS):
            for server in self._servers:
                if not server.running and not self._leaving.is_set():
                    self._restart(server)

    def _restart(self, server: Server) -> None:
        self._say(f"the private {server.name} has ended; starting it again")
        try:
            server.start()
        except EmbeddedError as error:
            if not self._leaving.is_set():
                self._say(f"{error}; trying again in {_PAUSE_SECONDS:g} s")
                self._leaving.wait(_PAUSE_SECONDS)
        else:
            self._say(f"the private {server.name} is back")
