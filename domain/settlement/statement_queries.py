"""Pages of daily statements, by day.

SQL: a statement holds its positions as text, and the primary key of an account's days gives a page without sorting.
"""

from datetime import date
from uuid import UUID

from domain.kernel.database import fetch, fetch_row
from domain.kernel.errors import BadInput
from domain.kernel.pages import FOREIGN_CURSOR, Page, PageRequest, encode_cursor, make_page
from domain.settlement.queries import SELECT_STATEMENT, to_statement
from domain.settlement.types import DailyStatement

_WHERE = "account_id = $1 AND ($2::date IS NULL OR day >= $2) AND ($3::date IS NULL OR day <= $3)"
_COUNT = f"SELECT count(*) AS n FROM daily_statements WHERE {_WHERE}"


async def page_statements(
    request: PageRequest, account_id: UUID, since: date | None, until: date | None
) -> Page[DailyStatement]:
    """A page of an account's statements, newest first.

    Raises:
        BadInput: the cursor holds no day.
    """
    compared, order = (">", "ASC") if request.backward else ("<", "DESC")
    rows = await fetch(
        f"{SELECT_STATEMENT} WHERE {_WHERE} AND ($4::date IS NULL OR day {compared} $4) ORDER BY day {order} LIMIT $5",
        account_id,
        since,
        until,
        _day(request),
        request.size + 1,
    )
    return make_page(request, [to_statement(row) for row in rows], lambda each: encode_cursor(each.day.isoformat()))


async def count_statements(account_id: UUID, since: date | None, until: date | None) -> int:
    """The number of an account's statements."""
    row = await fetch_row(_COUNT, account_id, since, until)
    return int(row["n"]) if row else 0


def _day(request: PageRequest) -> date | None:
    if request.key is None:
        return None
    try:
        return date.fromisoformat(request.key[0])
    except ValueError:
        raise BadInput(FOREIGN_CURSOR, field="before" if request.backward else "after") from None
