"""Leases: who alone may play a role that must be single, provably inside each transaction.

A holder has an advisory lock (see the adapter) and an epoch, which every new holder raises. A write of the role shares
the lease's row; a successor raises the epoch under an exclusive lock, so a write of the old holder either commits
before the successor starts or fails.
"""

from domain.kernel.unit_of_work import UnitOfWork


class LeaseLost(Exception):
    """Another process has taken the role over; nothing was written."""


async def check_lease(work: UnitOfWork, role: str, epoch: int) -> None:
    """Go on only as the present holder of ``role``.

    Raises:
        LeaseLost: another process holds it now.
    """
    row = await work.fetch_row("SELECT epoch FROM leases WHERE role = $1 FOR SHARE", role)
    if row is None or row["epoch"] != epoch:
        raise LeaseLost(role)
