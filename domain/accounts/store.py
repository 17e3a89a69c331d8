"""Reads of accounts and their owners without a lock."""

from uuid import UUID

from domain.access.models import User
from domain.accounts.models import Account
from domain.kernel.unit_of_work import UnitOfWork


async def account_exists(work: UnitOfWork, account_id: UUID) -> bool:
    """True if there is an account of this id."""
    return await Account.filter(id=account_id).using_db(await work.orm()).exists()


async def is_active_user(work: UnitOfWork, user_id: UUID) -> bool:
    """True if there is such a user who may sign in."""
    return await User.filter(id=user_id, active=True).using_db(await work.orm()).exists()
