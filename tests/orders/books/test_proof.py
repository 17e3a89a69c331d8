"""The proof of the books finds what was tampered with, and names it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from adapters.database.connection import database
from domain.kernel.database import pool
from domain.kernel.errors import NotFound
from domain.kernel.ids import new_id
from domain.market.instrument_store import read_instruments
from domain.orders.books.proof import BookProof, prove_book
from domain.orders.model.types import OrderType, Side
from tests.orders.factories import SPOT, command
from tests.support.databases import DatabaseFactory
from tests.support.trading import Platform, platform

TAMPERINGS = {
    "UPDATE account_transactions SET amount = amount + 1 WHERE sequence = 1": "transaction's balance",
    "UPDATE account_transactions SET note = 'x' WHERE sequence = 2": "transaction's hash",
    "DELETE FROM account_transactions WHERE sequence = 3": "transaction's sequence",
    "DELETE FROM account_transactions WHERE sequence = 5": "last transaction's balance",
    "UPDATE accounts SET cash = cash + 1": "last transaction's balance",
    "UPDATE accounts SET realized_pnl = realized_pnl + 1": "realized PnL",
    "UPDATE accounts SET fees_paid = 0": "fees paid",
    "UPDATE accounts SET reserved = reserved + 1": "reserved",
    "UPDATE positions SET quantity = quantity + 1": "position's quantity",
    "UPDATE positions SET average_price = average_price + 1": "position's average price",
    "UPDATE positions SET working_buy = working_buy + 1": "working buys",
    "UPDATE orders SET filled_quantity = 0.5 WHERE side = 'SELL'": "filled quantity",
    "UPDATE executions SET quantity = quantity + 1 WHERE side = 'BUY'": "cash",
    "UPDATE executions SET fee = 0": "execution's fee",
    "UPDATE executions SET fee_due = 5": "cash",
    "UPDATE orders SET fee_due = 0 WHERE side = 'BUY'": "order's fee due",
    "UPDATE positions SET cost = cost + 1": "position's cost",
    "UPDATE executions SET fx_rate = 2": "cash",
    "UPDATE executions SET realized_pnl = 5 WHERE side = 'SELL'": "execution's realized PnL",
    "UPDATE positions SET realized_pnl = realized_pnl + 1": "position's realized pnl",
    "UPDATE positions SET fees_paid = 0": "position's fees paid",
    "UPDATE orders SET fees = 0 WHERE side = 'BUY'": "order's fees",
    "DELETE FROM executions WHERE side = 'SELL'": "cash",
}


@asynccontextmanager
async def desk_at(database_url: str, redis_url: str, folder: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, folder) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with desk_at(database_url, redis_url, tmp_path) as whole:
        yield whole


async def traded(desk: Platform) -> UUID:
    """An account that bought, sold some, and has an order working."""
    owner, account = await desk.open_account("1000")
    for side, quantity in ((Side.BUY, "3"), (Side.SELL, "1")):
        order = command(account_id=account.id, side=side, type=OrderType.MARKET, quantity=Decimal(quantity))
        await desk.settled((await desk.place(owner, order))[0].id)
    resting = command(account_id=account.id, limit_price=Decimal(50))
    await desk.settled((await desk.place(owner, resting))[0].id)
    return account.id


async def prove(desk: Platform, account_id: UUID) -> BookProof:
    return await prove_book(account_id, (await desk.services.market.catalog()).by_id)


async def test_the_proof_of_untouched_books_passes(desk: Platform) -> None:
    proof = await prove(desk, await traded(desk))
    assert proof.breaks == []
    assert (proof.intact, proof.chain_intact, proof.executions, proof.transactions) == (True, True, 2, 5)
    assert proof.booked_cash == proof.derived_cash


async def test_the_proof_names_each_row_that_was_tampered_with(
    databases: DatabaseFactory, redis_url: str, tmp_path: Path
) -> None:
    found: dict[str, str] = {}
    with databases.migrated() as url:
        async with desk_at(url, redis_url, tmp_path) as desk:
            account_id = await traded(desk)
        for tampering in TAMPERINGS:
            with databases.copy(url) as copied:
                async with database(copied):
                    # The tables' owner can take the triggers off; the proof must find what is done behind their back.
                    await pool().execute("ALTER TABLE account_transactions DISABLE TRIGGER USER")
                    await pool().execute(tampering)
                    proof = await prove_book(account_id, {row.id: row for row in await read_instruments()})
                    assert not proof.intact
                    found[tampering] = proof.breaks[0].what
    assert found == TAMPERINGS


async def test_the_proof_of_an_unknown_account_is_not_found(desk: Platform) -> None:
    with pytest.raises(NotFound):
        await prove(desk, new_id())
