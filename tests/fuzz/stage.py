"""The processes that a run is played against, and what is looked at when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.fuzz.play import Outcome, Run
from tests.fuzz.recipes import RECIPES
from tests.support.installation import Installation, Process, installation

_GROWTH = 1.5


class Stage:
    """A web process, an engine and a worker."""

    def __init__(self, whole: Installation) -> None:
        self._web: Process = whole.web()
        self._others = (whole.engine(), whole.worker())
        whole.start(self._web, *self._others)
        self.outcome = Outcome(0)

    async def play(self, seed: int, requests: int, seconds: float = float("inf")) -> list[str]:
        """The found faults."""
        run = Run(self._web.address, seed)
        self.outcome = run.outcome
        process = psutil.Process(self._web.pid)
        before: list[int] = []
        await run.play(requests, seconds, lambda: before.append(process.memory_info().rss))
        problems = list(self.outcome.failures)
        problems += [f"{name} never succeeded" for name in RECIPES if not self.outcome.succeeded[name]]
        after = process.memory_info().rss
        if before and after > before[0] * _GROWTH:
            problems.append(f"memory grew from {before[0] >> 20} to {after >> 20} MiB")
        problems += [
            f"traceback in the log of {each}" for each in (self._web, *self._others) if "Traceback" in each.output
        ]
        return problems


@contextmanager
def staged(database_url: str, redis_url: str, folder: Path) -> Iterator[Stage]:
    """A stage on these servers."""
    with installation(database_url, redis_url, folder) as whole:
        yield Stage(whole)
