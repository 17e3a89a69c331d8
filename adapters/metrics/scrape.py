"""A scrape of the web: all web processes, each with its slot, and the platform, from any process."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest

from adapters.health import PlatformInspection
from adapters.metrics.kept_reads import KeptReads
from adapters.metrics.listener import is_token
from adapters.metrics.merging import Merged
from adapters.metrics.platform import PlatformView
from adapters.metrics.process import describe_process
from domain.kernel.errors import Unavailable
from domain.kernel.read_cache import ReadCache
from domain.system.figure_queries import read_figures

# However often it is asked, the platform is looked at so often.
REMEMBERED_SECONDS = 5.0


@dataclass(slots=True)
class Scrapes:
    """This process's answers to Prometheus. ``token`` admits a scrape without a sign-in."""

    inspection: PlatformInspection
    reads: ReadCache
    token: str = ""
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _view: tuple[float, PlatformView] | None = None

    def admits(self, authorization: str | None) -> bool:
        """True if a request carries the token of scrapes."""
        return is_token(authorization, self.token)

    def tells_of(self, registry: CollectorRegistry) -> None:
        """Add the metrics of the process to the web process's ``registry``, and show it to the other processes."""
        describe_process(registry, "web")
        registry.register(KeptReads(self.reads))
        shown = self.inspection.board.show_figures(lambda: generate_latest(registry))
        self.tasks.append(asyncio.create_task(shown))

    async def exposition(self, own: CollectorRegistry) -> bytes:
        """All web processes' figures and the platform's, in Prometheus's text format."""
        texts = {self.inspection.board.place: generate_latest(own).decode()}
        texts |= await self.inspection.board.figures_of_others()
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Merged(dict(sorted(texts.items()))))
        registry.register(await self._platform())
        return generate_latest(registry)

    async def _platform(self) -> PlatformView:
        known = self._view
        if known is None or time.monotonic() - known[0] > REMEMBERED_SECONDS:
            health, figures = await self.inspection.health(), None
            # Without the database the rest is worth showing all the same.
            with suppress(Unavailable):
                figures = await read_figures()
            ages = {exchange: age.total_seconds() for exchange, age in self.inspection.feed_ages().items()}
            known = self._view = time.monotonic(), PlatformView(health, figures, ages)
        return known[1]
