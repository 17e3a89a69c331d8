"""What the use cases on orders work with, put together once per process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.kernel.cache import VersionedCache
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.types import Instrument
from domain.risk.types import RiskRule


class StaleCache(Exception):
    """Something cached changed since: load it again and decide again. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What decisions take from caches; ``check`` proves inside a transaction that none of it is out of date."""

    instruments: Mapping[str, Instrument]
    by_id: Mapping[UUID, Instrument]
    rules: Sequence[RiskRule]
    caches: tuple[VersionedCache[object], ...]

    async def check(self, work: UnitOfWork) -> None:
        """Compare with the versions in the database.

        Raises:
            StaleCache: one of them is newer; the caller rolls back and tries again.
        """
        versions = {
            row["topic"]: row["version"] for row in await work.fetch("SELECT topic, version FROM topic_versions")
        }
        if not all(cache.is_at(versions.get(cache.topic, 0)) for cache in self.caches):
            raise StaleCache


"""
"""
