"""Keyset pages: opaque cursors over a sort key, in both directions, with bounds."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Generic, TypeVar
from uuid import UUID

import orjson

from domain.kernel.errors import BadInput
from domain.kernel.ids import parse_id

MAX_PAGE = 500
DEFAULT_PAGE = 50
_MAX_DIGITS = 18
_ABOVE_ALL = 2**62
_MARK_BYTES = 6
FOREIGN_CURSOR = "This cursor belongs to another list, filter or order: start again without a cursor."
Node = TypeVar("Node")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The arguments of a connection: ``first``/``after`` forwards or ``last``/``before`` backwards.

    ``of`` names the list with its filter and order: cursors of one are refused by another.
    """

    size: int
    key: tuple[str, ...] | None
    backward: bool
    of: object = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Node]):
    """One page in display order; ``cursor`` makes the cursor of a node on demand."""

    nodes: list[Node]
    cursor: Callable[[Node], str]
    has_next: bool
    has_previous: bool

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first node."""
        return self.cursor(self.nodes[0]) if self.nodes else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last node."""
        return self.cursor(self.nodes[-1]) if self.nodes else None


def id_key(request: PageRequest) -> UUID | None:
    """The identifier after which a page begins, in a list ordered by identifier.

    Raises:
        BadInput: the cursor holds none.
    """
    if request.key is None:
        return None
    key = parse_id(request.key[0])
    if key is None:
        raise BadInput(FOREIGN_CURSOR, field="before" if request.backward else "after")
    return key


def number_key(request: PageRequest) -> int | None:
    """The number after which a page begins, in a list ordered by number.

    Raises:
        BadInput: the cursor holds none.
    """
    if request.key is None:
        return None
    text = request.key[0]
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        raise BadInput(FOREIGN_CURSOR, field="before" if request.backward else "after")
    return int(text)


def time_key(request: PageRequest) -> datetime | None:
    """The time after which a page begins, in a list ordered by time.

    Raises:
        BadInput: the cursor holds none.
    """
    if request.key is None:
        return None
    try:
        at = datetime.fromisoformat(request.key[0])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise BadInput(FOREIGN_CURSOR, field="before" if request.backward else "after")
    return at


def page_bound(request: PageRequest) -> tuple[int, str, str]:
    """Of a list by number, largest first: the bound of a page, how numbers compare to it, and their order in SQL.

    Raises:
        BadInput: the cursor holds no number.
    """
    key = number_key(request)
    if request.backward:
        return -1 if key is None else key, ">", "ASC"
    return _ABOVE_ALL if key is None else key, "<", "DESC"


def encode_cursor(*key: str) -> str:
    """An opaque cursor that holds ``key``."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str, *, parts: int | tuple[int, ...], field: str) -> tuple[str, ...]:
    """The key within ``cursor``, of that number of parts, or of one of several numbers.

    Raises:
        BadInput: it is not a cursor of this kind of list.
    """
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise BadInput("This is not a cursor of this API.", field=field) from error
    sizes = (parts,) if isinstance(parts, int) else parts
    if not isinstance(key, list) or len(key) not in sizes or not all(isinstance(part, str) for part in key):
        raise BadInput(FOREIGN_CURSOR, field=field)
    return tuple(key)


def page_request(
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    *,
    parts: int,
    of: object = None,
) -> PageRequest:
    """Check the four Relay arguments of the list ``of``, which says its name, filter and order.

    Raises:
        BadInput: both directions at once, a size outside 1 to 500 or a foreign cursor.
    """
    if (first is not None or after is not None) and (last is not None or before is not None):
        raise BadInput("Page either forwards (first, after) or backwards (last, before).", field="last")
    backward = last is not None or before is not None
    name, size = ("last", last) if backward else ("first", first)
    if size is None:
        size = DEFAULT_PAGE
    if not 1 <= size <= MAX_PAGE:
        raise BadInput(f"A page holds 1 to {MAX_PAGE} items.", field=name)
    cursor, field = (before, "before") if backward else (after, "after")
    key = decode_cursor(_unmarked(cursor, of, field), parts=parts, field=field) if cursor is not None else None
    return PageRequest(size=size, key=key, backward=backward, of=of)


def _mark(of: object) -> str:
    return blake2b(repr(of).encode(), digest_size=_MARK_BYTES).hexdigest()


def _unmarked(cursor: str, of: object, field: str) -> str:
    if of is None:
        return cursor
    inner, _, mark = cursor.rpartition(".")
    if mark != _mark(of):
        raise BadInput(FOREIGN_CURSOR, field=field)
    return inner


def make_page(request: PageRequest, rows: list[Node], cursor: Callable[[Node], str]) -> Page[Node]:
    """Cut ``size + 1`` rows, fetched in the direction of the request, to a page in display order."""
    more = len(rows) > request.size
    nodes = rows[: request.size]
    marks: list[str] = []

    def marked(node: Node) -> str:
        if request.of is None:
            return cursor(node)
        if not marks:
            marks.append(_mark(request.of))
        return f"{cursor(node)}.{marks[0]}"

    if request.backward:
        nodes.reverse()
        return Page(nodes, marked, has_next=request.key is not None, has_previous=more)
    return Page(nodes, marked, has_next=more, has_previous=request.key is not None)
