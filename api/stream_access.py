"""Access to streams."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from api.ids import named
from domain.access.types import Actor, Role, no_account, require_read, require_role
from domain.accounts.event_queries import read_heads
from domain.accounts.queries import require_account
from domain.accounts.service import visible_accounts
from domain.kernel.errors import BadInput

# That one stream follows at once.
MAX_ACCOUNTS = 100


def reads_account(account_id: UUID) -> Callable[[Actor], None]:
    """The permit of an account's streams: callers who may read the account."""

    def permit(actor: Actor) -> None:
        require_read(actor, account_id)

    return permit


# The accounts whose events somebody follows; None: those of every account and of none.
Followed = frozenset[UUID] | None


async def followed_accounts(actor: Actor, account_id: strawberry.ID | None) -> Followed:
    """The named account, else all that the actor may see.

    Raises:
        NotFound: the account does not exist for the actor.
    """
    if account_id is not None:
        wanted = named(account_id)
        await require_account(actor, wanted)
        return frozenset({wanted})
    return None if actor.sees_all else frozenset(actor.accounts)


def reads_accounts(wanted: Followed) -> Callable[[Actor], None]:
    """The permit of several accounts' streams: callers who may read all of them.

    Of all accounts, risk managers and administrators.
    """

    def permit(actor: Actor) -> None:
        if wanted is None:
            require_role(actor, Role.RISK_MANAGER, Role.ADMIN)
            return
        for account_id in wanted:
            require_read(actor, account_id)

    return permit


async def named_accounts(
    actor: Actor, account_ids: list[strawberry.ID] | None, account_id: strawberry.ID | None = None
) -> tuple[UUID, ...]:
    """The accounts that a stream of several is about, each once: those that are named, else all that the actor may see.

    Raises:
        NotFound: one of them does not exist for the actor.
        BadInput: none, too many, or both one and several.
    """
    if account_id is not None:
        if account_ids is not None:
            raise BadInput("Give either accountId or accountIds.", field="accountIds")
        await require_account(actor, named(account_id))
        return (named(account_id),)
    if account_ids is None:
        wanted = await visible_accounts(actor)
    else:
        wanted = list(dict.fromkeys(map(named, account_ids)))
        for each in wanted:
            require_read(actor, each, field="accountIds")
        if len(await read_heads(wanted)) < len(wanted):
            raise no_account("accountIds")
    if not wanted:
        raise BadInput("Give at least one account.", field="accountIds")
    if len(wanted) > MAX_ACCOUNTS:
        raise BadInput(f"A stream follows at most {MAX_ACCOUNTS} accounts: give some of them.", field="accountIds")
    return tuple(sorted(wanted))
