"""The check of a search of accounts, before ``search_store`` reads."""

from collections.abc import Collection

from domain.access.types import Actor
from domain.access.user_store import read_users
from domain.accounts.rules import check_currency, check_venue
from domain.accounts.search_store import AccountSearch, count_accounts
from domain.kernel.errors import NotFound


async def check_search(actor: Actor, search: AccountSearch, venues: Collection[str]) -> None:
    """Check that what a search names exists for the actor: a typing error must not give an empty list.

    Raises:
        BadInput: no venue or no currency can be called so.
        NotFound: the actor sees no account of this owner, and sees not all users either.
    """
    if search.currency is not None:
        check_currency(search.currency)
    if search.venue is not None:
        check_venue(search.venue, venues)
    if search.owner_id is not None and search.owner_id != actor.user_id:
        known = actor.sees_all and search.owner_id in await read_users([search.owner_id])
        if not known and not await count_accounts(actor, AccountSearch(owner_id=search.owner_id)):
            raise NotFound("There is no such user.", field="ownerId")
