"""The processes of a Procfile: output, restarts, the end."""

import io
import os
import threading
import time
from collections.abc import Callable

import psutil
import pytest
from honcho.printer import Printer

from cli import supervisor as supervisor_module
from cli.supervisor import Supervisor
from tests.support.processes import is_gone


class _Running:
    """A supervisor in a thread, with its output."""

    def __init__(self, commands: dict[str, str], may_start: Callable[[], bool] = lambda: True) -> None:
        self.output = io.StringIO()
        self.supervisor = Supervisor(commands, os.environ, Printer(self.output), None, may_start)
        self.problem: str | None = "still running"
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        self.problem = self.supervisor.run()

    def stop(self) -> None:
        self.supervisor.request_stop()
        self.thread.join(30)
        assert not self.thread.is_alive()

    def lines(self, name: str) -> list[str]:
        """The output of a process, without the prefix."""
        printed = [line.partition("| ") for line in self.output.getvalue().splitlines()]
        return [text for prefix, _, text in printed if prefix.split()[1:2] == [name]]

    def wait(self, condition: Callable[[], bool], timeout_seconds: float = 20) -> None:
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            assert time.monotonic() < deadline, self.output.getvalue()
            time.sleep(0.01)


def test_output_is_relayed_and_processes_stop_in_order() -> None:
    script = 'trap "echo {0} stops; exit 0" TERM; echo {0} runs; while :; do sleep 0.05; done'
    running = _Running({"web": script.format("web"), "worker": script.format("worker")})
    running.wait(lambda: running.lines("web") == ["web runs"] and running.lines("worker") == ["worker runs"])
    running.stop()
    assert running.problem is None
    # In between, a shell may say that its sleep was terminated too.
    assert running.lines("web")[-1] == "web stops"
    assert running.lines("worker")[-1] == "worker stops"


def test_a_failed_process_is_restarted() -> None:
    running = _Running({"web": 'echo "$$"; exec sleep 600', "worker": 'echo "$$"; exec sleep 600'})
    running.wait(lambda: len(running.lines("web")) == 1 and len(running.lines("worker")) == 1)
    running.supervisor.announce("ready")
    psutil.Process(int(running.lines("web")[0])).kill()
    running.wait(lambda: len(running.lines("web")) == 2)
    running.stop()
    first, second = running.lines("web")
    assert first != second
    assert len(running.lines("worker")) == 1
    assert running.lines("system") == ["web was killed by signal 9; starting it again in 0.2 s"]
    assert running.problem is None


def test_a_killed_process_is_restarted_at_once_however_often() -> None:
    running = _Running({"web": 'echo "$$"; exec sleep 600'})
    running.supervisor.announce("ready")
    for count in range(1, 6):
        running.wait(lambda count=count: len(running.lines("web")) == count)  # type: ignore[misc]
        psutil.Process(int(running.lines("web")[-1])).kill()
    running.wait(lambda: len(running.lines("web")) == 6)
    running.stop()
    assert running.lines("system") == ["web was killed by signal 9; starting it again in 0.2 s"] * 5


def test_the_restart_delay_grows_with_each_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor_module, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(supervisor_module, "LONGEST_PAUSE_SECONDS", 0.1)
    running = _Running({"web": "exit 3"})
    running.supervisor.announce("ready")
    running.wait(lambda: len(running.lines("system")) >= 4)
    running.stop()
    assert running.lines("system")[:4] == [
        "web ended with exit code 3; starting it again in 0.01 s",
        "web ended with exit code 3; starting it again in 0.04 s",
        "web ended with exit code 3; starting it again in 0.1 s",
        "web ended with exit code 3; starting it again in 0.1 s",
    ]


def test_a_process_that_never_works_stops_the_launcher() -> None:
    running = _Running({"web": "echo it is all wrong; exit 1", "worker": "exec sleep 600"})
    running.thread.join(30)
    assert running.problem == "web ended with exit code 1, 3 times before it was ready; its lines above say why"
    assert running.lines("web") == ["it is all wrong"] * 3


def test_no_process_outlives_its_launcher() -> None:
    running = _Running({"web": 'sleep 600 & echo "$!"; exec sleep 600'})
    running.wait(lambda: len(running.lines("web")) == 1)
    helper = psutil.Process(int(running.lines("web")[0]))
    helper.parent().kill()
    running.wait(lambda: is_gone(helper))
    running.stop()


def test_a_second_stop_request_kills_processes_that_ignore_the_first() -> None:
    running = _Running({"web": 'trap "" TERM; echo runs; while :; do sleep 0.05; done'})
    running.wait(lambda: running.lines("web") == ["runs"])
    started = time.monotonic()
    running.supervisor.request_stop()
    running.stop()
    assert time.monotonic() - started < supervisor_module.STOP_SECONDS
    assert running.lines("system") == ["web does not stop; ending it"]


def test_endless_lines_and_invalid_text_are_relayed() -> None:
    running = _Running({"web": "head -c 70000 /dev/zero | tr '\\0' x; printf '\\377\\n'; exec sleep 600"})
    running.wait(lambda: sum(map(len, running.lines("web"))) == 70_001)
    running.stop()
    assert running.lines("web")[-1].endswith("x\N{REPLACEMENT CHARACTER}")


def test_a_process_starts_after_its_dependencies() -> None:
    there = threading.Event()
    asked = threading.Event()

    def may_start() -> bool:
        asked.set()
        return there.is_set()

    running = _Running({"web": "echo runs; exec sleep 600"}, may_start)
    assert asked.wait(20)
    assert running.lines("web") == []
    there.set()
    running.wait(lambda: running.lines("web") == ["runs"])
    running.stop()
