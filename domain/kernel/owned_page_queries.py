"""Lists of numbered rows that belong to an owner, such as the steps of a case: pages of many owners are read together.

SQL: one lateral keyset page per owner, in one statement however many owners there are.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar
from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.pages import Page, PageRequest, encode_cursor, make_page, number_key

Node = TypeVar("Node")
_BELOW_ALL, _ABOVE_ALL = -1, 2**62


@dataclass(frozen=True, slots=True)
class OwnedPage:
    """A page of one owner's list. ``arguments`` are those of the list's condition."""

    owner: UUID
    request: PageRequest
    arguments: tuple[object, ...] = ()


def _none(_owners: Collection[UUID]) -> tuple[object, ...]:
    return ()


@dataclass(frozen=True, eq=False)
class OwnedList(Generic[Node]):
    """The rows of ``table`` of each owner, by the order of their number.

    ``condition`` is a text over the arguments $1, $2 and so on: those of a page, then those that ``learnt`` makes of
    all owners that are read together. ``read`` makes a node of a row, ``number_of`` is the number of a node.
    """

    table: str
    columns: str
    owner: str
    number: str
    read: Callable[[Row], Node]
    condition: str = "true"
    newest_first: bool = False
    number_of: Callable[[Node], int] = attrgetter("sequence")
    learnt: Callable[[Collection[UUID]], tuple[object, ...]] = _none

    async def pages(self, wanted: Collection[OwnedPage]) -> Mapping[OwnedPage, Page[Node]]:
        """The pages, in a statement for each direction and each set of arguments.

        Raises:
            BadInput: a cursor holds no number.
        """
        found: dict[OwnedPage, Page[Node]] = {}
        together: dict[tuple[bool, tuple[object, ...]], list[OwnedPage]] = {}
        for each in wanted:
            together.setdefault((each.request.backward, each.arguments), []).append(each)
        for (backward, arguments), group in together.items():
            found |= await self._read(group, arguments, descends=self.newest_first is not backward)
        return found

    async def _read(
        self, group: Sequence[OwnedPage], arguments: tuple[object, ...], *, descends: bool
    ) -> dict[OwnedPage, Page[Node]]:
        owners = [each.owner for each in group]
        given = (*arguments, *self.learnt(owners))
        place = len(given)
        side, order, open_bound = ("<", "DESC", _ABOVE_ALL) if descends else (">", "ASC", _BELOW_ALL)
        keys = [number_key(each.request) for each in group]
        rows = await fetch(
            f"SELECT w.place AS page_place, t.* FROM unnest(${place + 1}::uuid[], ${place + 2}::bigint[], "
            f"${place + 3}::int[]) WITH ORDINALITY AS w (owner, bound, size, place) CROSS JOIN LATERAL ("
            f"SELECT {self.columns} FROM {self.table} WHERE {self.owner} = w.owner AND {self.number} {side} w.bound "
            f"AND ({self.condition}) ORDER BY {self.number} {order} LIMIT w.size) AS t",
            *given,
            owners,
            [open_bound if key is None else key for key in keys],
            [each.request.size + 1 for each in group],
        )
        nodes: list[list[Node]] = [[] for _ in group]
        for row in rows:
            nodes[row["page_place"] - 1].append(self.read(row))
        for own in nodes:
            own.sort(key=self.number_of, reverse=descends)
        return {each: make_page(each.request, own, self._cursor) for each, own in zip(group, nodes, strict=True)}

    async def counts(
        self, wanted: Collection[tuple[UUID, tuple[object, ...]]]
    ) -> Mapping[tuple[UUID, tuple[object, ...]], int]:
        """The numbers of rows of owners, each with the arguments of the condition."""
        found: dict[tuple[UUID, tuple[object, ...]], int] = dict.fromkeys(wanted, 0)
        together: dict[tuple[object, ...], list[UUID]] = {}
        for owner, arguments in wanted:
            together.setdefault(arguments, []).append(owner)
        for arguments, owners in together.items():
            given = (*arguments, *self.learnt(owners))
            rows = await fetch(
                f"SELECT {self.owner} AS owner, count(*) AS found FROM {self.table} "
                f"WHERE {self.owner} = ANY(${len(given) + 1}::uuid[]) AND ({self.condition}) GROUP BY 1",
                *given,
                owners,
            )
            found |= {(row["owner"], arguments): row["found"] for row in rows}
        return found

    def _cursor(self, node: Node) -> str:
        return encode_cursor(str(self.number_of(node)))
