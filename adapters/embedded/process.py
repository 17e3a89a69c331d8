"""One server process: started in a session of its own, stopped by signals, never left behind.

A guard, a shell that waits for the end of a pipe which only this process holds open, stops the server when this process
dies without doing so, kill -9 included.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from adapters.embedded.errors import EmbeddedError
from adapters.embedded.system_account import Account, server_environment

_POLL_SECONDS = 0.01
_GUARD_SCRIPT = 'read -r line; kill -s "$1" "$2"'


class ServerProcess:
    """A server process, started or not."""

    def __init__(self, *, account: Account, folder: Path, log: Path, stop_signal: signal.Signals) -> None:
        self._account = account
        self._folder = folder
        self._log = log
        self._stop_signal = stop_signal
        self._server: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._server.pid if self._server is not None and self.running else None

    @property
    def running(self) -> bool:
        """True if the started server still exists."""
        if self._server is None:
            return False
        if self._server.poll() is None:
            return True
        self._dismiss_guard()
        return False

    def start(self, command: Sequence[str]) -> None:
        """Start the server with its output in a new log."""
        assert not self.running, "a running server is not started again"
        self._log.unlink(missing_ok=True)
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            self._server = subprocess.Popen(
                command,
                cwd=self._folder,
                env=server_environment(),
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._account.spawn_options(),
            )
        except OSError as error:
            raise EmbeddedError(f"cannot run {command[0]}: {error.strerror}") from None
        finally:
            os.close(descriptor)
        # The name without SIG is what every shell's kill understands.
        signal_name = self._stop_signal.name.removeprefix("SIG")
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD_SCRIPT, "sh", signal_name, str(self._server.pid)],
            cwd="/",
            env=server_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **self._account.spawn_options(),
        )

    def stop(self, timeout_seconds: float, *, then: signal.Signals = signal.SIGKILL) -> None:
        """Ask the server to stop, wait, and send the second signal when it does not."""
        if self._server is None or not self.running:
            return
        self._server.send_signal(self._stop_signal)
        try:
            self._server.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._server.send_signal(then)
            self._server.wait(timeout_seconds)
        self._dismiss_guard()

    def kill(self) -> None:
        """Kill the server and all its children at once, like a power cut."""
        if self._server is None or not self.running:
            return
        children = psutil.Process(self._server.pid).children(recursive=True)
        self._server.kill()
        for child in children:
            with suppress(psutil.NoSuchProcess):  # It may have gone with its parent.
                child.kill()
        self._server.wait()
        self._dismiss_guard()

    def log_text(self) -> str:
        """The server's output since its start."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def _dismiss_guard(self) -> None:
        """End the guard before the server's process id can be reused."""
        # Taken in one step: the thread that watches the server and the one that stops it may both come here.
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.kill()
            guard.wait()
            assert guard.stdin is not None
            guard.stdin.close()


def processes_in(folder: Path, program: str, account: Account) -> list[psutil.Process]:
    """The account's processes of that program whose working folder this is: proof that they serve it."""
    found = []
    wanted = folder.resolve()
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == program and process.uids().real == account.uid and Path(process.cwd()) == wanted:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue  # Gone in between, or not ours to look at and so not ours to stop.
    return found


def end_orphans(folder: Path, program: str, account: Account, ask: signal.Signals, timeout_seconds: float) -> None:
    """Stop the processes that still serve this folder for a launcher that is gone, the parent first."""
    orphans = processes_in(folder, program, account)
    if not orphans:
        return
    ids = {process.pid for process in orphans}
    for process in orphans:
        with suppress(psutil.NoSuchProcess):
            if process.ppid() not in ids:
                process.send_signal(ask)
    left = _wait_gone(orphans, timeout_seconds)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    left = _wait_gone(left, timeout_seconds)
    if left:
        raise EmbeddedError(f"process {left[0].pid} still serves {folder} and cannot be stopped")


def _wait_gone(processes: Sequence[psutil.Process], timeout_seconds: float) -> list[psutil.Process]:
    """Wait for processes that are not our children; returns those that are left.

    A zombie counts as gone: nobody may ever collect it where the first process of a container does not.
    """
    deadline = time.monotonic() + timeout_seconds
    left = list(processes)
    while left and time.monotonic() < deadline:
        left = [process for process in left if _lives(process)]
        time.sleep(_POLL_SECONDS)
    return left


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until(ready: Callable[[], bool], process: ServerProcess, timeout_seconds: float) -> bool:
    """Wait for the server; True when it is ready, False when it ended or the time is over."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if not process.running:
            return False
        time.sleep(_POLL_SECONDS)
    return False
