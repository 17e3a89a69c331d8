"""Access to streams."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from api.ids import named
from domain.access.types import Actor, Role, require_read, require_role
from domain.accounts.queries import require_account


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
