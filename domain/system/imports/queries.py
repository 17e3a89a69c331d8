"""Imported lines as stored, and the question whether an account holds nothing but imports.

SQL: lines of a file are looked up and stored in sets, a statement for each run of lines.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from domain.kernel.rows import insertion
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.imports.booking import IMPORTED
from domain.system.imports.lines import HistoryLine

_INSERT = insertion("imported_lines", {"account_id": "uuid", "reference": "text", "digest": "bytea"})
_KNOWN = "SELECT reference, digest FROM imported_lines WHERE account_id = $1 AND reference = ANY($2::text[])"
# The ledger's rows of orders are imports when the orders are.
_LIVE = """
SELECT EXISTS (SELECT FROM orders WHERE account_id = $1 AND request_digest <> $2)
  OR EXISTS (SELECT FROM position_adjustments WHERE account_id = $1)
  OR EXISTS (
    SELECT FROM account_transactions t WHERE t.account_id = $1 AND t.order_id IS NULL AND NOT EXISTS (
      SELECT FROM imported_lines l WHERE l.account_id = t.account_id AND l.reference = t.reference
    )
  ) AS live
"""
_TAKEN = "SELECT client_order_id FROM orders WHERE account_id = $1 AND client_order_id = ANY($2::text[])"


async def has_live_history(work: UnitOfWork, account_id: UUID) -> bool:
    """True if an order, a movement of cash or an adjustment of a locked account did not come from an import."""
    row = await work.fetch_row(_LIVE, account_id, IMPORTED)
    return row is not None and bool(row["live"])


async def load_known(work: UnitOfWork, account_id: UUID, references: Collection[str]) -> dict[str, bytes]:
    """The digests of those lines that were imported before, by reference."""
    rows = await work.fetch(_KNOWN, account_id, list(references))
    return {row["reference"]: row["digest"] for row in rows}


async def load_taken_orders(work: UnitOfWork, account_id: UUID, names: Collection[str]) -> set[str]:
    """Those of the names that orders of the account have."""
    return {row["client_order_id"] for row in await work.fetch(_TAKEN, account_id, list(names))}


async def insert_lines(work: UnitOfWork, account_id: UUID, lines: Sequence[HistoryLine]) -> None:
    """Store that lines were imported."""
    rows = [{"account_id": account_id, "reference": line.reference, "digest": line.digest} for line in lines]
    await work.write(_INSERT, rows)
