"""Pages of rows that are read through models, in the order of their identifiers, which is that of their making."""

from collections.abc import Callable
from operator import attrgetter
from typing import TypeVar
from uuid import UUID

from tortoise import Model
from tortoise.queryset import QuerySet

from domain.kernel.orm import read
from domain.kernel.pages import Page, PageRequest, encode_cursor, id_key, make_page

Row = TypeVar("Row", bound=Model)
Value = TypeVar("Value")


async def page_by_id(
    request: PageRequest,
    query: QuerySet[Row],
    make: Callable[[Row], Value],
    *,
    newest_first: bool = False,
    id_of: Callable[[Value], UUID] = attrgetter("id"),
) -> Page[Value]:
    """A page of the rows of ``query``, oldest first unless told, as ``make`` reads them.

    Raises:
        BadInput: the cursor holds no identifier.
        Unavailable: the database cannot be reached.
    """
    key, descending = id_key(request), newest_first != request.backward
    if key is not None:
        query = query.filter(id__lt=key) if descending else query.filter(id__gt=key)
    rows = await read(query.order_by("-id" if descending else "id").limit(request.size + 1))
    return make_page(request, [make(row) for row in rows], lambda value: encode_cursor(str(id_of(value))))
