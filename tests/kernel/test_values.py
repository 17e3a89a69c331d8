"""Value classes that are cheap to make are dataclasses in everything else."""

import pickle
from copy import deepcopy
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace

import pytest

from domain.kernel.values import unguarded


@unguarded
@dataclass(frozen=True, slots=True)
class Base:
    first: int
    second: tuple[int, ...] = ()
    made: tuple[str, ...] = field(default_factory=lambda: ("made",), kw_only=True)


@unguarded
@dataclass(frozen=True, slots=True)
class Derived(Base):
    third: str = "third"


@dataclass(frozen=True, slots=True)
class Guarded:
    first: int
    second: tuple[int, ...] = ()
    made: tuple[str, ...] = field(default_factory=lambda: ("made",), kw_only=True)


def test_it_is_made_from_its_fields_and_defaults() -> None:
    one = Derived(1, (2,), "three", made=("four",))
    assert (one.first, one.second, one.third, one.made) == (1, (2,), "three", ("four",))
    assert Base(1) == Base(1, (), made=("made",))
    assert [item.name for item in fields(Derived)] == ["first", "second", "made", "third"]


def test_it_compares_hashes_copies_and_prints_like_a_frozen_dataclass() -> None:
    one, guarded = Base(1, (2,)), Guarded(1, (2,))
    assert hash(one) == hash(guarded)
    assert repr(one) == repr(guarded).replace("Guarded", "Base")
    assert one != Base(1)
    assert replace(one, first=3) == Base(3, (2,))
    assert pickle.loads(pickle.dumps(one)) == deepcopy(one) == one


def test_only_the_type_checker_refuses_an_assignment() -> None:
    one = Derived(1)
    one.first = 2  # type: ignore[misc]  # the refusal
    assert one == Derived(2)
    with pytest.raises(FrozenInstanceError):
        Guarded(1).first = 2  # type: ignore[misc]  # the same


def test_a_class_with_its_own_way_of_being_made_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        first: int

        def __post_init__(self) -> None:
            assert self.first

    with pytest.raises(AssertionError, match="Checked"):
        unguarded(Checked)
