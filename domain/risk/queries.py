"""Reads and writes of risk rules, and what of them and of halts is in force."""

from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.halt_queries import read_halts
from domain.risk.types import Limits, RiskAction, RiskRule, RiskRuleKind, RiskScope, SelfTradePrevention

# Rules and halts: what decisions on orders go by.
TOPIC = "limits"
_COLUMNS = """id, name, kind, scope, account_id, symbol, strategy, threshold, window_seconds, action, enabled,
created_at, updated_at, version, self_trade_prevention, created_by, updated_by"""


def to_rule(row: Row) -> RiskRule:
    """A rule from its row."""
    values = list(row)
    values[2] = RiskRuleKind(values[2])
    values[3] = RiskScope(values[3])
    values[9] = RiskAction(values[9])
    values[14] = SelfTradePrevention(values[14]) if values[14] is not None else None
    return RiskRule(*values)


async def read_rules() -> tuple[RiskRule, ...]:
    """All rules, oldest first."""
    return tuple(to_rule(row) for row in await fetch(f"SELECT {_COLUMNS} FROM risk_rules ORDER BY id"))


async def read_limits() -> Limits:
    """The rules and halts in force: what the cache of the topic holds."""
    rules = tuple(rule for rule in await read_rules() if rule.enabled)
    return Limits(rules, tuple(await read_halts(active_only=True)))


async def lock_rule(work: UnitOfWork, rule_id: UUID) -> RiskRule | None:
    """One rule, locked for a change."""
    row = await work.fetch_row(f"SELECT {_COLUMNS} FROM risk_rules WHERE id = $1 FOR UPDATE", rule_id)
    return to_rule(row) if row else None


async def save_rule(work: UnitOfWork, rule: RiskRule) -> None:
    """Store a new or changed rule."""
    await work.execute(
        f"INSERT INTO risk_rules ({_COLUMNS}) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) "
        "ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, threshold = EXCLUDED.threshold, "
        "window_seconds = EXCLUDED.window_seconds, action = EXCLUDED.action, enabled = EXCLUDED.enabled, "
        "updated_at = EXCLUDED.updated_at, updated_by = EXCLUDED.updated_by, version = EXCLUDED.version, "
        "self_trade_prevention = EXCLUDED.self_trade_prevention",
        rule.id,
        rule.name,
        rule.kind.value,
        rule.scope.value,
        rule.account_id,
        rule.symbol,
        rule.strategy,
        rule.threshold,
        rule.window_seconds,
        rule.action.value,
        rule.enabled,
        rule.created_at,
        rule.updated_at,
        rule.version,
        rule.self_trade_prevention.value if rule.self_trade_prevention is not None else None,
        rule.created_by,
        rule.updated_by,
    )


async def remove_rule(work: UnitOfWork, rule_id: UUID) -> None:
    """Remove a rule; what it refused before keeps its violations."""
    await work.execute("DELETE FROM risk_rules WHERE id = $1", rule_id)


async def rename_symbol(work: UnitOfWork, symbol: str, new_symbol: str) -> bool:
    """Let rules and halts about a symbol follow when its instrument gets another; whether there are any."""
    row = await work.fetch_row(
        "WITH rules AS (UPDATE risk_rules SET symbol = $2, version = version + 1, updated_at = $3 "
        "WHERE symbol = $1 RETURNING 1), "
        "halts AS (UPDATE trading_halts SET symbol = $2 WHERE symbol = $1 AND lifted_at IS NULL RETURNING 1) "
        "SELECT (SELECT count(*) FROM rules) + (SELECT count(*) FROM halts) AS n",
        symbol,
        new_symbol,
        work.now,
    )
    return row is not None and row["n"] > 0
