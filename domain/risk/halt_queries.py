"""Reads and writes of trading halts."""

from dataclasses import fields
from datetime import datetime, timedelta
from uuid import UUID

from domain.access.types import Role
from domain.kernel.database import Row, fetch
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.types import RiskScope, TradingHalt

_NAMES = tuple(item.name for item in fields(TradingHalt))
_COLUMNS = ", ".join(_NAMES)
# Of those that were lifted, the newest.
_MAX_HALTS = 1_000
# An order may be decided on before a halt and be committed after it, but not this much later.
_IN_FLIGHT = timedelta(seconds=30)


def to_halt(row: Row) -> TradingHalt:
    """A halt from its row."""
    values = list(row)
    values[1] = RiskScope(values[1])
    values[7] = Role(values[7])
    return TradingHalt(*values)


async def read_halts(*, active_only: bool) -> list[TradingHalt]:
    """Halts, oldest first: those in force, or the newest 1,000 of all."""
    where = "WHERE lifted_at IS NULL" if active_only else ""
    rows = await fetch(f"SELECT {_COLUMNS} FROM trading_halts {where} ORDER BY id DESC LIMIT {_MAX_HALTS}")
    return [to_halt(row) for row in reversed(rows)]


async def find_same(work: UnitOfWork, halt: TradingHalt) -> TradingHalt | None:
    """A halt of the same that is in force."""
    row = await work.fetch_row(
        f"SELECT {_COLUMNS} FROM trading_halts WHERE lifted_at IS NULL AND scope = $1 "
        "AND account_id IS NOT DISTINCT FROM $2 AND symbol IS NOT DISTINCT FROM $3 "
        "AND strategy IS NOT DISTINCT FROM $4",
        halt.scope.value,
        halt.account_id,
        halt.symbol,
        halt.strategy,
    )
    return to_halt(row) if row is not None else None


async def insert_halt(work: UnitOfWork, halt: TradingHalt, *, cancels: bool) -> None:
    """Store a new halt; with ``cancels``, open orders are to be cancelled."""
    await work.execute(
        "INSERT INTO trading_halts (id, scope, account_id, symbol, strategy, reason, by, role, at, cancels_done) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        halt.id,
        halt.scope.value,
        halt.account_id,
        halt.symbol,
        halt.strategy,
        halt.reason,
        halt.by,
        halt.role.value,
        halt.at,
        not cancels,
    )


async def save_role(work: UnitOfWork, halt: TradingHalt) -> None:
    """Store that a higher role wants a halt, too."""
    await work.execute("UPDATE trading_halts SET role = $2 WHERE id = $1", halt.id, halt.role.value)


async def lock_halt(work: UnitOfWork, halt_id: UUID) -> TradingHalt | None:
    """One halt, locked for a change."""
    row = await work.fetch_row(f"SELECT {_COLUMNS} FROM trading_halts WHERE id = $1 FOR UPDATE", halt_id)
    return to_halt(row) if row is not None else None


async def save_lifting(work: UnitOfWork, halt: TradingHalt) -> None:
    """Store that a halt was lifted, by whom and why; what it had not cancelled yet stays."""
    await work.execute(
        "UPDATE trading_halts SET lifted_at = $2, lifted_by = $3, lift_reason = $4, cancels_done = true WHERE id = $1",
        halt.id,
        halt.lifted_at,
        halt.lifted_by,
        halt.lift_reason,
    )


async def request_cancels_of(work: UnitOfWork, halt_id: UUID) -> None:
    """Let a halt that is in force cancel open orders after all."""
    await work.execute(
        "UPDATE trading_halts SET cancels_done = false, cancels_before = NULL WHERE id = $1 AND lifted_at IS NULL",
        halt_id,
    )


async def read_unfinished() -> list[TradingHalt]:
    """Halts whose open orders have not all been cancelled yet, oldest first."""
    rows = await fetch(f"SELECT {_COLUMNS} FROM trading_halts WHERE NOT cancels_done ORDER BY id")
    return [to_halt(row) for row in rows]


async def begin_cancels(work: UnitOfWork, halt_id: UUID) -> datetime:
    """Until when orders were placed that the halt is to cancel: from when its cancels began first, in force by then."""
    row = await work.fetch_row(
        "UPDATE trading_halts SET cancels_before = coalesce(cancels_before, clock_timestamp()) WHERE id = $1 "
        "RETURNING cancels_before",
        halt_id,
    )
    assert row is not None
    before: datetime = row["cancels_before"]
    return before


async def end_cancels(work: UnitOfWork, halt_id: UUID) -> None:
    """Note that all is cancelled, once no transaction can be under way any more that did not know of the halt."""
    await work.execute(
        "UPDATE trading_halts SET cancels_done = true WHERE id = $1 "
        "AND cancels_before < clock_timestamp() - $2::interval",
        halt_id,
        _IN_FLIGHT,
    )
