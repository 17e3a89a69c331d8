"""Grants of accounts in the database. A change is made with the user locked."""

from collections.abc import Collection
from uuid import UUID

from domain.access import models
from domain.access.types import AccountPermission, Grant, Permissions
from domain.kernel.orm import read, value_of
from domain.kernel.unit_of_work import UnitOfWork


async def load_grants(work: UnitOfWork, user_id: UUID, account_id: UUID) -> Permissions:
    """The permissions that a user has been granted for an account."""
    query = models.AccountGrant.filter(user_id=user_id, account_id=account_id).using_db(await work.orm())
    return frozenset([row.permission for row in await query])


async def insert_grant(
    work: UnitOfWork, user_id: UUID, account_id: UUID, permission: AccountPermission, granted_by: str
) -> None:
    """Grant a permission that the user does not have."""
    await models.AccountGrant.create(
        using_db=await work.orm(),
        user_id=user_id,
        account_id=account_id,
        permission=permission,
        granted_at=work.now,
        granted_by=granted_by,
    )


async def delete_grants(work: UnitOfWork, user_id: UUID, account_id: UUID, permissions: Permissions) -> None:
    """Revoke permissions."""
    query = models.AccountGrant.filter(user_id=user_id, account_id=account_id, permission__in=list(permissions))
    await query.using_db(await work.orm()).delete()


async def read_grants(user_ids: Collection[UUID]) -> dict[UUID, list[Grant]]:
    """The grants of users, ordered by the opening of the account and then by time; users without any are left out."""
    query = models.AccountGrant.filter(user_id__in=list(user_ids)).order_by("user_id", "account_id", "id")
    grants: dict[UUID, list[Grant]] = {}
    for row in await read(query):
        grants.setdefault(row.user_id, []).append(value_of(Grant, row))  # type: ignore[attr-defined]  # a key's column
    return grants
