"""Reads and writes of timers through their model; what goes by the database's clock is in ``timer_queries``."""

from uuid import UUID

from domain.access.types import Role
from domain.kernel.unit_of_work import UnitOfWork
from domain.orders.models import CancelTimer


async def role_of_timer(work: UnitOfWork, account_id: UUID) -> Role | None:
    """The role that set the account's timer; None if it has none."""
    timer = await CancelTimer.filter(account_id=account_id).using_db(await work.orm()).first()
    return timer.role if timer is not None else None


async def remove_timer(work: UnitOfWork, account_id: UUID) -> None:
    """Remove the account's timer, if it has one."""
    await CancelTimer.filter(account_id=account_id).using_db(await work.orm()).delete()
