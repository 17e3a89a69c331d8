"""The proof of the books finds what was tampered with, and names it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from domain.kernel.database import pool
from domain.kernel.errors import NotFound
from domain.kernel.ids import new_id
from domain.orders.proof import BookProof, prove_book
from domain.orders.types import OrderType, Side
from tests.orders.factories import SPOT, command
from tests.support.trading import Platform, platform


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


@pytest.fixture
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


async def test_sound_books_prove(desk: Platform, traded: UUID) -> None:
    proof = await prove(desk, traded)
    assert proof.breaks == []
    assert (proof.intact, proof.chain_intact, proof.executions, proof.transactions) == (True, True, 2, 5)
    assert proof.booked_cash == proof.derived_cash


@pytest.mark.parametrize(
    ("tampering", "what"),
    [
        ("UPDATE account_transactions SET amount = amount + 1 WHERE sequence = 1", "transaction's balance"),
        ("UPDATE account_transactions SET note = 'x' WHERE sequence = 2", "transaction's hash"),
        ("DELETE FROM account_transactions WHERE sequence = 3", "transaction's sequence"),
        ("DELETE FROM account_transactions WHERE sequence = 5", "last transaction's balance"),
        ("UPDATE accounts SET cash = cash + 1", "last transaction's balance"),
        ("UPDATE accounts SET realized_pnl = realized_pnl + 1", "realized PnL"),
        ("UPDATE accounts SET fees_paid = 0", "fees paid"),
        ("UPDATE accounts SET reserved = reserved + 1", "reserved"),
        ("UPDATE positions SET quantity = quantity + 1", "position's quantity"),
        ("UPDATE positions SET average_price = average_price + 1", "position's average price"),
        ("UPDATE positions SET working_buy = working_buy + 1", "working buys"),
        ("UPDATE orders SET filled_quantity = 0.5 WHERE side = 'SELL'", "filled quantity"),
        ("UPDATE executions SET quantity = quantity + 1 WHERE side = 'BUY'", "cash"),
    ],
)
async def test_tampering_is_found_and_named(desk: Platform, traded: UUID, tampering: str, what: str) -> None:
    # The tables' owner can take the triggers off; the proof must find what is done behind their back.
    await pool().execute("ALTER TABLE account_transactions DISABLE TRIGGER USER")
    await pool().execute(tampering)
    proof = await prove(desk, traded)
    assert not proof.intact
    assert proof.breaks[0].what == what


async def test_there_must_be_an_account(desk: Platform) -> None:
    with pytest.raises(NotFound):
        await prove(desk, new_id())
