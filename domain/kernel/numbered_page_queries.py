"""Lists of rows that have a number, in pages, newest first.

SQL: the filter of a list is a constant condition over its arguments, and a page is a keyset by the number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.kernel.database import Row, fetch, fetch_row
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page, page_bound

Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class NumberedList(Generic[Node]):
    """The rows of ``table`` that match ``condition``, a text over the arguments $1, $2 and so on.

    ``number`` is the column of the number, ``read`` makes a node of a row, ``number_of`` is the number of a node.
    """

    table: str
    columns: str
    condition: str
    number: str
    read: Callable[[Row], Node]
    number_of: Callable[[Node], int]

    async def page(self, arguments: Sequence[object], request: PageRequest) -> Page[Node]:
        """One page.

        Raises:
            BadInput: the cursor holds no number.
        """
        key, side, order = page_bound(request)
        place = len(arguments) + 1
        rows = await fetch(
            f"SELECT {self.columns} FROM {self.table} WHERE {self.condition} "
            f"AND {self.number} {side} ${place} ORDER BY {self.number} {order} LIMIT ${place + 1}",
            *arguments,
            key,
            request.size + 1,
        )
        return make_page(request, [self.read(row) for row in rows], self._cursor)

    async def count(self, arguments: Sequence[object]) -> int:
        """The number of rows that match."""
        row = await fetch_row(f"SELECT count(*) FROM {self.table} WHERE {self.condition}", *arguments)
        return int(row[0]) if row is not None else 0

    def _cursor(self, node: Node) -> str:
        return encode_cursor(str(self.number_of(node)))
