"""The check of broad excepts finds what keeps every exception to itself."""

import pytest

from linting.broad_excepts import BORDERS, broad_excepts


def _in_a_method(body: str) -> str:
    lines = "\n".join(f"        {line}" for line in body.splitlines())
    return f"class Loop:\n    def run(self):\n{lines}\n"


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    work()\nexcept Exception:\n    pass",
        "try:\n    work()\nexcept BaseException as error:\n    log(error)",
        "try:\n    work()\nexcept:\n    pass",
        "try:\n    work()\nexcept (ValueError, Exception):\n    pass",
        "try:\n    work()\nexcept* Exception:\n    pass",
        "try:\n    work()\nexcept builtins.Exception:\n    pass",
        "try:\n    work()\nexcept Exception as error:\n    raise ValueError from error",
        "with suppress(Exception):\n    work()",
        "with contextlib.suppress(KeyError, Exception):\n    work()",
    ],
)
def test_each_broad_except_is_found_with_its_function(body: str) -> None:
    assert [name for _, name in broad_excepts(_in_a_method(body))] == ["Loop.run"]


@pytest.mark.parametrize(
    "body",
    [
        "try:\n    work()\nexcept ValueError:\n    pass",
        "try:\n    work()\nexcept BaseException:\n    close()\n    raise",
        "with suppress(KeyError):\n    work()",
        "with Guarded(log, 'it failed'):\n    work()",
    ],
)
def test_narrow_and_reraising_excepts_are_not_found(body: str) -> None:
    assert list(broad_excepts(_in_a_method(body))) == []


def test_each_border_has_its_reason() -> None:
    assert all(len(reason) > 20 for reason in BORDERS.values())
