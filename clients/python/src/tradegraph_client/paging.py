"""All items of a list, page after page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeVar

Item_co = TypeVar("Item_co", covariant=True)
Item = TypeVar("Item")

_PAGE: Final = 200


class Edge(Protocol[Item_co]):
    """An item of a page."""

    @property
    def node(self) -> Item_co:
        """The item."""
        ...


class Place(Protocol):
    """The place of a page in its list."""

    @property
    def end_cursor(self) -> str | None:
        """Resumes the list after the page."""
        ...

    @property
    def has_next_page(self) -> bool:
        """True if more items follow."""
        ...


class Page(Protocol[Item_co]):
    """A page of a list."""

    @property
    def edges(self) -> Sequence[Edge[Item_co]]:
        """Its items."""
        ...

    @property
    def page_info(self) -> Place:
        """Its place."""
        ...


async def every(
    read: Callable[..., Awaitable[Page[Item]]], *, page: int = _PAGE, **arguments: Any
) -> AsyncIterator[Item]:
    """All items that a method of ``Client`` lists.

    ``async for order in every(client.get_orders, filter_=mine)`` reads as many pages as are asked for.
    """
    after: dict[str, str] = {}
    while True:
        answer = await read(first=page, **after, **arguments)
        for edge in answer.edges:
            yield edge.node
        if not answer.page_info.has_next_page or answer.page_info.end_cursor is None:
            return
        after = {"after": answer.page_info.end_cursor}


def every_sync(read: Callable[..., Page[Item]], *, page: int = _PAGE, **arguments: Any) -> Iterator[Item]:
    """All items that a method of ``SyncClient`` lists, as ``every`` gives those of a ``Client``."""
    after: dict[str, str] = {}
    while True:
        answer = read(first=page, **after, **arguments)
        for edge in answer.edges:
            yield edge.node
        if not answer.page_info.has_next_page or answer.page_info.end_cursor is None:
            return
        after = {"after": answer.page_info.end_cursor}
