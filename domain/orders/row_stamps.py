"""Stamps of orders that were read without a lock: which version of a row was read, and its place in the table.

Each write of a row makes a new version at another place. A guard looks at the place, without an index, and writes the
row if the version is still there. Guards keep their plans (decision 0078), and a plan that was made while the table was
empty might choose any index; a lookup by place is the same at any size.
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
    """A version of a row: the transaction that wrote it (``xmin``), and its block and line in the table (``ctid``)."""

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
