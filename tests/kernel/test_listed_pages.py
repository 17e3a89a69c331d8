"""Pages of lists that are whole in memory."""

from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.listed_pages import page_of
from domain.kernel.pages import page_request

NAMES = st.sets(st.text("abc", min_size=1, max_size=3), max_size=12)


@given(names=NAMES, size=st.integers(1, 5), backward=st.booleans(), gone=NAMES)
def test_paging_returns_what_stays_once_in_order_also_where_items_go(
    names: set[str], size: int, backward: bool, gone: set[str]
) -> None:
    left, cursor, first = set(names), None, True
    found: list[str] = []
    while True:
        request = (
            page_request(last=size, before=cursor, parts=1, of="names")
            if backward
            else page_request(size, cursor, parts=1, of="names")
        )
        page = page_of(request, left, lambda name: (name,))
        assert page.nodes == sorted(page.nodes)
        found = page.nodes + found if backward else found + page.nodes
        assert (page.has_next if backward else page.has_previous) is (cursor is not None)
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = page.start_cursor if backward else page.end_cursor
        # The item that a cursor names may be gone when it is used.
        left, first = left - gone if first else left, False
    assert len(found) == len(set(found))
    assert found == sorted(found)
    assert names - gone <= set(found) <= names
