"""Use cases on past days: daily statements."""

from datetime import date
from uuid import UUID

from domain.access.types import Actor
from domain.accounts.queries import require_account
from domain.kernel.errors import BadInput
from domain.kernel.pages import Page, PageRequest
from domain.settlement import statement_queries
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
    await _check(actor, account_id, since, until)
    return await read_statements(account_id, since, until, MAX_STATEMENTS)


async def page_statements(
    actor: Actor, request: PageRequest, account_id: UUID, since: date | None, until: date | None
) -> Page[DailyStatement]:
    """A page of an account's statements, newest first; raises as ``daily_statements``, and BadInput for a cursor."""
    await _check(actor, account_id, since, until)
    return await statement_queries.page_statements(request, account_id, since, until)


async def count_statements(actor: Actor, account_id: UUID, since: date | None, until: date | None) -> int:
    """The number of an account's statements; raises as ``daily_statements``."""
    await _check(actor, account_id, since, until)
    return await statement_queries.count_statements(account_id, since, until)


async def _check(actor: Actor, account_id: UUID, since: date | None, until: date | None) -> None:
    await require_account(actor, account_id)
    if since is not None and until is not None and until < since:
        raise BadInput("The end is before the start.", field="to")
