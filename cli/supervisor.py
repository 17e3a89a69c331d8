"""Runs the processes of the Procfile: relays their output, restarts what dies, stops all in order.

A process that ends although nobody asked it to is started again: one that was killed at once, however often, one that
fails by itself after a pause that grows with each failure. As long
as the platform has not been ready, a process that keeps failing ends the whole instead: then the reason is in its
output, and starting it again would only hide it.

The platform's own processes are forked from one that has loaded everything already, so each of them is there at once;
what the launcher cannot get from there it starts by itself.
"""

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Popen

from adapters.settings.loading import LIFELINE_VARIABLE
from cli.forking import Forked, Forks, own_arguments
from cli.lines import LAUNCHER

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
# A process that has run for so long has recovered: its next end counts as its first.
RECOVERED_SECONDS = 30.0
FAILURES_BEFORE_READY = 3
STOP_SECONDS = 15.0

_TICK_SECONDS = 0.1
_MAX_QUEUED_LINES = 10_000
_MAX_LINE_BYTES = 65_536


@dataclass(slots=True)
class _Child:
    """One process of the Procfile over all its starts."""

    name: str
    command: str
    colour: str
    process: Popen | Forked | None = None
    started_at: float = 0.0
    start_at: float | None = None
    failures: int = 0
    threads: list[threading.Thread] = field(default_factory=list)


