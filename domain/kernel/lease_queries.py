"""Leases: proof, inside each transaction, that one process alone plays a role that must be single.

A holder has an advisory lock (see the adapter) and an epoch. Every new holder raises the epoch under an exclusive lock.
A write of the role shares the lease's row, so a write of the old holder either commits before the successor starts or
fails.

SQL: the lease is proved inside each transaction of its holder, under a shared lock of its row.
"""

from domain.kernel.database import fetch_row
from domain.kernel.unit_of_work import UnitOfWork


class LeaseLost(Exception):
    """Another process has taken over the role; nothing was written."""


async def check_lease(work: UnitOfWork, role: str, epoch: int, position: str | None = None) -> None:
    """Continue only as the present holder of ``role``; with ``position``, store how far the role has read its stream.

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
    """The stored position of ``role`` in the stream that it reads; None when it has none."""
    row = await fetch_row("SELECT position FROM leases WHERE role = $1", role)
    return row["position"] if row is not None else None
