"""Pages of lists that are bounded and whole in memory, such as calendars and positions. Pure.

The key of an item is unique in its list and gives the order. A cursor holds it, so a page goes on at the same place
when the item is gone.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable

from domain.kernel.pages import Node, Page, PageRequest, encode_cursor, make_page

Key = tuple[str, ...]


def page_of(request: PageRequest, values: Iterable[Node], key: Callable[[Node], Key]) -> Page[Node]:
    """A page of ``values`` in the order of their keys."""
    ordered = sorted(values, key=key)
    if request.backward:
        end = len(ordered) if request.key is None else bisect_left(ordered, request.key, key=key)
        found = ordered[max(end - request.size - 1, 0) : end][::-1]
    else:
        begin = 0 if request.key is None else bisect_right(ordered, request.key, key=key)
        found = ordered[begin : begin + request.size + 1]
    return make_page(request, found, lambda node: encode_cursor(*key(node)))
