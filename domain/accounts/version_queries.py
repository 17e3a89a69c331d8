"""The version of accounts: it differs whenever anything of them has changed, in whichever process.

SQL: sums over the rows that order all changes of accounts.
"""

from collections.abc import Collection
from uuid import UUID

from domain.kernel.database import Row, fetch_row

# Counts of changes never fall and accounts are never removed, so the sums differ after each change. Results name
# instruments, whose symbols may change.
_VERSION = """
SELECT count(*) AS accounts, sum(event_sequence) AS events, sum(transaction_sequence) AS transactions,
  sum(book_version) AS books, (SELECT version FROM topic_versions WHERE topic = 'instruments') AS instruments
FROM accounts WHERE $1::uuid[] IS NULL OR id = ANY($1)
"""


async def read_accounts_version(accounts: Collection[UUID] | None) -> Row:
    """The version of some accounts, or with None of all.

    Raises:
        Unavailable: the database cannot be reached.
    """
    row = await fetch_row(_VERSION, list(accounts) if accounts is not None else None)
    assert row is not None
    return row
