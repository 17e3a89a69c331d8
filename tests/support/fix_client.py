"""Runs QuickFIX in a process of its own (``quickfix_peer``), and waits for what it tells."""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import ROOT, clean_environment, kill_tree
from tests.support.waiting import PATIENCE_SECONDS

Fields = dict[int, str]


class FixPeer:
    """A QuickFIX engine. Its events are kept in order; ``expect`` takes the next matching one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told: list[dict[str, Any]] = []
        self._arrived: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def command(self, **command: Any) -> None:
        """Send a command to the engine."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()

    def send(self, kind: str, fields: dict[int, Any]) -> None:
        """Make the engine send a message."""
        self.command(send=[[35, kind], *([tag, value] for tag, value in fields.items())])

    def expect(self, event: str, wanted: Callable[[Fields], bool] = lambda _: True) -> Fields:
        """The fields of the next event of a wanted kind; events before it are skipped.

        Raises:
            AssertionError: it did not come in time; with everything that did.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                told = self._arrived.get(timeout=0.1)
            except queue.Empty:
                assert self.process.poll() is None, f"it has ended: {self.story}"
                continue
            if told["event"] == event and wanted(fields := as_fields(told)):
                return fields
        raise AssertionError(f"no {event} in time: {self.story}")

    def report(self, **wanted: str) -> Fields:
        """The next message of the application, with fields by name: ``kind`` (35), ``type`` (150), ``id`` (11)."""
        tags = {"kind": 35, "type": 150, "id": 11, "status": 39}
        return self.expect("app", lambda fields: all(fields.get(tags[name]) == value for name, value in wanted.items()))

    def all_reports(self) -> list[Fields]:
        """All application messages that the engine has received since its start, in order."""
        return [as_fields(told) for told in self.told if told["event"] == "app"]

    @property
    def story(self) -> str:
        """All events of the engine."""
        return "\n".join(json.dumps(told) for told in self.told)

    def kill(self) -> None:
        """Kill the engine with SIGKILL and wait for its end."""
        kill_tree(self.process.pid)
        self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
        if self.process.stdin is not None:
            # What was not written any more goes nowhere.
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                try:
                    told = json.loads(line)
                except ValueError:
                    told = {"event": "output", "text": line}
                self.told.append(told)
                self._arrived.put(told)


def as_fields(told: dict[str, Any]) -> Fields:
    """The fields of a message, by tag."""
    return {int(tag): value for tag, value in told.get("fields", ())}


@contextmanager
def peer(folder: Path, **config: Any) -> Iterator[FixPeer]:
    """A QuickFIX engine that keeps its numbers in ``folder``."""
    pytest.importorskip("quickfix", reason="the counterparty QuickFIX is not installed: make quickfix")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.quickfix_peer", json.dumps({"folder": str(folder), **config})],
        cwd=ROOT,
        env=clean_environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    started = FixPeer(process)
    try:
        started.expect("started")
        yield started
    finally:
        started.kill()
