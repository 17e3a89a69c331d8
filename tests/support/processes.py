"""Real processes of the platform: started, read line by line, stopped, and never left behind."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.forked import ForkedCommand, ForkServer

ROOT = Path(__file__).parents[2]
FORK_SERVER = ForkServer()


class Running:
    """A running command and its output so far."""

    def __init__(self, process: subprocess.Popen[str] | ForkedCommand) -> None:
        self.process = process
        self.lines: list[str] = []
        self._arrived: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The command's process id."""
        return self.process.pid

    def wait_for_line(self, wanted: Callable[[str], bool], timeout_seconds: float = 150.0) -> str:
        """The next matching line of the command's output.

        Raises:
            AssertionError: it did not come in time, or the command ended; with all that was said.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                line = self._arrived.get(timeout=0.1)
            except queue.Empty:
                assert time.monotonic() < deadline, f"not within {timeout_seconds:g} s:\n{self.output}"
                assert self._reader.is_alive() or not self._arrived.empty(), f"it has ended:\n{self.output}"
                continue
            if wanted(line):
                return line

    def wait(self, timeout_seconds: float = 60.0) -> int:
        """Wait for the end of the command; returns the exit code."""
        returncode = self.process.wait(timeout_seconds)
        self._reader.join(timeout_seconds)
        return returncode

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send SIGTERM and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.wait()

    @property
    def output(self) -> str:
        """The output so far."""
        return "".join(self.lines)

    def descendants(self) -> list[psutil.Process]:
        """The running processes that the command has started."""
        return psutil.Process(self.pid).children(recursive=True)

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self.lines.append(line)
                self._arrived.put(line.rstrip("\n"))


@contextmanager
def running(arguments: Sequence[str], environment: Mapping[str, str], module: str = "cli") -> Iterator[Running]:
    """Run `tradegraph`, or another module, with these arguments; remaining processes are killed at the end."""
    surroundings = clean_environment(environment)
    process: subprocess.Popen[str] | ForkedCommand | None = None
    if module == "cli":
        process = FORK_SERVER.start(list(arguments), environment, surroundings)
    process = process or subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=surroundings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    command = Running(process)
    try:
        yield command
    finally:
        kill_tree(process.pid)
        command.wait()


def run(
    arguments: Sequence[str], environment: Mapping[str, str], *, stdin: str = "", timeout_seconds: float = 120.0
) -> subprocess.CompletedProcess[str]:
    """Run `tradegraph` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=ROOT,
        env=clean_environment(environment),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )


def kill_tree(pid: int) -> None:
    """SIGKILL a process and all that it has started, parents first, so that none can replace a child."""
    try:
        root = psutil.Process(pid)
        doomed = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in doomed:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def is_gone(process: psutil.Process) -> bool:
    """True if a process has ended, collected or not."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without any setting of the platform, plus `extra`."""
    settings = ("TRADEGRAPH_", "DATABASE_URL", "REDIS_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
    return kept | dict(extra)
