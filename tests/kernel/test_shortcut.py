"""A shortcut that fails is tried less and less often, and never given up."""

from domain.kernel.shortcut import Shortcut


def tries(shortcut: Shortcut, uses: int, *, worked: bool) -> list[int]:
    """The places of the uses that try the shortcut."""
    tried = []
    for place in range(uses):
        if shortcut.is_due():
            tried.append(place)
            shortcut.note(worked=worked)
    return tried


def test_a_shortcut_that_works_is_always_tried() -> None:
    assert tries(Shortcut(), 5, worked=True) == [0, 1, 2, 3, 4]


def test_a_shortcut_that_fails_is_tried_less_and_less_often() -> None:
    assert tries(Shortcut(), 130, worked=False) == [0, 2, 5, 10, 19, 36, 69, 102]


def test_one_that_works_again_is_always_tried_again() -> None:
    shortcut = Shortcut()
    tries(shortcut, 130, worked=False)
    assert tries(shortcut, 10, worked=True)[-3:] == [7, 8, 9]
