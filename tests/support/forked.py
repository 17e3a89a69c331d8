"""Processes of the platform that are forked from one that has loaded it, as `tradegraph up` makes them.

Loading the platform takes seconds of processor time, and tests start hundreds of processes.
"""

import io
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence

from cli.forking import Forked, Forks

_LOADING_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_SERVED = ("web", "engine", "worker")
# What an interpreter or the system's loader reads before a program begins.
_BEFORE_THE_PROGRAM = ("LD_", "PYTHON", "FAKETIME")


class ForkedCommand:
    """A forked process as ``Popen`` gives one, as far as tests need it."""

    def __init__(self, forked: Forked, lifeline: int) -> None:
        self.pid = forked.pid
        self.stdout = io.TextIOWrapper(forked.stdout, encoding="utf-8")
        self.returncode: int | None = None
        self._forked = forked
        self._lifeline = lifeline
        try:
            self._descriptor = os.pidfd_open(forked.pid)
        except ProcessLookupError:
            self._descriptor = -1

    def poll(self) -> int | None:
        """The exit code; None while the process runs."""
        if self.returncode is None and self._has_ended(0):
            self.returncode = self._forked.wait()
            os.close(self._lifeline)
            if self._descriptor >= 0:
                os.close(self._descriptor)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process; returns the exit code.

        Raises:
            TimeoutExpired: the process still runs.
        """
        if self.returncode is None and not self._has_ended(timeout):
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        code = self.poll()
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to the process, unless it has ended."""
        if self.poll() is None:
            try:
                signal.pidfd_send_signal(self._descriptor, number)
            except ProcessLookupError:
                return

    def kill(self) -> None:
        """End the process with SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, timeout: float | None) -> bool:
        return self._descriptor < 0 or bool(select.select([self._descriptor], [], [], timeout)[0])


class ForkServer:
    """The fork server of one test session, started with the first process that it can fork."""

    def __init__(self) -> None:
        self._forks: Forks | None = None
        self._turn = threading.Lock()

    def start(
        self, arguments: Sequence[str], given: Mapping[str, str], environment: Mapping[str, str]
    ) -> ForkedCommand | None:
        """A process of the platform; None for one that has to be started by itself.

        Args:
            arguments: the arguments of `tradegraph`.
            given: what the process is given besides the environment of the session.
            environment: all of its environment.
        """
        if not arguments or arguments[0] not in _SERVED or any(name.startswith(_BEFORE_THE_PROGRAM) for name in given):
            return None
        # Answers are told apart by their order.
        with self._turn:
            return self._fork(arguments, environment)

    def end(self) -> None:
        """End the fork server, if it runs."""
        if self._forks is not None:
            self._forks.__exit__(None, None, None)
            self._forks = None

    def _fork(self, arguments: Sequence[str], environment: Mapping[str, str]) -> ForkedCommand | None:
        forks = self._loaded(environment)
        reading, writing = os.pipe()
        forked = forks.start(arguments, environment, reading) if forks is not None else None
        os.close(reading)
        if forked is None:
            # The end of its lifeline ends a process of which nobody has heard.
            os.close(writing)
            return None
        return ForkedCommand(forked, writing)

    def _loaded(self, environment: Mapping[str, str]) -> Forks | None:
        if self._forks is None:
            names = [name for name in environment if name.startswith(("TRADEGRAPH_", "DATABASE_URL", "REDIS_URL"))]
            plain = {name: value for name, value in environment.items() if name not in names}
            self._forks = Forks(plain, answer_seconds=_ANSWER_SECONDS, status_seconds=_ANSWER_SECONDS).__enter__()
        deadline = time.monotonic() + _LOADING_SECONDS
        while self._forks.loading:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)
        return self._forks
