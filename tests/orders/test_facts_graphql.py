"""Rules and facts as a client sees them: collars, an exchange's funding hours, a bust in a closed account."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import Role
from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.orders.books.proof import prove_book
from domain.settlement.funding import post_due_funding
from tests.orders.factories import PERPETUAL, SPOT
from tests.support.asking import Asking
from tests.support.trading import Platform, platform

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id status rejectReason rejectMessage } } }"
RULE = "mutation ($i: CreateRiskRuleInput!) { createRiskRule(input: $i) { id } }"
ORDER = "query ($id: ID!) { order(id: $id) { status executions { id } } }"
STATE = "mutation ($i: SetAccountStateInput!) { setAccountState(input: $i) { state } }"
CASH = "mutation ($i: CashInput!) { %s(input: $i) { id balanceAfter } }"
BUST = "mutation ($i: BustExecutionInput!) { bustExecution(input: $i) { bustedAt } }"
ACCOUNT = """query ($id: ID!) { account(id: $id) { state stateReason stateBy cash reserved
  positions { symbol quantity }
  transactions(filter: {kinds: [FUNDING]}) { edges { node { amount note } } } } }"""
CREATE = "mutation ($i: CreateInstrumentInput!) { createInstrument(input: $i) { fundingHours } }"
UPDATE = "mutation ($i: UpdateInstrumentInput!) { updateInstrument(input: $i) { fundingHours } }"


@dataclass
class Trader:
    """An account, its owner's API and the risk manager's."""

    desk: Platform
    api: Asking
    manager: Asking
    account_id: UUID

    async def place(self, side: str, kind: str, symbol: str = "COIN", **terms: Any) -> dict[str, Any]:
        """The order as it was placed."""
        given = {"accountId": str(self.account_id), "symbol": symbol, "side": side, "type": kind, "quantity": "1"}
        placed = await self.api.ask(PLACE, i=given | {"timeInForce": "GTC"} | terms)
        return dict(placed["order"])

    async def filled(self, side: str, symbol: str = "COIN", quantity: str = "1") -> str:
        """The id of the one execution of a market order."""
        order = await self.place(side, "MARKET", symbol, quantity=quantity)
        await self.desk.filled(UUID(order["id"]), quantity)
        (execution,) = (await self.api.ask(ORDER, id=order["id"]))["executions"]
        return str(execution["id"])

    async def account(self) -> dict[str, Any]:
        """The account as its owner sees it."""
        return dict(await self.api.ask(ACCOUNT, id=str(self.account_id)))


async def trader_of(desk: Platform, kind: AccountKind) -> Trader:
    owner, account = await desk.open_account("10000", kind=kind)
    manager = await desk.add_actor(Role.RISK_MANAGER)
    return Trader(desk, Asking(desk, owner), Asking(desk, manager), account.id)


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.add_instrument(replace(PERPETUAL, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        await whole.quote("COIN-PERP", "99.99", "100.01")
        yield whole


@pytest.mark.parametrize(
    ("side", "kind", "terms", "refused"),
    [
        # A trigger is no price at which an order may trade.
        ("SELL", "STOP", {"stopPrice": "92"}, False),
        ("SELL", "TRAILING_STOP", {"trailingOffset": "9"}, False),
        ("BUY", "MARKET_IF_TOUCHED", {"stopPrice": "90"}, False),
        # A stop-limit's limit is measured from its own trigger.
        ("SELL", "STOP_LIMIT", {"stopPrice": "92", "limitPrice": "88"}, False),
        ("SELL", "STOP_LIMIT", {"stopPrice": "92", "limitPrice": "87"}, True),
        ("BUY", "STOP_LIMIT", {"stopPrice": "108", "limitPrice": "114"}, True),
        # A limit from the market, on the side where it takes.
        ("BUY", "LIMIT", {"limitPrice": "104.9"}, False),
        ("BUY", "LIMIT", {"limitPrice": "105.1"}, True),
        ("BUY", "LIMIT", {"limitPrice": "50"}, False),
        ("SELL", "LIMIT", {"limitPrice": "94"}, True),
        ("SELL", "LIMIT", {"limitPrice": "150"}, False),
    ],
)
async def test_a_collar_of_five_per_cent_refuses_prices_beyond_it(
    desk: Platform, side: str, kind: str, terms: dict[str, str], *, refused: bool
) -> None:
    trader = await trader_of(desk, AccountKind.MARGIN)
    rule = {"name": "Collar", "kind": "PRICE_COLLAR", "scope": "GLOBAL", "threshold": "0.05"}
    await trader.manager.ask(RULE, i=rule)
    # Nothing is held: the exits' own way past the rules is not taken.
    order = await trader.place(side, kind, "COIN-PERP", **terms)
    assert (order["status"], order["rejectReason"]) == (("REJECTED", "RISK_RULE") if refused else ("PENDING_NEW", None))
    account = await trader.account()
    assert (account["reserved"] == "0") is refused


async def test_the_owner_can_close_a_position_that_a_bust_left_in_a_closed_account(desk: Platform) -> None:
    trader = await trader_of(desk, AccountKind.CASH)
    await trader.filled("BUY")
    sold = await trader.filled("SELL")
    given = {"accountId": str(trader.account_id)}
    cash = (await trader.account())["cash"]
    await trader.api.ask(CASH % "withdraw", i=given | {"amount": cash, "reference": "out"})
    await trader.api.ask(STATE, i=given | {"state": "CLOSED", "reason": "moved on"})
    assert (await trader.manager.ask(BUST, i={"id": sold, "reason": "off market"}))["bustedAt"] is not None
    left = await trader.account()
    assert (left["state"], left["cash"]) == ("REDUCE_ONLY", "-99.89")
    assert [(row["symbol"], row["quantity"]) for row in left["positions"]] == [("COIN", "1")]
    # More may not be bought; what is owed may be paid, what is held be sold, and all of it be closed again.
    assert (await trader.place("BUY", "MARKET"))["rejectReason"] == "ACCOUNT_NOT_ACTIVE"
    pay = given | {"amount": "99.89", "reference": "debt"}
    paid = await trader.api.ask(CASH % "deposit", i=pay)
    assert paid["balanceAfter"] == "0"
    assert await trader.api.ask(CASH % "deposit", i=pay) == paid
    await trader.filled("SELL")
    rest = (await trader.account())["cash"]
    await trader.api.ask(CASH % "withdraw", i=given | {"amount": rest, "reference": "rest"})
    await trader.manager.ask(STATE, i=given | {"state": "CLOSED", "reason": "for good"})
    assert (await trader.account())["state"] == "CLOSED"
    # What was paid before closing is still the same payment.
    assert await trader.api.ask(CASH % "deposit", i=pay) == paid
    catalog = await desk.services.market.catalog()
    assert (await prove_book(trader.account_id, catalog.by_id)).breaks == []


async def test_funding_is_posted_at_the_hours_of_the_exchange(desk: Platform) -> None:
    admin = Asking(desk, desk.admin)
    now = utc_now()
    hours = sorted({(now + timedelta(hours=distance)).hour for distance in (2, 5)})
    terms = {"symbol": "HOURLY", "exchange": "X", "assetClass": "PERPETUAL", "currency": "USD", "tickSize": "0.01"}
    margins = {"lotSize": "0.001", "initialMarginRate": "0.1", "maintenanceMarginRate": "0.05", "fundingRate": "0.001"}
    assert (await admin.ask(CREATE, i=terms | margins))["fundingHours"] == [0, 8, 16]
    refusal = await admin.refusal(UPDATE, i={"symbol": "HOURLY", "fundingHours": [25]})
    assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "input.fundingHours")
    assert (await admin.ask(UPDATE, i={"symbol": "HOURLY", "fundingHours": hours}))["fundingHours"] == hours
    await desk.quote("HOURLY", "100", "100")
    trader = await trader_of(desk, AccountKind.MARGIN)
    await trader.filled("BUY", "HOURLY", "3")
    for _ in range(2):
        await post_due_funding(desk.services.bus, desk.services.market, now + timedelta(hours=6))
    posted = [row["node"] for row in (await trader.account())["transactions"]["edges"]]
    assert [row["amount"] for row in posted] == ["-0.3", "-0.3"]
    assert all("funding of 3 HOURLY at 100 at 0.001" in row["note"] for row in posted)
