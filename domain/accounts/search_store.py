"""Searches of accounts through their model: those that the actor may see, by name, owner, state and more."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tortoise.queryset import QuerySet

from domain.access.types import Actor
from domain.accounts import models
from domain.accounts.types import AccountKind, AccountState
from domain.kernel.orm import count
from domain.kernel.orm_pages import page_by_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.text import clean_text

_MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class AccountSearch:
    """The wanted accounts; None asks for any. ``name`` is a part of the name, in capitals or not."""

    name: str | None = None
    owner_id: UUID | None = None
    states: Collection[AccountState] | None = None
    kind: AccountKind | None = None
    currency: str | None = None
    venue: str | None = None


async def page_accounts(actor: Actor, request: PageRequest, search: AccountSearch) -> Page[UUID]:
    """A page of the ids of accounts, oldest first.

    Raises:
        BadInput: a cursor of another list.
    """
    return await page_by_id(request, _query(actor, search), lambda row: row.id, id_of=lambda account_id: account_id)


async def count_accounts(actor: Actor, search: AccountSearch) -> int:
    """The number of accounts that match."""
    return await count(_query(actor, search))


def _query(actor: Actor, search: AccountSearch) -> QuerySet[models.Account]:
    query = models.Account.all()
    if not actor.sees_all:
        query = query.filter(id__in=list(actor.accounts))
    if search.name is not None:
        query = query.filter(name__icontains=clean_text(search.name, field="name", max_length=_MAX_NAME))
    if search.states is not None:
        query = query.filter(state__in=list(search.states))
    for column in ("owner_id", "kind", "currency", "venue"):
        wanted = getattr(search, column)
        if wanted is not None:
            query = query.filter(**{column: wanted})
    return query
