"""A paper venue that is killed with SIGKILL again and again, and always comes back.

    python -m tests.support.mortal SEED

plays the venue's role in child processes, one after the other. Each dies at a step of its own: after it has sent all
that it writes and before the commit, after the commit and before it has told anybody, or a moment after it has begun.
So it lives by what it does and not by the clock, and gets on however slow the machine is. SIGTERM ends it; its one line
of output is how many were killed.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from subprocess import PIPE, Popen
from typing import Any

from adapters.database import leases
from adapters.database.leases import hold_lease
from adapters.logs.configuration import configure_logging
from adapters.settings.loading import Settings, load_settings
from adapters.settings.values import LogSetting
from adapters.wiring import open_services
from domain.kernel.retry_policies import RetryPolicy
from domain.orders.books import venue_step
from tests.support.processes import ROOT, clean_environment
from workers import venue, venue_loop

# Of each of the three kinds.
_DEATHS_PER_STEP = 0.05
_MOMENT_SECONDS = 0.02


@dataclass
class Deaths:
    """The number of killed processes; known at the end."""

    count: int = 0


@contextmanager
def mortal_venue(environment: Mapping[str, str], seed: int) -> Iterator[Deaths]:
    """A venue in another process, on the servers in ``environment``."""
    process = Popen(
        [sys.executable, "-m", "tests.support.mortal", str(seed)],
        cwd=ROOT,
        env=clean_environment(environment),
        stdout=PIPE,
        text=True,
    )
    deaths = Deaths()
    try:
        yield deaths
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=30)
        assert process.returncode == 0, said
        deaths.count = int(said)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _make_mortal(chance: Random) -> None:
    """Kill the process at random: at the two worst moments of a step, or at another one."""
    write, process_venue_step, acknowledge = venue_step._write, venue.process_venue_step, venue.acknowledge

    async def write_and_die(*arguments: Any) -> None:
        await write(*arguments)
        # Before the commit, but with everything sent.
        if chance.random() < _DEATHS_PER_STEP:
            await arguments[0].flush()
            _die()

    async def step_and_die(*arguments: Any, **others: Any) -> venue_step.VenueStep:
        if (others["up_to"] or arguments[5]) and chance.random() < _DEATHS_PER_STEP:
            asyncio.get_running_loop().call_later(chance.uniform(0, _MOMENT_SECONDS), _die)
        step = await process_venue_step(*arguments, **others)
        if (step.commands or step.reports) and chance.random() < _DEATHS_PER_STEP:
            _die()
        return step

    async def acknowledge_and_die(*arguments: Any) -> venue_step.VenueStep | None:
        # One statement: whether the server has it all when its sender dies is up to the moment.
        if chance.random() < 2 * _DEATHS_PER_STEP:
            asyncio.get_running_loop().call_later(chance.uniform(0, _MOMENT_SECONDS), _die)
        step = await acknowledge(*arguments)
        if step is not None and chance.random() < _DEATHS_PER_STEP:
            _die()
        return step

    venue_step._write = write_and_die
    venue.acknowledge = acknowledge_and_die
    venue.process_venue_step = step_and_die
    # Progress is noted at once, so that waiting for it costs no time; a dead holder is followed at once.
    venue_loop._NOTE_SECONDS = 0.0
    leases.DATABASE = RetryPolicy(0.01, 0.01)


async def _live(settings: Settings) -> None:
    async with open_services(settings) as services, hold_lease(settings.database_url, venue.ROLE) as lease:
        await venue.PaperVenueLoop(services.bus, services.market, services.ticks, lease).run()


class _Parent:
    """Starts the next child process when one was killed, until it is stopped."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._settings = settings
        self._seed = seed
        self._child = 0
        self._is_over = False

    def run(self) -> int:
        """The number of processes killed before the end."""
        signal.signal(signal.SIGTERM, self._stop)
        killed = 0
        while not self._is_over:
            self._child = os.fork()
            if self._child == 0:
                self._be_born(killed)
            _, status = os.waitpid(self._child, 0)
            assert self._is_over or os.WIFSIGNALED(status), "a venue has ended by itself"
            killed += not self._is_over
        return killed

    def _be_born(self, number: int) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        chance = Random(f"{self._seed} {number}")
        try:
            _make_mortal(chance)
            asyncio.run(_live(self._settings))
        finally:
            os._exit(1)

    def _stop(self, *_: object) -> None:
        self._is_over = True
        if self._child:
            os.kill(self._child, signal.SIGKILL)


def main() -> None:
    """Run child processes that kill themselves, until SIGTERM."""
    configure_logging(LogSetting("error", "console"), sys.stderr)
    sys.stdout.write(f"{_Parent(load_settings(os.environ), int(sys.argv[1])).run()}\n")


if __name__ == "__main__":
    main()
