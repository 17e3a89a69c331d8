"""Terms and fees of a real venue as a client sees them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.kernel.ids import new_id
from domain.orders.venues.types import client_id_of
from tests.orders.factories import SPOT
from tests.support.asking import Asking
from tests.support.loopback import EVERYTHING, LoopbackVenue
from tests.support.remote import RemoteDesk, remote_desk, running_remote
from tests.support.waiting import until

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id } } }"
MODIFY = "mutation ($i: ModifyOrderInput!) { modifyOrder(input: $i) { order { id pendingAction } } }"
ORDER = """query ($id: ID!) { order(id: $id) {
  status quantity remainingQuantity filledQuantity limitPrice reserved pendingAction
  executions { quantity fee venueFee venueFeeCurrency }
  history { kind by detail status order { quantity } } } }"""
ACCOUNT = """query ($id: ID!) { account(id: $id) { cash reserved positions { symbol quantity averagePrice }
  transactions { edges { node { kind amount } } } } }"""


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[RemoteDesk]:
    async with remote_desk(database_url, redis_url, tmp_path, LoopbackVenue(capabilities=EVERYTHING)) as made:
        yield made


async def place(api: Asking, account_id: UUID, **terms: str) -> str:
    given = {"accountId": str(account_id), "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "symbol": "COIN"}
    return str((await api.ask(PLACE, i=given | terms))["order"]["id"])


async def when(api: Asking, order_id: str, **shown: Any) -> dict[str, Any]:
    """The order once it shows these values."""

    async def does() -> dict[str, Any] | None:
        found: dict[str, Any] = await api.ask(ORDER, id=order_id)
        return found if all(found[name] == value for name, value in shown.items()) else None

    return await until(does)


async def test_terms_set_by_the_venue_are_shown(desk: RemoteDesk) -> None:
    owner, account = await desk.open_account()
    api = Asking(desk.whole, owner)
    async with running_remote(desk):
        order_id = await place(api, account.id, quantity="10", limitPrice="99")
        await when(api, order_id, status="NEW", reserved="990.99")
        desk.venue.faults.otherwise = lambda terms: replace(terms, quantity=Decimal(11))
        await api.ask(MODIFY, i={"id": order_id, "quantity": "12"})
        shown = await when(api, order_id, quantity="11", pendingAction=None)
        assert (shown["remainingQuantity"], shown["reserved"]) == ("11", "1090.09")
        desk.venue.restate(client_id_of(UUID(order_id)), quantity=Decimal(9), limit_price=Decimal("98.5"))
        shown = await when(api, order_id, quantity="9", limitPrice="98.5")
        assert shown["reserved"] == (await api.ask(ACCOUNT, id=str(account.id)))["reserved"] == "887.39"
    told = [(row["kind"], row["by"], row["order"]["quantity"]) for row in shown["history"]]
    assert ("PENDING_REPLACE", owner.email, "10") in told
    # Its answer may come before its report of what it made.
    assert told[-2:] == [("REPLACED", "venue", "11"), ("REPLACED", "venue", "9")]
    assert shown["history"][-1]["detail"] == {"reason": "VENUE"}
    await desk.prove(account)


async def test_a_fee_in_the_purchased_coin_is_shown(desk: RemoteDesk) -> None:
    await desk.whole.add_instrument(replace(SPOT, id=new_id(), symbol="COIN/USD"))
    await desk.whole.quote("COIN/USD", "99.99", "100")
    # A thousandth of what is bought at 100: 0.0004 of the coin.
    desk.venue.fee_currency, desk.venue.fee_rate = "COIN", Decimal("0.00001")
    desk.venue.quote("COIN/USD", "99.99", "100")
    owner, account = await desk.open_account()
    api = Asking(desk.whole, owner)
    async with running_remote(desk):
        order_id = await place(api, account.id, symbol="COIN/USD", quantity="0.4", limitPrice="100")
        shown = await when(api, order_id, status="FILLED")
    (execution,) = shown["executions"]
    assert execution == {"quantity": "0.4", "fee": "0.04", "venueFee": "0.0004", "venueFeeCurrency": "COIN"}
    book = await api.ask(ACCOUNT, id=str(account.id))
    assert book["positions"] == [{"symbol": "COIN/USD", "quantity": "0.3996", "averagePrice": "100"}]
    moved = [(row["node"]["kind"], row["node"]["amount"]) for row in book["transactions"]["edges"]]
    assert sorted(moved) == [("DEPOSIT", "10000"), ("FEE", "-0.04"), ("TRADE", "-39.96")]
    assert (book["cash"], book["reserved"]) == ("9960", "0")
    await desk.prove(account)


async def test_an_exit_stop_above_the_largest_order_is_shown_in_slices(desk: RemoteDesk) -> None:
    await desk.whole.add_instrument(replace(SPOT, id=new_id(), symbol="BIG", max_quantity=Decimal(5)))
    await desk.whole.quote("BIG", "99.99", "100")
    desk.venue.quote("BIG", "99.99", "100")
    owner, account = await desk.open_account()
    api, orders = Asking(desk.whole, owner), "{ orders(first: 9) { edges { node { id side status quantity } } } }"

    async def sales(status: str) -> list[dict[str, Any]] | None:
        rows = [row["node"] for row in (await api.ask(orders))["edges"]]
        sold = [row for row in rows if row["side"] == "SELL"]
        return sold if len(sold) == 3 and {row["status"] for row in sold} == {status} else None

    async with running_remote(desk):
        for quantity in ("5", "5", "2"):
            bought = await place(api, account.id, symbol="BIG", quantity=quantity, limitPrice="100")
            await when(api, bought, status="FILLED")
        stop = {"side": "SELL", "type": "STOP", "stopPrice": "95", "quantity": "12", "symbol": "BIG"}
        placed = await place(api, account.id, **stop)
        working = await until(lambda: sales("NEW"))
        assert sorted(row["quantity"] for row in working) == ["2", "5", "5"]
        assert placed in {row["id"] for row in working}
        assert (await api.ask(ORDER, id=placed))["history"][-2]["detail"]["reason"] == "SLICED"
        desk.venue.quote("BIG", "94", "94.1")
        await until(lambda: sales("FILLED"))
        await desk.quiet()
    assert (await api.ask(ACCOUNT, id=str(account.id)))["positions"] == []
    await desk.prove(account)
