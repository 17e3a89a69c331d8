"""Versions of topics.

SQL: raised and returned in one statement; read inside every transaction that decides.
"""

from domain.kernel.database import fetch, fetch_row
from domain.kernel.unit_of_work import UnitOfWork

_RAISE = """
INSERT INTO topic_versions (topic, version) VALUES ($1, 1)
ON CONFLICT (topic) DO UPDATE SET version = topic_versions.version + 1 RETURNING version
"""
_ALL = "SELECT topic, version FROM topic_versions"


async def raise_version(work: UnitOfWork, topic: str) -> int:
    """The topic's next version."""
    row = await work.fetch_row(_RAISE, topic)
    assert row is not None
    version: int = row["version"]
    return version


async def load_versions(work: UnitOfWork) -> dict[str, int]:
    """The version of every topic that ever changed, as a transaction sees it."""
    return {row["topic"]: row["version"] for row in await work.fetch(_ALL)}


async def read_versions() -> dict[str, int]:
    """The version of every topic that ever changed."""
    return {row["topic"]: row["version"] for row in await fetch(_ALL)}


async def read_version(topic: str) -> int:
    """The version of a topic, 0 when it never changed."""
    row = await fetch_row("SELECT version FROM topic_versions WHERE topic = $1", topic)
    return row["version"] if row else 0