class Supervisor:
    """The processes of a Procfile, from `run` until a stop is requested; ``forks`` is where to fork ours from.

    Nothing is started while ``may_start`` says no: what needs a server that recovers would fail, and wait for longer.
    """

    def __init__(
        self,
        commands: Mapping[str, str],
        environment: Mapping[str, str],
        printer: Printer,
        forks: Forks | None = None,
        may_start: Callable[[], bool] = lambda: True,
    ) -> None:
        self._forks = forks
        self._may_start = may_start
        colours: Iterator[str] = get_colours()
        self._children = {name: _Child(name, command, next(colours)) for name, command in commands.items()}
        self._printer = printer
        self._printer.width = max(len(name) for name in (*commands, LAUNCHER))
        # Bounded: processes that write faster than the terminal takes it wait for it.
        self._events: queue.Queue[Message] = queue.Queue(_MAX_QUEUED_LINES)
        self._environment = dict(environment)
        self._lifeline = -1
        self._stop_requests = 0
        self._problem: str | None = None
        self._ready = threading.Event()

    def request_stop(self) -> None:
        """Begin to stop; a second request no longer waits for processes that take their time. Safe in a handler."""
        self._stop_requests += 1

    @property
    def stopping(self) -> bool:
        """True if a stop was requested or a process has failed for good."""
        return self._stop_requests > 0 or self._problem is not None

    def say(self, text: str) -> None:
        """Print a line of the launcher's own among those of the processes."""
        self._events.put(_message("line", text, LAUNCHER, None))

    def announce(self, *lines: str) -> None:
        """Print lines as they are and know from now on that the platform has been ready."""
        self._ready.set()
        self._events.put(_message("plain", "".join(f"{line}\n" for line in lines), LAUNCHER, None))

    def run(self) -> str | None:
        """Run everything until a stop is requested; returns the problem when it ended for one."""
        self._lifeline, writing_end = os.pipe()
        try:
            for child in self._children.values():
                child.start_at = time.monotonic()
            while not self.stopping:
                self._start_what_is_due()
                self._handle_events()
        finally:
            self._stop()
            os.close(writing_end)
            os.close(self._lifeline)
        return self._problem

    def _start(self, child: _Child) -> None:
        child.start_at = None
        child.started_at = time.monotonic()
        process = child.process = self._fork(child) or self._open(child)
        child.threads = [
            threading.Thread(target=self._relay, args=(child, process), daemon=True),
            threading.Thread(target=self._wait, args=(child, process), daemon=True),
        ]
        for thread in child.threads:
            thread.start()

    def _fork(self, child: _Child) -> Forked | None:
        arguments = own_arguments(child.command)
        if self._forks is None or arguments is None:
            return None
        return self._forks.start(arguments, self._environment, self._lifeline)

    def _open(self, child: _Child) -> Popen:
        return Popen(
            child.command,
            env=self._environment | {LIFELINE_VARIABLE: str(self._lifeline)},
            pass_fds=(self._lifeline,),
        )

    def _relay(self, child: _Child, process: Popen | Forked) -> None:
        """Relay the lines of a process, in a thread of its own, until its output is closed."""
        with process.stdout:
            for line in iter(lambda: process.stdout.readline(_MAX_LINE_BYTES), b""):
                self._events.put(_message("line", line, child.name, child.colour))

    def _wait(self, child: _Child, process: Popen | Forked) -> None:
        """Wait for a process in a thread of its own; then end the processes that it started."""
        returncode = process.wait()
        _signal_session(process.pid, signal.SIGKILL)
        self._events.put(_message("stop", returncode, child.name, child.colour))

    def _start_what_is_due(self) -> None:
        due = [child for child in self._children.values() if child.start_at is not None]
        if not due or not self._may_start():
            return
        for child in due:
            assert child.start_at is not None
            if child.start_at <= time.monotonic() and not self._waits_for_forks(child):
                self._start(child)

    def _waits_for_forks(self, child: _Child) -> bool:
        """True if a process will be forked from the parent that is still loading."""
        return self._forks is not None and self._forks.loading and own_arguments(child.command) is not None

    def _handle_events(self) -> None:
        """Handle the waiting events; wait a moment for the first."""
        wait = True
        while True:
            try:
                message = self._events.get(timeout=_TICK_SECONDS) if wait else self._events.get_nowait()
            except queue.Empty:
                return
            wait = False
            if message.type == "line":
                self._printer.write(message)
            elif message.type == "plain":
                print(message.data, file=self._printer.output, end="", flush=True)
            else:
                self._ended(self._children[message.name], message.data)

    def _ended(self, child: _Child, returncode: int) -> None:
        child.process = None
        if self.stopping:
            return
        if time.monotonic() - child.started_at >= RECOVERED_SECONDS:
            child.failures = 0
        child.failures += 1
        how = f"was killed by signal {-returncode}" if returncode < 0 else f"ended with exit code {returncode}"
        if not self._ready.is_set() and child.failures >= FAILURES_BEFORE_READY:
            self._problem = f"{child.name} {how}, {child.failures} times before it was ready; its lines above say why"
            return
        pause = min(FIRST_PAUSE_SECONDS * 4 ** (child.failures - 1), LONGEST_PAUSE_SECONDS)
        if returncode < 0 and self._ready.is_set():
            # Somebody killed it, or the system did for want of memory: it did not fail by itself.
            child.failures, pause = 0, FIRST_PAUSE_SECONDS
        child.start_at = time.monotonic() + pause
        self._print(f"{child.name} {how}; starting it again in {pause:g} s")

    def _stop(self) -> None:
        """Ask all processes to stop, wait, and kill the remaining ones."""
        for child in self._children.values():
            if child.process is not None:
                _signal_session(child.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._running() and time.monotonic() < deadline and self._stop_requests < 2:
            self._handle_events()
        for child in self._running():
            self._print(f"{child.name} does not stop; ending it")
            assert child.process is not None
            _signal_session(child.process.pid, signal.SIGKILL)
        while self._running() or any(
            thread.is_alive() for child in self._children.values() for thread in child.threads
        ):
            self._handle_events()

    def _running(self) -> list[_Child]:
        return [child for child in self._children.values() if child.process is not None]

    def _print(self, text: str) -> None:
        """Print at once; only from the thread that handles events."""
        self._printer.write(_message("line", text, LAUNCHER, None))


def _message(kind: str, data: object, name: str, colour: str | None) -> Message:
    return Message(type=kind, data=data, time=datetime.now(UTC).astimezone(), name=name, colour=colour)


def _signal_session(pid: int, number: signal.Signals) -> None:
    """Signal the shell that runs a Procfile's line and all that it started: each has a session of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
