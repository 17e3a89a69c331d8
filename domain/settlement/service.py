"""Use cases on past days: daily statements."""

from datetime import date
from uuid import UUID

from domain.access.types import Actor
from domain.accounts.queries import require_account
from domain.kernel.errors import BadInput
from domain.settlement.queries import read_statements
from domain.settlement.types import DailyStatement

# A leap year's days.
MAX_STATEMENTS = 366


async def daily_statements(
    actor: Actor, account_id: UUID, since: date | None, until: date | None
) -> list[DailyStatement]:
    """An account's statements of days from ``since`` to ``until``, both included, oldest first; the newest 366 at most.

    Raises:
        NotFound: the actor may not see the account.
        BadInput: a window that ends before it begins.
    """
    await require_account(actor, account_id)
    if since is not None and until is not None and until < since:
        raise BadInput("This ends before it begins.", field="to")
    return await read_statements(account_id, since, until, MAX_STATEMENTS)
