"""The process that posts funding is killed between any two of its statements: it ends as if nothing had happened."""

import asyncio
import sys
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.market.types import FeeSchedule
from domain.orders.model.types import Side
from domain.settlement.funding import post_due_funding
from tests.orders.factories import PERPETUAL
from tests.support.databases import DatabaseFactory
from tests.support.days import assert_proved, order, trade
from tests.support.processes import ROOT
from tests.support.trading import Platform, platform

HOURS = (0, 8, 16)


async def posted() -> list[tuple[Any, ...]]:
    """The results of funding: ledger rows, cash of accounts, and each account's mark."""
    rows = await fetch(
        "SELECT account_id, sequence, amount, balance_after, note FROM account_transactions "
        "WHERE kind = 'FUNDING' ORDER BY 1, 2"
    )
    accounts = await fetch("SELECT id, cash, transaction_sequence, event_sequence FROM accounts ORDER BY id")
    marks = await fetch("SELECT account_id, funded_until FROM funding_marks ORDER BY 1")
    return [tuple(row) for row in (*rows, *accounts, *marks)]


async def prepare(desk: Platform) -> list[UUID]:
    """Two accounts that hold two perpetuals."""
    for symbol in ("FIRST", "SECOND"):
        terms = replace(PERPETUAL, id=new_id(), symbol=symbol, fees=FeeSchedule(), funding_hours=HOURS)
        await desk.add_instrument(replace(terms, funding_rate=Decimal("0.001")))
        await desk.quote(symbol, "100", "100")
    accounts = []
    for quantity in ("2", "3"):
        owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
        await trade(desk, owner, *(order(account.id, symbol, Side.BUY, quantity) for symbol in ("FIRST", "SECOND")))
        accounts.append(account.id)
    return accounts


async def test_funding_killed_between_any_two_statements_ends_correctly(
    database_url: str, databases: DatabaseFactory, redis_url: str, tmp_path: Path
) -> None:
    async with platform(database_url, redis_url, tmp_path) as desk:
        accounts = await prepare(desk)
        until = utc_now() + timedelta(hours=24)
    with databases.copy(database_url) as copied:
        async with platform(copied, redis_url, tmp_path, venue=False) as desk:
            await post_due_funding(desk.services.bus, desk.services.market, until)
            undisturbed = await posted()
    program = [sys.executable, "-m", "tests.support.mortal_funding", database_url, redis_url, str(tmp_path)]
    process = await asyncio.create_subprocess_exec(
        *program, until.isoformat(), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    # At least once before each statement of an account's transaction.
    *_, killed = said.split()
    assert int(killed) >= 8
    async with platform(database_url, redis_url, tmp_path, venue=False) as desk:
        assert await posted() == undisturbed
        notes = await fetch("SELECT account_id, note FROM account_transactions WHERE kind = 'FUNDING'")
        # Once per account, instrument and hour.
        assert len(notes) == len({tuple(row) for row in notes}) >= 2 * 2 * len(HOURS)
        await post_due_funding(desk.services.bus, desk.services.market, until)
        assert await posted() == undisturbed
        await assert_proved(desk, *accounts)
