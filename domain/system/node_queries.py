"""The owner and kind of each identifier.

SQL: one statement looks into every table that gives out identifiers, by its key.
"""

from collections.abc import Collection
from uuid import UUID

from domain.kernel.database import fetch
from domain.system.nodes import FoundNode, NodeKind

# Of each kind its table, the account that it belongs to, and the user.
_TABLES = {
    NodeKind.ACCOUNT: ("accounts", "ARRAY[id]", "NULL"),
    NodeKind.ANOMALY: ("anomalies", "ARRAY[account_id]", "NULL"),
    NodeKind.ANOMALY_CASE: ("anomaly_cases", "NULL", "NULL"),
    NodeKind.ANOMALY_DISMISSAL: ("anomaly_dismissals", "NULL", "NULL"),
    NodeKind.API_KEY: ("api_keys", "NULL", "user_id"),
    NodeKind.CORPORATE_ACTION: ("corporate_actions", "NULL", "NULL"),
    NodeKind.EXECUTION: ("executions", "ARRAY[account_id]", "NULL"),
    NodeKind.INSTRUMENT: ("instruments", "NULL", "NULL"),
    NodeKind.OPEN_SESSION: ("sessions", "NULL", "user_id"),
    NodeKind.ORDER: ("orders", "ARRAY[account_id]", "NULL"),
    NodeKind.POSITION: ("positions", "ARRAY[account_id]", "NULL"),
    NodeKind.RISK_EVENT: ("risk_events", "ARRAY[account_id]", "NULL"),
    NodeKind.RISK_RULE: ("risk_rules", "ARRAY[account_id]", "NULL"),
    NodeKind.TASK_RUN: ("task_runs", "NULL", "NULL"),
    NodeKind.TRADING_HALT: ("trading_halts", "ARRAY[account_id]", "NULL"),
    NodeKind.TRANSACTION: ("account_transactions", "ARRAY[account_id]", "NULL"),
    NodeKind.USER: ("users", "ARRAY(SELECT a.id FROM accounts a WHERE a.owner_id = users.id)", "id"),
}
_LOCATE = " UNION ALL ".join(
    f"SELECT id, '{kind}' AS kind, {accounts}::uuid[] AS accounts, {user}::uuid AS user_id "
    f"FROM {table} WHERE id = ANY($1::uuid[])"
    for kind, (table, accounts, user) in _TABLES.items()
)


async def locate_nodes(ids: Collection[UUID]) -> dict[UUID, FoundNode]:
    """The kinds and owners of identifiers; one statement however many there are."""
    return {
        row["id"]: FoundNode(
            row["id"],
            NodeKind(row["kind"]),
            tuple(each for each in row["accounts"] or () if each is not None),
            row["user_id"],
        )
        for row in await fetch(_LOCATE, list(ids))
    }
