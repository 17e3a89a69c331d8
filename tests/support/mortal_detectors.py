"""Detectors that are killed with SIGKILL again and again, and always come back.

    python -m tests.support.mortal_detectors SEED

reads all new events in child processes, one after the other, a few events at a time. Each dies before the commit of a
run with everything sent, or right after it. The one line of output is how many were killed.
"""

import asyncio
import os
import signal
import sys
from random import Random
from subprocess import run
from typing import Any

from adapters.logs.configuration import configure_logging
from adapters.settings.loading import Settings, load_settings
from adapters.settings.values import LogSetting
from adapters.wiring import open_services
from domain.anomalies import queries, running
from tests.support.processes import ROOT, clean_environment

_EVENTS, _DEATHS = 25, 0.4


def kill_detectors(environment: dict[str, str], seed: int) -> int:
    """Read all new events on the servers in ``environment``; returns the number of killed processes."""
    finished = run(
        [sys.executable, "-m", "tests.support.mortal_detectors", str(seed)],
        cwd=ROOT,
        env=clean_environment(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return int(finished.stdout)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _make_mortal(chance: Random) -> None:
    save_head = queries.save_head

    async def save_and_die(*arguments: Any) -> None:
        await save_head(*arguments)
        if chance.random() < _DEATHS:
            await arguments[0].flush()
            _die()

    queries.save_head = save_and_die
    running.MAX_EVENTS = running.MAX_EVENTS_OF_ACCOUNT = _EVENTS


async def _read_all(settings: Settings, chance: Random) -> None:
    async with open_services(settings) as services:
        while (await running.run_detectors(services.bus)).is_unfinished:
            if chance.random() < _DEATHS:
                _die()


def _live(settings: Settings, seed: int, number: int) -> None:
    chance = Random(f"{seed} {number}")
    try:
        _make_mortal(chance)
        asyncio.run(_read_all(settings, chance))
        os._exit(0)
    finally:
        os._exit(1)


def main() -> None:
    """Start the next child process when one was killed, until one has read all events."""
    configure_logging(LogSetting("error", "console"), sys.stderr)
    settings, seed, killed = load_settings(os.environ), int(sys.argv[1]), 0
    while True:
        child = os.fork()
        if child == 0:
            _live(settings, seed, killed)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            break
        killed += 1
    assert os.WEXITSTATUS(status) == 0, "the detectors failed"
    sys.stdout.write(f"{killed}\n")


if __name__ == "__main__":
    main()
