"""The day roll: the platform's day ends, for the market once, then for each account in a transaction of its own.

Idempotent and resumable. A market day is closed once; an account is rolled once for each day, under its lock, and
stores its last roll. A run that was killed, or that several workers share, continues with the remaining work and ends
with the same result. Missed days are caught up in order, each with its own prices. Everything that an account did
before its day was closed belongs to that day.
"""

import asyncio
import math
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from domain.accounts import queries as account_queries
from domain.accounts.events import DAY_ROLLED, record
from domain.accounts.types import AccountState
from domain.kernel.bus import Bus
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import Unavailable
from domain.kernel.supervision import Guarded
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market import day_queries, day_store
from domain.market.market import Market
from domain.orders import queries as order_queries
from domain.orders.reading.execution_queries import update_realized
from domain.positions import adjustment_queries
from domain.positions import queries as position_queries
from domain.positions.events import position_snapshot
from domain.settlement import queries
from domain.settlement.account_roll import AccountRoll
from domain.settlement.market_day import close_market
from domain.settlement.steps import STEPS
from domain.settlement.types import MarketDay

_READ = 100
_log = structlog.stdlib.get_logger("settlement")


class NotAllRolled(Exception):
    """Some accounts could not be rolled; all others were. The next run tries them again."""

    def __init__(self, accounts: int, rolled: int) -> None:
        super().__init__(f"{accounts} accounts failed in the day roll, {rolled} succeeded; see the log")
        self.accounts = accounts
        self.rolled = rolled


@dataclass(frozen=True, slots=True)
class Rolled:
    """The result of a run: the number of days and account rolls; ``finished`` when nothing is left."""

    days: int
    accounts: int
    finished: bool = True


async def roll_days(bus: Bus, market: Market, day_roll: DayRoll, now: datetime, *, seconds: float = math.inf) -> Rolled:
    """End every day whose roll lies at or before ``now``, oldest first, for the market and every account.

    After ``seconds`` it starts nothing new, and leaves the rest to the next run.

    Raises:
        NotAllRolled: some accounts could not be rolled.
        Unavailable: a server cannot be reached; finished work stays.
    """
    run = _Run(bus, market, asyncio.get_running_loop().time() + seconds)
    moment, days = await _first_roll(day_roll, now), 0
    while moment <= now and not run.is_over:
        day = await close_market(bus, market, day_roll, moment)
        await run.roll(day)
        moment, days = day_roll.next_after(moment), days + 1
    # While there is more to do, that comes first; who could not be rolled is tried again then.
    if run.failed and not run.is_over:
        raise NotAllRolled(len(run.failed), run.rolled)
    return Rolled(days, run.rolled, finished=not run.is_over)


async def _first_roll(day_roll: DayRoll, now: datetime) -> datetime:
    """The oldest roll with possible work left, for the market or for the account that is furthest behind."""
    closed = await day_store.read_last_day()
    behind = await queries.read_first_roll()
    unfinished = await day_queries.read_unfinished_roll()
    firsts = [day_roll.next_after(moment) for moment in (closed, behind) if moment is not None]
    firsts += [unfinished] if unfinished is not None else []
    return min(firsts, default=day_roll.last_before(now))


@dataclass(slots=True)
class _Run:
    """One run over days and accounts: its results, its failures, and its time limit."""

    bus: Bus
    market: Market
    ends: float
    rolled: int = 0
    is_over: bool = False
    failed: set[UUID] = field(default_factory=set)

    async def roll(self, day: MarketDay) -> None:
        """Roll every account that the day's roll has not reached."""
        after: UUID | None = None
        while ids := await queries.read_due(day.moment, after, _READ):
            for account_id in ids:
                if asyncio.get_running_loop().time() >= self.ends:
                    self.is_over = True
                    return
                await self._roll_one(account_id, day)
            after = ids[-1]
        if not self.failed and day.actions:
            async with unit_of_work(self.bus) as work:
                await queries.mark_applied(work, day.moment)

    async def _roll_one(self, account_id: UUID, day: MarketDay) -> None:
        if account_id in self.failed:
            return
        # One account must not keep all others from their day.
        told = {"account_id": str(account_id), "day": str(day.day)}
        with Guarded(_log, "day roll of an account failed", but=Unavailable, **told) as guarded:
            self.rolled += await roll_account(self.bus, self.market, account_id, day)
        if guarded.failed:
            self.failed.add(account_id)


async def roll_account(bus: Bus, market: Market, account_id: UUID, day: MarketDay) -> bool:
    """End a day for one account, in one transaction; False when that was done before."""
    catalog = await market.catalog()
    concerned = {action.instrument_id for action in day.actions}
    async with unit_of_work(bus) as work:
        account = (await account_queries.lock_books(work, [account_id]))[account_id]
        if account.rolled_at >= day.moment:
            return False
        roll = AccountRoll(
            work=work,
            market=market,
            day=day,
            instruments=catalog.by_id,
            account=account,
            positions=await queries.load_positions(work, account_id, account.rolled_at, concerned),
            orders=await queries.load_orders(work, account_id, concerned, day.moment),
            before=await queries.load_last_statement(work, account_id),
        )
        for step in STEPS:
            await step(roll)
        await _write(work, roll)
    return True


async def _write(work: UnitOfWork, roll: AccountRoll) -> None:
    """Write the account's event with all its positions, and all changes of the steps, as one statement."""
    account = roll.account
    held = roll.positions.values()
    parts = {"day": str(roll.day.day), "positions": [position_snapshot(position) for position in held]}
    event = record(account, DAY_ROLLED, work.now, parts)
    for adjustment in roll.adjustments:
        # Those that were put between earlier executions have their place.
        adjustment.sequence = adjustment.sequence or event.sequence
    await adjustment_queries.insert_adjustments(work, roll.adjustments)
    await update_realized(work, account.id, roll.realized)
    await order_queries.update_orders(work, list(roll.changed.values()))
    await order_queries.insert_commands(work, roll.commands)
    await position_queries.write_positions(work, held)
    assert roll.statement is not None
    if account.state is not AccountState.CLOSED or account.transactions or roll.statement.opening_equity:
        await queries.insert_statement(work, roll.statement)
    await account_queries.write_books(work, [account])
