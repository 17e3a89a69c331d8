"""Processes that are forked from one that has loaded everything: output, ends, and what happens without it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from cli.forking import Forked, Forks, own_arguments
from tests.support.forked import ForkedCommand
from tests.support.processes import ROOT, clean_environment, is_gone, running

PATIENCE_SECONDS = 60.0


@pytest.fixture
def lifeline() -> Iterator[int]:
    """The end that processes read, whose other end stays open."""
    reading, writing = os.pipe()
    yield reading
    os.close(reading)
    os.close(writing)


@pytest.fixture(scope="module")
def shared_forks() -> Iterator[Forks]:
    with Forks(clean_environment({})) as made:
        yield made


@pytest.fixture
def forks(shared_forks: Forks) -> Forks:
    wait_until_loaded(shared_forks)
    return shared_forks


def wait_until_loaded(forks: Forks) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while forks.loading:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def started(forks: Forks, lifeline: int, *arguments: str, **environment: str) -> Forked:
    process = forks.start(arguments, clean_environment(environment), lifeline)
    assert process is not None
    return process


def ended(process: Forked) -> tuple[str, int]:
    """All its output, and how it has ended."""
    with process.stdout:
        text = process.stdout.read().decode()
    return text, process.wait()


def server_of(process: Forked) -> psutil.Process:
    return psutil.Process(process._server._process.pid)


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("exec tradegraph web", ["web"]),
        (
            "exec tradegraph engine --role feed --role venue:paper",
            ["engine", "--role", "feed", "--role", "venue:paper"],
        ),
        ("tradegraph web", None),
        ("exec tradegraph", None),
        ("exec tradegraph web; echo gone", None),
        ("exec tradegraph web > log", None),
        ("exec tradegraph $WHAT", None),
        ("exec python web.py", None),
    ],
)
def test_only_lines_that_run_the_command_alone_are_forked(line: str, arguments: list[str] | None) -> None:
    assert own_arguments(line) == arguments


def test_a_forked_command_has_its_own_output_arguments_environment_and_exit_code(forks: Forks, lifeline: int) -> None:
    text, code = ended(started(forks, lifeline, "user", "--help"))
    assert (text.startswith("usage: tradegraph user"), code) == (True, 0)
    text, code = ended(started(forks, lifeline, "web", TRADEGRAPH_PORT="no number"))
    assert ("TRADEGRAPH_PORT" in text, code) == (True, 2)
    text, code = ended(started(forks, lifeline, "nothing-of-the-kind"))
    assert ("invalid choice" in text, code) == (True, 2)


def test_the_fork_server_has_one_thread_and_no_event_loop(forks: Forks, lifeline: int) -> None:
    process = started(forks, lifeline, "user", "--help")
    assert server_of(process).num_threads() == 1
    ended(process)


def test_a_forked_process_has_its_command_name_and_outlives_the_fork_server(forks: Forks, lifeline: int) -> None:
    # The engine waits for a database that does not answer.
    url = "postgresql://nobody@192.0.2.1:5432/nothing"
    process = started(
        forks, lifeline, "engine", DATABASE_URL=url, REDIS_URL="redis://192.0.2.1", TRADEGRAPH_SECRET="s" * 40
    )
    watched = psutil.Process(process.pid)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while "tradegraph engine" not in " ".join(watched.cmdline()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    server_of(process).kill()
    while not forks.loading:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not is_gone(watched)
    watched.kill()
    assert ended(process)[1] == -signal.SIGKILL
    # Another one has taken its place.
    wait_until_loaded(forks)
    assert ended(started(forks, lifeline, "user", "--help"))[1] == 0


def test_a_process_that_is_reported_too_late_is_killed() -> None:
    with subprocess.Popen(["sleep", "600"]) as late:
        with Forks(clean_environment({})) as forks:
            assert forks._server is not None
            forks._server._hear({"pid": late.pid})
        assert late.wait(PATIENCE_SECONDS) == -signal.SIGKILL


def test_a_stopped_fork_server_is_replaced(lifeline: int) -> None:
    with Forks(clean_environment({}), answer_seconds=0.1) as forks:
        wait_until_loaded(forks)
        assert forks._server is not None
        stopped = psutil.Process(forks._server._process.pid)
        stopped.suspend()
        assert forks.start(["user", "--help"], clean_environment({}), lifeline) is None
        assert is_gone(stopped)
        assert forks.loading


def test_forks_have_different_random_names_and_numbers() -> None:
    script = """
import os, sys
from adapters.database.connection import process_name
from domain.kernel.ids import new_id
import random, secrets
process_name(), new_id(), random.random(), secrets.token_hex()
sys.stdout.flush()
for _ in range(2):
    if os.fork() == 0:
        print(process_name().split()[1], new_id().hex[19:], random.random(), secrets.token_hex(), flush=True)
        os._exit(0)
    os.wait()
print(process_name().split()[1], new_id().hex[19:], random.random(), secrets.token_hex())
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    told = [line.split() for line in done.stdout.splitlines()]
    assert [len(set(column)) for column in zip(*told, strict=True)] == [3, 3, 3, 3]


def test_processes_of_tests_are_forked_and_end_as_those_that_are_started_by_themselves() -> None:
    given = {"DATABASE_URL": "nonsense://"}
    with running(["web"], given) as command:
        assert isinstance(command.process, ForkedCommand)
        ends = [(command.wait(PATIENCE_SECONDS), command.output)]
    with running(["web"], given | {"LD_PRELOAD": ""}) as command:
        assert isinstance(command.process, subprocess.Popen)
        ends.append((command.wait(PATIENCE_SECONDS), command.output))
    assert ends[0] == ends[1]
    assert ends[0][0] == 2
