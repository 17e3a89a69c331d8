"""A shortcut that comes to nothing is tried less and less often, and never given up."""

from domain.kernel.shortcut import Shortcut


def tries(shortcut: Shortcut, uses: int, *, of_use: bool) -> list[int]:
    """The places of the uses that try the shortcut."""
    tried = []
    for place in range(uses):
        if shortcut.is_due():
            tried.append(place)
            shortcut.was(of_use=of_use)
    return tried


def test_a_shortcut_that_works_is_always_tried() -> None:
    assert tries(Shortcut(), 5, of_use=True) == [0, 1, 2, 3, 4]


def test_a_shortcut_that_comes_to_nothing_is_tried_less_and_less_often() -> None:
    assert tries(Shortcut(), 130, of_use=False) == [0, 2, 5, 10, 19, 36, 69, 102]


def test_one_that_works_again_is_always_tried_again() -> None:
    shortcut = Shortcut()
    tries(shortcut, 130, of_use=False)
    assert tries(shortcut, 10, of_use=True)[-3:] == [7, 8, 9]
