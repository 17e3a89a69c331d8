"""Relay connections over keyset pages: the form of every list that can grow.

``Connection[User]`` is ``UserConnection`` in the schema, its edges are ``UserEdge``. The total is counted only on
request.
"""

from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Generic, TypeVar

import strawberry

from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL
from domain.kernel.listed_pages import Key, page_of
from domain.kernel.owned_page_queries import OwnedList, OwnedPage
from domain.kernel.pages import Page, PageRequest

Node = TypeVar("Node")
Value = TypeVar("Value")


@strawberry.type(description="Position of a page in its list.")
class PageInfo:
    """Cursors are None on an empty page."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="One item of a page, with its cursor for `after` or `before`.")
class Edge(Generic[Node]):
    """One item; most clients ask only for the cursors of a page's ends."""

    node: Node
    mark: strawberry.Private[Callable[[], str]]

    @strawberry.field(metadata=SAME_FOR_ALL)
    def cursor(self) -> str:
        """The item's place in its list."""
        return self.mark()


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    """A page of views, made from a page of values."""

    edges: list[Edge[Node]]
    page_info: PageInfo
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="Number of items in the whole list; counted on request.")
    async def total_count(self) -> int:
        """The number of all matching items, on any page."""
        return await self.count()


def connection(
    page: Page[Value], view: Callable[[Value], Node], count: Callable[[], Awaitable[int]]
) -> Connection[Node]:
    """The connection that shows ``page`` through ``view``; ``count`` counts the whole list."""
    return Connection(
        edges=[Edge(node=view(value), mark=partial(page.cursor, value)) for value in page.nodes],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.start_cursor,
            end_cursor=page.end_cursor,
        ),
        count=count,
    )


async def owned(
    info: Info, rows: OwnedList[Value], wanted: OwnedPage, view: Callable[[Value], Node]
) -> Connection[Node]:
    """The connection of an owner's list, loaded with those of the operation's other owners."""
    page = await info.context.load(rows.pages, wanted)
    assert page is not None, "there is one of every owner"

    async def count() -> int:
        return await info.context.load(rows.counts, (wanted.owner, wanted.arguments)) or 0

    return connection(page, view, count)


def listed(
    request: PageRequest, values: Collection[Value], key: Callable[[Value], Key], view: Callable[[Value], Node]
) -> Connection[Node]:
    """The connection of a bounded list that is whole in memory, in the order of its keys."""
    return connection(page_of(request, values, key), view, counted(values))


def counted(values: Collection[object]) -> Callable[[], Awaitable[int]]:
    """Counts a list that is whole in memory."""

    async def count() -> int:
        return len(values)

    return count
