"""One platform of `tradegraph up`, its processes by name, and what it takes to come back after they were killed."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from adapters.embedded.ports import LOOPBACK
from tests.support.ports import free_port
from tests.support.processes import Running, running

OURS = ("web", "engine", "worker")
SERVERS = ("postgres", "valkey-server")
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Restart:
    """Seconds until the API was ready again, and processor time that the new web process had used by then."""

    seconds: float
    web_cpu_seconds: float


class Drill:
    """Kills, and waits until the API is ready again."""

    def __init__(self, up: Running, port: int) -> None:
        self._up = up
        self._port = port

    def process(self, name: str) -> psutil.Process | None:
        """One of ours by its command, or a private server by its program."""
        for each in self._up.descendants():
            try:
                if each.status() == psutil.STATUS_ZOMBIE:
                    continue
                found = each.name() == name and each.parent().pid == self._up.pid if name in SERVERS else False
                if found or (name in OURS and f"tradegraph {name}" in " ".join(each.cmdline())):
                    return each
            except psutil.NoSuchProcess:
                continue
        return None

    def kill(self, *names: str) -> Restart:
        """End them without warning, all in one moment."""
        doomed = [self._there(name) for name in names]
        began = time.monotonic()
        for process in doomed:
            process.kill()
        for name, process in zip(names, doomed, strict=True):
            self._wait(lambda name=name, process=process: self.process(name) not in (None, process))  # type: ignore[misc]
        self._wait(self.is_ready)
        seconds = time.monotonic() - began
        times = self._there("web").cpu_times()
        return Restart(seconds, times.user + times.system)

    def is_ready(self) -> bool:
        """Whether the API can answer."""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=3)
        try:
            connection.request("GET", "/readyz?exclude=engine")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _there(self, name: str) -> psutil.Process:
        self._wait(lambda: self.process(name) is not None)
        process = self.process(name)
        assert process is not None
        return process

    def _wait(self, condition: object) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():  # type: ignore[operator]
            assert time.monotonic() < deadline, self._up.output
            time.sleep(0.01)


@contextmanager
def drilled(folder: Path, web_processes: int = 1) -> Iterator[Drill]:
    """A platform of its own in this folder, ready; the first of several web processes is killed with all of them."""
    port = free_port()
    environment = {
        "TRADEGRAPH_DATA_DIR": str(folder / "data"),
        "TRADEGRAPH_HOST": LOOPBACK,
        "TRADEGRAPH_PORT": str(port),
        "TRADEGRAPH_WEB_PROCESSES": str(web_processes),
    }
    with running(["up"], environment) as up:
        up.wait_for_line(lambda line: line == "ready", PATIENCE_SECONDS)
        yield Drill(up, port)
        assert up.stop() == 0
