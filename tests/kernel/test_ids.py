"""Identifiers that are ordered by time."""

from domain.kernel.ids import made_at, new_id
from domain.kernel.time import NANOS_PER_SECOND, Nanos


def test_an_identifier_contains_its_creation_time() -> None:
    before = Nanos.now()
    assert 0 <= made_at(new_id()) - before // 1_000_000 * 1_000_000 < NANOS_PER_SECOND
