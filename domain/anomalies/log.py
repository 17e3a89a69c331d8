"""The log of anomalies as followed by one process: numbered, without gaps or repeats."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from uuid import UUID

import orjson

from domain.anomalies import queries
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.types import AnomalyKind
from domain.kernel.bus import Bus
from domain.kernel.log_tail import LogSource, follow
from domain.risk.types import Severity

CHANNEL = "anomalies"
Numbered = tuple[int, Anomaly]


def encode(anomalies: Sequence[Anomaly]) -> bytes:
    """The form in which anomalies travel over the bus."""
    return orjson.dumps([astuple(anomaly) for anomaly in anomalies], default=str)


def decode(message: bytes) -> list[Numbered]:
    """The anomalies of a message of ``encode``, each with its number."""
    return [(anomaly.sequence, anomaly) for anomaly in (_decoded(values) for values in orjson.loads(message))]


def _decoded(values: list[str | int | float | None]) -> Anomaly:
    named = dict(zip(Anomaly.__dataclass_fields__, values, strict=True))
    return Anomaly(
        **{
            **named,
            **{
                name: UUID(str(named[name])) if named[name] is not None else None
                for name in ("id", "account_id", "risk_event_id", "case_id")
            },
            "kind": AnomalyKind(str(named["kind"])),
            "severity": Severity(str(named["severity"])),
            "detected_at": datetime.fromisoformat(str(named["detected_at"])),
        }  # type: ignore[arg-type]  # names and types are those of the class
    )


@dataclass(frozen=True, slots=True)
class AnomalyLog:
    """All anomalies, as one process follows them."""

    bus: Bus

    async def head(self) -> int:
        """The number of the newest anomaly, 0 when there is none."""
        return (await queries.read_head())[0]

    async def read(self, after: int, limit: int) -> Sequence[Numbered]:
        """The next anomalies after a number, in order."""
        return [(anomaly.sequence, anomaly) for anomaly in await queries.read_anomalies(after, limit)]

    def follow(self, after: int) -> AsyncIterator[Sequence[Numbered]]:
        """Every anomaly after ``after``, once, in order, without end.

        Raises:
            Unavailable: the database is away or the bus was closed; call again with the last number that came.
        """
        return follow(self.bus, LogSource(CHANNEL, self._next, self.head, decode), after)

    async def _next(self, after: int) -> Sequence[Numbered]:
        return await self.read(after, queries.MAX_ANOMALIES_PER_READ)
