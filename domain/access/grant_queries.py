"""The accounts that people own or have grants on.

SQL: both sources of many people in one statement.
"""

from collections.abc import Collection
from uuid import UUID

from domain.kernel.database import fetch

_ACCOUNT_IDS = """
SELECT owner_id AS user_id, id FROM accounts WHERE owner_id = ANY($1::uuid[])
UNION SELECT user_id, account_id FROM account_grants WHERE user_id = ANY($1::uuid[]) ORDER BY 2
"""


async def read_account_ids(user_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The accounts of people, oldest first, whether owned or granted."""
    found: dict[UUID, list[UUID]] = {}
    for row in await fetch(_ACCOUNT_IDS, list(user_ids)):
        found.setdefault(row["user_id"], []).append(row["id"])
    return found
