"""The launcher's side of `cli/fork_server.py`: starts it, starts it again when it dies, and asks it for processes.

Forked processes outlive the fork server, and their end is noticed without it. Where a system has no descriptors of
processes (only Linux has), or the fork server does not work, ``start`` gives none: then a process is started by itself.
"""

import json
import os
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import BinaryIO, Self

from cli.processes import PROJECT

MAX_MESSAGE = 1 << 20
# A fork takes milliseconds; a fork server that does not answer for so long stands still and is replaced.
_ANSWER_SECONDS = 3.0
_STATUS_SECONDS = 1.0
_MAX_FAILURES = 3
_OWN = re.compile(r"exec tradegraph((?: [\w.=:/-]+)+)")
# Threads cannot be forked, and the libraries below numpy start some.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}


def own_arguments(command: str) -> list[str] | None:
    """The arguments of a Procfile's line that runs nothing but our own command; None for any other line."""
    found = _OWN.fullmatch(command.strip())
    return found[1].split() if found else None


class Forked:
    """A process that was forked for us, not by us; like ``Popen`` as far as the launcher needs it."""

    def __init__(self, pid: int, stdout: BinaryIO, server: "_Server") -> None:
        self.pid = pid
        self.stdout = stdout
        self._server = server
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor = -1

    def wait(self) -> int:
        """Wait for its end: its exit code, or the negative number of a signal.

        Only the fork server knows it; when that has died as well, the process counts as killed.
        """
        if self._descriptor >= 0:
            select.select([self._descriptor], [], [])
            os.close(self._descriptor)
        status = self._server.status_of(self.pid)
        return -signal.SIGKILL if status is None else status


class _Server:
    """One fork server: its process, the socket to it, and the thread that reads its messages."""

    def __init__(self, environment: Mapping[str, str], answer_seconds: float, status_seconds: float) -> None:
        self._answer_seconds, self._status_seconds = answer_seconds, status_seconds
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.fork_server", str(theirs.fileno())],
                cwd=PROJECT,
                env={**environment, **_ONE_THREAD},
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self.loaded = False
        self.gone = False
        self._pids: queue.Queue[int | None] = queue.Queue()
        self._statuses: dict[int, int] = {}
        self._news = threading.Condition()
        self._listener = threading.Thread(target=self._listen, name="fork server", daemon=True)
        self._listener.start()

    def fork(self, request: Mapping[str, object], descriptors: Sequence[int]) -> int | None:
        """The process that it has forked; None when it does not answer."""
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], list(descriptors))
            return self._pids.get(timeout=self._answer_seconds)
        except (OSError, queue.Empty):
            return None

    def status_of(self, pid: int) -> int | None:
        """The exit status of a process, given once; None when it is unknown."""
        with self._news:
            self._news.wait_for(lambda: pid in self._statuses or self.gone, self._status_seconds)
            return self._statuses.pop(pid, None)

    def end(self) -> None:
        """End the fork server; the forked processes continue, except one that was reported too late."""
        self._process.kill()
        self._process.wait()
        # Its end of the socket is closed, so the listener ends too.
        self._listener.join()
        self._control.close()
        while not self._pids.empty():
            # Another process does its work: two of them must not run.
            if (pid := self._pids.get_nowait()) is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _listen(self) -> None:
        with suppress(OSError):
            while message := self._control.recv(MAX_MESSAGE):
                self._hear(json.loads(message))
        with self._news:
            self.gone = True
            self._news.notify_all()
        self._pids.put(None)

    def _hear(self, message: Mapping[str, int]) -> None:
        if "pid" in message:
            self._pids.put(message["pid"])
        elif "ended" in message:
            with self._news:
                self._statuses[message["ended"]] = message["status"]
                self._news.notify_all()
        else:
            self.loaded = True


class Forks:
    """The parent of forked processes, as a context.

    Args:
        environment: the environment of the fork server.
        answer_seconds: the time after which a fork server that does not answer is replaced.
        status_seconds: the time that an exit status may take, after the end of a process.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        answer_seconds: float = _ANSWER_SECONDS,
        status_seconds: float = _STATUS_SECONDS,
    ) -> None:
        self._make = partial(_Server, environment, answer_seconds, status_seconds)
        self._failures = 0
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        if hasattr(os, "pidfd_open"):
            self._server = self._make()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.end()

    @property
    def loading(self) -> bool:
        """True if waiting for it is worthwhile; one that died is started again."""
        if self._server is not None and self._server.gone:
            self._replace()
        return self._server is not None and not self._server.loaded

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], lifeline: int) -> Forked | None:
        """A process that runs `tradegraph` with ``arguments``, its output together; None when there is none to be had.

        Only to be called when nothing is ``loading``.
        """
        if self._server is None:
            return None
        reading, writing = os.pipe()
        request = {"arguments": list(arguments), "environment": dict(environment)}
        pid = self._server.fork(request, (writing, lifeline))
        os.close(writing)
        if pid is None:
            os.close(reading)
            self._replace()
            return None
        return Forked(pid, open(reading, "rb"), self._server)

    def _replace(self) -> None:
        """Replace a fork server that died or hangs; None after several that never worked."""
        assert self._server is not None
        self._failures = 0 if self._server.loaded else self._failures + 1
        self._server.end()
        self._server = self._make() if self._failures < _MAX_FAILURES else None
