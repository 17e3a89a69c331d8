"""Value classes that are cheap to make are dataclasses in everything else."""

import pickle
from copy import deepcopy
from dataclasses import dataclass, field, fields, replace

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
