"""Keyset pages."""

import pytest

from domain.kernel.errors import BadInput
from domain.kernel.pages import PageRequest, decode_cursor, encode_cursor, make_page, page_request


def walk(rows: list[int], size: int, *, backward: bool) -> list[list[int]]:
    """All pages of ``rows``, as a client would ask for them."""
    pages, key = [], None
    while True:
        ordered = sorted(rows, reverse=backward)
        left = [row for row in ordered if key is None or (row < key if backward else row > key)]
        request = PageRequest(size, None if key is None else (str(key),), backward)
        fetched = left[: size + 1]
        page = make_page(request, fetched, lambda row: encode_cursor(str(row)))
        pages.append(page.nodes)
        if not (page.has_previous if backward else page.has_next):
            return pages
        cursor = page.start_cursor if backward else page.end_cursor
        assert cursor is not None
        key = int(decode_cursor(cursor, parts=1, field="after")[0])


def test_paging_both_ways_returns_every_row_once() -> None:
    rows = list(range(10))
    assert walk(rows, 4, backward=False) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert walk(rows, 4, backward=True) == [[6, 7, 8, 9], [2, 3, 4, 5], [0, 1]]


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("first", {"first": 0}),
        ("first", {"first": 501}),
        ("last", {"last": -1}),
        ("last", {"first": 1, "last": 1}),
        ("after", {"after": "!"}),
        ("after", {"after": encode_cursor("a", "b")}),
        ("before", {"before": "bm90IGpzb24"}),
    ],
)
def test_an_invalid_page_names_its_field(field: str, arguments: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        page_request(**arguments, parts=1)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.field == field
