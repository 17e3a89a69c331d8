"""Runs the processes of the Procfile: relays their output, restarts what dies, stops all in order.

A process that ends although nobody asked it to is started again: one that was killed at once, however often, one that
fails by itself after a pause that grows with each failure. As long
as the platform has not been ready, a process that keeps failing ends the whole instead: then the reason is in its
output, and starting it again would only hide it.

Of what takes long to load a spare stands by: a second process that has loaded everything and waits for its turn. When
the first one dies, the spare goes on at once, and another is prepared.
"""

import os
import queue
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from honcho.colour import get_colours
from honcho.printer import Message, Printer
from honcho.process import Popen

from adapters.settings import LIFELINE_VARIABLE, TURN_VARIABLE
from cli.lines import LAUNCHER

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
# A process that has run for so long has recovered: its next end counts as its first.
RECOVERED_SECONDS = 30.0
FAILURES_BEFORE_READY = 3
STOP_SECONDS = 15.0
# A spare is prepared this long after its process began, which first has the processors to itself.
SPARE_PAUSE_SECONDS = 3.0

_TICK_SECONDS = 0.1
_MAX_QUEUED_LINES = 10_000
_MAX_LINE_BYTES = 65_536


@dataclass(slots=True)
class _Spare:
    """A process that waits for its turn, and the end of the pipe that gives it."""

    process: Popen
    turn: int
    threads: list[threading.Thread]


@dataclass(slots=True)
class _Child:
    """One process of the Procfile over all its starts."""

    name: str
    command: str
    colour: str
    process: Popen | None = None
    started_at: float = 0.0
    start_at: float | None = None
    failures: int = 0
    threads: list[threading.Thread] = field(default_factory=list)
    spare: _Spare | None = None
    spare_at: float = 0.0


class Supervisor:
    """The processes of a Procfile, from `run` until a stop is requested.

    ``spares`` names those of which a spare stands by: they load, wait for a line on the descriptor in
    ``TURN_VARIABLE``, and end when there is none.
    """

    def __init__(
        self,
        commands: Mapping[str, str],
        environment: Mapping[str, str],
        printer: Printer,
        spares: Collection[str] = (),
    ) -> None:
        self._spares = frozenset(spares)
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
                self._start(child)
            while not self.stopping:
                self._handle_events()
                self._start_what_is_due()
                self._prepare_spares()
        finally:
            self._stop()
            os.close(writing_end)
            os.close(self._lifeline)
        return self._problem

    def _start(self, child: _Child) -> None:
        child.start_at = None
        child.started_at = time.monotonic()
        child.spare_at = child.started_at + SPARE_PAUSE_SECONDS
        spare, child.spare = child.spare, None
        if spare is not None:
            child.process, child.threads = spare.process, spare.threads
            # One that died in this moment is noticed as its process's end.
            with suppress(BrokenPipeError):
                os.write(spare.turn, b"\n")
            os.close(spare.turn)
            return
        child.process, child.threads = self._open(child, {}, ())

    def _open(
        self, child: _Child, more: Mapping[str, str], descriptors: tuple[int, ...]
    ) -> tuple[Popen, list[threading.Thread]]:
        process = Popen(
            child.command,
            env=self._environment | {LIFELINE_VARIABLE: str(self._lifeline)} | dict(more),
            pass_fds=(self._lifeline, *descriptors),
        )
        threads = [
            threading.Thread(target=self._relay, args=(child, process), daemon=True),
            threading.Thread(target=self._wait, args=(child, process), daemon=True),
        ]
        for thread in threads:
            thread.start()
        return process, threads

    def _prepare_spares(self) -> None:
        """Have a spare of each process that wants one and runs."""
        if not self._ready.is_set():
            return
        for name in self._spares:
            child = self._children[name]
            if child.process is None or child.spare is not None or time.monotonic() < child.spare_at:
                continue
            reading, writing = os.pipe()
            process, threads = self._open(child, {TURN_VARIABLE: str(reading)}, (reading,))
            os.close(reading)
            child.spare = _Spare(process, writing, threads)

    def _relay(self, child: _Child, process: Popen) -> None:
        """Pass the lines of a process on, in a thread of its own, until nobody holds its output open."""
        with process.stdout:
            for line in iter(lambda: process.stdout.readline(_MAX_LINE_BYTES), b""):
                self._events.put(_message("line", line, child.name, child.colour))

    def _wait(self, child: _Child, process: Popen) -> None:
        """Wait for a process in a thread of its own; what it started goes with it."""
        returncode = process.wait()
        _signal_session(process.pid, signal.SIGKILL)
        self._events.put(_message("stop", (process, returncode), child.name, child.colour))

    def _start_what_is_due(self) -> None:
        for child in self._children.values():
            if child.start_at is not None and child.start_at <= time.monotonic():
                self._start(child)

    def _handle_events(self) -> None:
        """Handle what has come, waiting a moment for the first."""
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
                self._ended(self._children[message.name], *message.data)

    def _ended(self, child: _Child, process: Popen, returncode: int) -> None:
        if child.spare is not None and process is child.spare.process:
            os.close(child.spare.turn)
            child.spare, child.spare_at = None, time.monotonic() + LONGEST_PAUSE_SECONDS
            return
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
        """Ask all processes to stop, wait, and end what is left."""
        for child in self._children.values():
            if child.spare is not None:
                _signal_session(child.spare.process.pid, signal.SIGKILL)
                child.threads = [*child.threads, *child.spare.threads]
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
