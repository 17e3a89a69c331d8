"""The steps of all cases as a process follows them: numbered, without gap or repeat."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from domain.anomalies.cases import queries
from domain.anomalies.cases.forms import decode
from domain.anomalies.cases.types import CaseEvent
from domain.kernel.bus import Bus
from domain.kernel.log_tail import LogSource, follow

CHANNEL = "anomaly-cases"
Numbered = tuple[int, CaseEvent]


@dataclass(frozen=True, slots=True)
class CaseLog:
    """All steps as one process follows them."""

    bus: Bus

    async def head(self) -> int:
        """The number of the newest step, 0 when there is none."""
        return await queries.read_head()

    async def read(self, after: int, limit: int) -> Sequence[Numbered]:
        """The next steps after a number, in order."""
        return [(event.sequence, event) for event in await queries.read_steps(after, limit)]

    def follow(self, after: int) -> AsyncIterator[Sequence[Numbered]]:
        """Every step after ``after``, once, in order, without end.

        Raises:
            Unavailable: the database is away or the bus was closed; call again with the last number that came.
        """
        return follow(self.bus, LogSource(CHANNEL, self._next, self.head, decode), after)

    async def _next(self, after: int) -> Sequence[Numbered]:
        return await self.read(after, queries.MAX_STEPS_PER_READ)
