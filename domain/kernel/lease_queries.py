"""Leases: who alone may play a role that must be single, provably inside each transaction.

A holder has an advisory lock (see the adapter) and an epoch, which every new holder raises. A write of the role shares
the lease's row; a successor raises the epoch under an exclusive lock, so a write of the old holder either commits
before the successor starts or fails.

SQL: the lease is proved inside each transaction of its holder, under a shared lock of its row.
"""

from domain.kernel.database import fetch_row
from domain.kernel.unit_of_work import UnitOfWork


class LeaseLost(Exception):
    """Another process has taken the role over; nothing was written."""


async def check_lease(work: UnitOfWork, role: str, epoch: int, position: str | None = None) -> None:
    """Go on only as the present holder of ``role``; with ``position``, note that the role has come so far.

    Raises:
        LeaseLost: another process holds it now.
    """
    if position is None:
        row = await work.fetch_row("SELECT epoch FROM leases WHERE role = $1 FOR SHARE", role)
    else:
        row = await work.fetch_row("UPDATE leases SET position = $2 WHERE role = $1 RETURNING epoch", role, position)
    if row is None or row["epoch"] != epoch:
        raise LeaseLost(role)


async def read_position(role: str) -> str | None:
    """How far ``role`` has come in the stream that it reads; None when it never did."""
    row = await fetch_row("SELECT position FROM leases WHERE role = $1", role)
    return row["position"] if row is not None else None
