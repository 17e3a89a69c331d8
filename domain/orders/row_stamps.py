"""Stamps of orders that were read without a lock: which state of a row was read, and where that state lies.

A guard finds the row at its place, without an index, and writes it if it is in that state still. It differs after every
write. A plan that is made while a table is empty takes every index for as good as another; a place is the same at any
size.
"""

from dataclasses import dataclass
from typing import Any

from domain.kernel.database import Row
from domain.kernel.values import unguarded

# The last columns of a statement that reads orders as ``o``.
SELECT_STAMP = "o.xmin, o.ctid"


@unguarded
@dataclass(frozen=True, slots=True)
class Stamp:
    """The transaction that wrote a row, and the place of what it wrote."""

    transaction: int
    block: int
    line: int

    def record(self) -> dict[str, str]:
        """The stamp in a row of a guard's argument: ``stamp xid`` and ``place tid``."""
        return {"stamp": str(self.transaction), "place": f"({self.block},{self.line})"}


def split_stamp(row: Row) -> tuple[list[Any], Stamp]:
    """The values of a row that ends with ``SELECT_STAMP``, and its stamp."""
    *values, transaction, (block, line) = row
    return values, Stamp(transaction, block, line)
