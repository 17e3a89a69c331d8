"""Identifiers that are ordered by time, in one spelling."""

from uuid import UUID

import pytest

from domain.kernel.ids import made_at, new_id, parse_id
from domain.kernel.time import NANOS_PER_SECOND, Nanos


def test_an_identifier_contains_its_creation_time() -> None:
    before = Nanos.now()
    assert 0 <= made_at(new_id()) - before // 1_000_000 * 1_000_000 < NANOS_PER_SECOND


def test_identifiers_increase_and_are_of_version_7() -> None:
    made = [new_id() for _ in range(5_000)]
    assert sorted(set(made)) == made
    assert {(one.version, one.variant) for one in made} == {(7, UUID(int=2**63).variant)}


def test_an_identifier_equals_the_one_of_the_standard_library() -> None:
    made = new_id()
    same = UUID(str(made))
    assert (made, hash(made), made.int, {made: 1}[same], {same: 1}[made]) == (same, hash(same), same.int, 1, 1)
    assert parse_id(str(made).upper()) == made


@pytest.mark.parametrize(
    "text", ["", "1", "0" * 31, "0" * 33, "-" * 36, "\ud800" * 36, "\u0660" + "0" * 31, "0" * 32 + "\0"]
)
def test_other_texts_are_no_identifiers(text: str) -> None:
    assert parse_id(text) is None
