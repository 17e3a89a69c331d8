"""Every type and time in force of an order through the whole platform: what it executes, and how it ends."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests.support.client import ApiError
from tests.support.desk import Desk, signed_in
from tests.support.installation import Installation

Fill = tuple[str, str, str]
_symbols = count(1)


@dataclass(frozen=True, slots=True)
class Case:
    """An order at a market of 99.99 to 100.01 with size five, the later quotes, and the expected result."""

    order: str
    status: str
    fills: tuple[Fill, ...] = ()
    then: tuple[tuple[str, str, str], ...] = ()
    reason: str | None = None

    def terms(self) -> dict[str, Any]:
        """Side, quantity, type and time in force, then prices by name."""
        side, quantity, kind, time_in_force, *prices = self.order.split()
        named = dict(price.split("=") for price in prices)
        return {"side": side, "quantity": quantity, "type": kind, "timeInForce": time_in_force} | named


CASES = [
    Case("BUY 3 MARKET GTC", "FILLED", (("100.01", "3", "TAKER"),)),
    Case("SELL 3 MARKET DAY", "FILLED", (("99.99", "3", "TAKER"),)),
    Case(
        "BUY 8 MARKET DAY",
        "FILLED",
        (("100.01", "5", "TAKER"), ("100.04", "2", "TAKER"), ("100.05", "1", "TAKER")),
        then=(("100", "100.04", "2"), ("100", "100.05", "2")),
    ),
    Case("BUY 8 MARKET IOC", "CANCELED", (("100.01", "5", "TAKER"),)),
    Case("BUY 8 MARKET FOK", "CANCELED"),
    Case("BUY 5 MARKET FOK", "FILLED", (("100.01", "5", "TAKER"),)),
    Case(
        "BUY 8 LIMIT GTC limitPrice=100.05",
        "FILLED",
        (("100.01", "5", "TAKER"), ("100.05", "3", "MAKER")),
        then=(("100", "100.03", "9"),),
    ),
    Case(
        "SELL 4 LIMIT DAY limitPrice=101",
        "FILLED",
        (("101", "3", "MAKER"), ("101", "1", "MAKER")),
        # The near side reaching the limit is not enough.
        then=(("100.9", "101", "9"), ("101", "101.02", "3"), ("101.5", "101.6", "9")),
    ),
    Case("BUY 1 LIMIT IOC limitPrice=99", "CANCELED"),
    Case("BUY 8 LIMIT IOC limitPrice=100.01", "CANCELED", (("100.01", "5", "TAKER"),)),
    Case("BUY 8 LIMIT FOK limitPrice=100.01", "CANCELED"),
    Case("SELL 5 LIMIT FOK limitPrice=99.5", "FILLED", (("99.99", "5", "TAKER"),)),
    Case(
        "BUY 2 STOP GTC stopPrice=101",
        "FILLED",
        (("101.07", "2", "TAKER"),),
        then=(("100.5", "100.99", "9"), ("101", "101.07", "9")),
    ),
    Case(
        "SELL 3 STOP DAY stopPrice=99",
        "FILLED",
        (("98.9", "2", "TAKER"), ("98.8", "1", "TAKER")),
        then=(("98.9", "99.1", "2"), ("99.01", "99.1", "9"), ("98.8", "99", "9")),
    ),
    Case("BUY 1 STOP GTC stopPrice=100.01", "REJECTED", reason="VENUE_REJECTED"),
    Case("BUY 1 LIMIT GTC limitPrice=100.005", "REJECTED", reason="INVALID_TICK"),
    Case("BUY 0.0001 MARKET GTC", "REJECTED", reason="INVALID_LOT"),
    Case("BUY 5000 LIMIT GTC limitPrice=100", "REJECTED", reason="INSUFFICIENT_FUNDS"),
]


@dataclass(frozen=True, slots=True)
class Market:
    """A symbol for one test, and a user who may trade it."""

    desk: Desk
    symbol: str
    account_id: str

    async def place(self, side: str, quantity: str, **terms: Any) -> dict[str, Any]:
        return await self.desk.place(self.account_id, self.symbol, side, quantity, **terms)

    async def quote(self, bid: str, ask: str, size: str = "5", **others: Any) -> None:
        await self.desk.publish(self.symbol, bid, ask, size, **others)


@pytest.fixture
async def market(admin: Desk) -> Market:
    """One at 99.99 to 100.01 that shows five; the account may go short."""
    symbol = f"TYPES-{next(_symbols)}.LAB"
    await admin.create_instrument(symbol, shortable=True)
    made = Market(admin, symbol, await admin.open_account("100000", kind="MARGIN"))
    await made.quote("99.99", "100.01")
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.order)
async def test_each_order_type_and_time_in_force_executes_as_specified(market: Market, case: Case) -> None:
    placed = await market.place(**case.terms())
    await market.desk.settled(placed["id"])
    for quote in case.then:
        await market.quote(*quote)
    order = await market.desk.settled(placed["id"], case.status)
    fills = [tuple(item[name] for name in ("price", "quantity", "liquidity")) for item in order["executions"]]
    assert (tuple(fills), order["rejectReason"]) == (case.fills, case.reason)
    assert (order["reserved"], order["remainingQuantity"]) == ("0", "0")
    await market.desk.check_books()


async def test_a_gtd_order_expires_at_its_time(market: Market) -> None:
    expires_at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
    terms = {"type": "LIMIT", "limitPrice": "99", "timeInForce": "GTD", "expiresAt": expires_at}
    placed = await market.place("BUY", "1", **terms)
    assert (await market.desk.settled(placed["id"]))["status"] == "NEW"
    expired = await market.desk.settled(placed["id"], "EXPIRED")
    assert (expired["reserved"], expired["executions"]) == ("0", [])


async def test_a_day_order_expires_at_the_end_of_the_day(shared: Installation, market: Market) -> None:
    roll = _next_minute(datetime.now(UTC) + timedelta(seconds=15))
    web = shared.web(TRADEGRAPH_DAY_ROLL=f"{roll:%H:%M} UTC")
    await web.come_back()
    async with signed_in(web.address) as desk:
        terms = {"type": "LIMIT", "limitPrice": "99"}
        daily = await desk.place(market.account_id, market.symbol, "BUY", "1", **terms, timeInForce="DAY")
        lasting = await desk.place(market.account_id, market.symbol, "BUY", "1", **terms)
        for order in (daily, lasting):
            assert (await desk.settled(order["id"]))["status"] == "NEW"
        # A source's clock may be a minute ahead: its last quote of the day, then the first of the next.
        while datetime.now(UTC) < roll - timedelta(seconds=59):
            await asyncio.sleep(0.1)
        await market.quote("99.98", "100", at=(roll - timedelta(microseconds=1)).isoformat())
        await market.quote("99.97", "100", at=roll.isoformat())
        assert (await desk.settled(daily["id"], "EXPIRED"))["executions"] == []
        assert (await desk.find(lasting["id"]))["status"] == "NEW"
    web.stop()


def _next_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


async def test_a_working_order_is_cancelled_once(market: Market) -> None:
    placed = await market.place("BUY", "8", type="LIMIT", limitPrice="100.01")
    working = await market.desk.settled(placed["id"], "PARTIALLY_FILLED")
    assert (working["filledQuantity"], working["remainingQuantity"], working["reserved"]) == ("5", "3", "300.03")
    asked = await market.desk.cancel(placed["id"])
    assert (asked["replayed"], asked["order"]["status"]) == (False, "PARTIALLY_FILLED")
    assert asked["order"]["pendingAction"] == "CANCEL"
    canceled = await market.desk.settled(placed["id"])
    assert (canceled["status"], canceled["filledQuantity"], canceled["reserved"]) == ("CANCELED", "5", "0")
    again = await market.desk.cancel(placed["id"])
    assert (again["replayed"], again["order"]["version"]) == (True, canceled["version"])


async def test_a_filled_order_cannot_be_cancelled(market: Market) -> None:
    placed = await market.place("BUY", "1")
    filled = await market.desk.settled(placed["id"], "FILLED")
    with pytest.raises(ApiError) as refused:
        await market.desk.cancel(placed["id"])
    assert refused.value.code == "CONFLICT"
    assert await market.desk.find(placed["id"]) == filled


async def test_a_client_order_id_identifies_one_order(market: Market) -> None:
    terms = {"type": "LIMIT", "limitPrice": "99", "clientOrderId": "mine"}
    first = await market.place("BUY", "1", **terms)
    again = await market.desk.place_payload(market.account_id, market.symbol, "BUY", "1.0", **terms)
    assert (again["replayed"], again["order"]["id"]) == (True, first["id"])
    for other in ({"quantity": "2"}, {"limitPrice": "98"}, {"timeInForce": "DAY"}, {"side": "SELL"}):
        given = {"side": "BUY", "quantity": "1"} | terms | other
        with pytest.raises(ApiError) as refused:
            await market.place(**given)
        assert (refused.value.code, refused.value.extensions["field"]) == ("CONFLICT", "input.clientOrderId")
    orders = await market.desk.orders(accountId=market.account_id)
    assert [order["id"] for order in orders] == [first["id"]]
