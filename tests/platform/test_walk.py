"""The way of an order and of a report through the code can be followed: a reader seldom comes back to a module."""

from pathlib import Path

import pytest

from linting.walk import Walk


@pytest.mark.parametrize(
    ("path", "function", "most"),
    [
        ("domain/orders/entry/batch.py", "Batch.place", 12),
        ("domain/orders/books/booking.py", "ReportBooking.apply", 13),
    ],
)
def test_a_call_seldom_returns_to_a_module_that_it_left(path: str, function: str, most: int) -> None:
    walk = Walk().follow(path, function)
    assert len(walk.functions) > 50, "the walk is cut short: a call cannot be followed any more"
    assert walk.returns <= most, walk.stays


def test_a_return_counts_each_visit_to_a_module_left_before(tmp_path: Path) -> None:
    modules = {
        "first.py": "from domain.second import Second, helper\n\ndef begin(given: Second):\n"
        "    end(given.work())\n    helper()\n\ndef end(value):\n    return value\n",
        "second.py": "class Second:\n    def work(self):\n        return self.more()\n\n"
        "    def more(self):\n        return 1\n\ndef helper():\n    pass\n",
    }
    (tmp_path / "domain").mkdir()
    for name, text in modules.items():
        (tmp_path / "domain" / name).write_text(text)
    walk = Walk(tmp_path).follow("domain/first.py", "begin")
    assert [name for _, name in walk.functions] == ["begin", "Second.work", "Second.more", "end", "helper"]
    assert [stay.removeprefix("domain/") for stay in walk.stays] == ["first.py", "second.py", "first.py", "second.py"]
    assert walk.returns == 2
