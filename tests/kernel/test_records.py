"""Records of objects: what is left out, what counts, what is converted."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from domain.kernel.records import Member, copier, recorder


@dataclass
class Thing:
    number: Decimal
    optional: Decimal | None
    flag: bool
    words: tuple[str, ...]


RECORD = recorder(
    [Member("number", False, str), Member("optional", True), Member("flag", False), Member("words", True)]
)


def test_none_and_zero_are_left_out_unless_zero_counts() -> None:
    assert RECORD(Thing(Decimal(0), Decimal(0), flag=False, words=())) == {"optional": Decimal(0), "words": ()}
    assert RECORD(Thing(Decimal("1.50"), None, flag=True, words=("a",))) == {
        "number": "1.50",
        "flag": True,
        "words": ("a",),
    }


def test_a_usual_value_is_left_out_and_zero_is_not() -> None:
    record = recorder([Member("number", counts_zero=False, convert=str, usual=Decimal(1))])
    things = [Thing(Decimal(text), None, flag=False, words=()) for text in ("1.0", "0", "2")]
    assert [record(thing) for thing in things] == [{}, {"number": "0"}, {"number": "2"}]


def test_members_keep_their_order() -> None:
    assert list(RECORD(Thing(Decimal(1), Decimal(2), flag=True, words=("a",)))) == [
        "number",
        "optional",
        "flag",
        "words",
    ]


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no attribute"):
        recorder([Member("a; import os", counts_zero=True)])


def test_a_copy_has_every_field_and_is_another_object() -> None:
    thing = Thing(Decimal(1), None, flag=True, words=("a",))
    copied = copier(Thing)(thing)
    assert (copied, type(copied)) == (thing, Thing)
    copied.number = Decimal(2)
    assert thing.number == Decimal(1)
