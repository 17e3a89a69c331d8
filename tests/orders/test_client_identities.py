"""Ids that a person cannot tell apart are one: client order ids and references, also those of older releases."""

from collections.abc import AsyncIterator
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.service import MoveCash, deposit
from domain.kernel.database import fetch, fetch_row, pool
from domain.kernel.text import identity
from tests.orders.factories import SPOT, command
from tests.positions.conftest import Holder
from tests.support.trading import Platform, platform

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { replayed order { id clientOrderId } } }"
FIND = "query ($a: ID!, $c: String!) { order(accountId: $a, clientOrderId: $c) { id } }"
LIST = "query ($f: OrderFilter!) { orders(filter: $f) { edges { node { id } } } }"
CANCEL = "mutation ($i: CancelOrderInput!) { cancelOrder(input: $i) { order { id } } }"
DEPOSIT = "mutation ($i: CashInput!) { deposit(input: $i) { id sequence reference } }"
SPELLINGS = ["A1-\u2460", " A1-\u2460", "\uff21\uff11\uff0d\u2460 ", "A1-1", "\u00a0A1-1\u3000"]
identities = import_module("migrations.0020_identities")


@pytest.fixture
async def holder(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Holder]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(SPOT)
        await whole.quote(SPOT.symbol, "99", "101")
        owner, account = await whole.open_account("100000")
        yield Holder(whole, owner, account)


@given(st.text(max_size=40))
def test_the_comparison_form_of_ids_is_stable(value: str) -> None:
    assert identity(identity(value)) == identity(value) == identity(f" {value}\t")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_equivalent_spellings_of_an_id_are_equal(spelling: str) -> None:
    assert identity(spelling) == "A1-1"


def order(holder: Holder, client_order_id: str, **others: Any) -> dict[str, Any]:
    plain = {"symbol": SPOT.symbol, "side": "BUY", "type": "LIMIT", "quantity": "1", "limitPrice": "90"}
    return plain | {"accountId": str(holder.account.id), "clientOrderId": client_order_id} | others


async def test_an_equivalent_client_order_id_is_a_repeat(holder: Holder) -> None:
    first = await holder.ask(PLACE, i=order(holder, SPELLINGS[0]))
    assert first == {"replayed": False, "order": {"id": first["order"]["id"], "clientOrderId": "A1-1"}}
    account_id = str(holder.account.id)
    for spelling in SPELLINGS:
        assert await holder.ask(PLACE, i=order(holder, spelling)) == {"replayed": True, "order": first["order"]}
        assert await holder.ask(PLACE, i=order(holder, spelling, quantity="2")) == ("CONFLICT", "clientOrderId")
        assert await holder.ask(FIND, a=account_id, c=spelling) == {"id": first["order"]["id"]}
        (edge,) = (await holder.ask(LIST, f={"clientOrderId": spelling}))["edges"]
        assert edge["node"] == {"id": first["order"]["id"]}
        canceled = await holder.ask(CANCEL, i={"accountId": account_id, "clientOrderId": spelling})
        assert canceled == {"order": {"id": first["order"]["id"]}}


async def test_an_equivalent_reference_moves_no_money(holder: Holder) -> None:
    given = {"accountId": str(holder.account.id), "amount": "5"}
    first = await holder.ask(DEPOSIT, i=given | {"reference": SPELLINGS[0]})
    assert first["reference"] == "A1-1"
    for spelling in SPELLINGS:
        assert await holder.ask(DEPOSIT, i=given | {"reference": spelling}) == first
        assert await holder.ask(DEPOSIT, i=given | {"reference": spelling, "amount": "6"}) == ("CONFLICT", "reference")
    row = await fetch_row("SELECT cash FROM accounts WHERE id = $1", holder.account.id)
    assert row is not None
    assert row["cash"] == Decimal(100_005)


async def as_older_releases_stored(desk: Platform, owner: Any, account: Any, reference: str) -> None:
    """A row of the ledger whose reference came as it is: the trigger that protects the ledger is not asked."""
    row = await deposit(desk.services.bus, owner, MoveCash(account.id, Decimal(7), "placeholder"))
    async with pool().acquire() as connection, connection.transaction():
        await connection.execute("ALTER TABLE account_transactions DISABLE TRIGGER USER")
        await connection.execute("UPDATE account_transactions SET reference = $2 WHERE id = $1", row.id, reference)
        await connection.execute(
            "ALTER TABLE account_transactions ENABLE ALWAYS TRIGGER account_transactions_append_only"
        )
        await connection.execute(
            "ALTER TABLE account_transactions ENABLE ALWAYS TRIGGER account_transactions_follow_on"
        )


@pytest.mark.parametrize("stored", ["\uff21\uff11", "A1 ", "\u3000A1"])
async def test_ids_stored_by_older_releases_are_found_by_every_spelling(holder: Holder, stored: str) -> None:
    await as_older_releases_stored(holder.desk, holder.actor, holder.account, stored)
    given = {"accountId": str(holder.account.id), "amount": "7"}
    for spelling in ("A1", stored, f" {stored}"):
        assert (await holder.ask(DEPOSIT, i=given | {"reference": spelling}))["sequence"] == 2


async def test_the_upgrade_converts_ids_unless_another_order_has_the_new_form(holder: Holder) -> None:
    placed = await holder.desk.place(
        holder.actor,
        *(command(account_id=holder.account.id, symbol=SPOT.symbol, client_order_id=name) for name in "abcd"),
    )
    stored = ["\uff21\uff11", "A1 ", "B1", "\uff22\uff11"]
    for one, name in zip(placed, stored, strict=True):
        await pool().execute("UPDATE orders SET client_order_id = $2 WHERE id = $1", one.id, name)
    await pool().execute(identities._ORDERS)
    rows = await fetch("SELECT client_order_id FROM orders ORDER BY id")
    assert [row["client_order_id"] for row in rows] == ["A1", "A1 ", "B1", "\uff22\uff11"]
