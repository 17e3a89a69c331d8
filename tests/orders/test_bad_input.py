"""Every row of the domain's tables of what is malformed, as a client meets it: a code, the field, and nothing saved."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.orders.model.commands import OrderLeg, PlaceBracket
from domain.orders.model.group_validation import BRACKET_MALFORMATIONS, OCO_MALFORMATIONS
from domain.orders.model.order_validation import CHANGE_MALFORMATIONS, MALFORMATIONS
from domain.orders.model.types import OffsetKind, OrderType, TimeInForce
from domain.orders.queries import read_orders
from tests.orders.factories import PERPETUAL, command
from tests.support.asking import Asking
from tests.support.trading import Platform, platform
from tests.support.waiting import until

PLACE = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id version } } }"
PLACE_ALL = "mutation ($i: PlaceOrdersInput!) { placeOrders(input: $i) { accepted } }"
CHECK = "query ($i: PlaceOrderInput!) { checkOrder(input: $i) { accepted } }"
BRACKET = "mutation ($i: PlaceBracketInput!) { placeBracket(input: $i) { groupId } }"
OCO = "mutation ($i: PlaceOcoInput!) { placeOco(input: $i) { groupId } }"
MODIFY = "mutation ($i: ModifyOrderInput!) { modifyOrder(input: $i) { order { id } } }"
PAST = "2020-01-01T00:00:00Z"
FUTURE = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"

MARKET = {"type": "MARKET", "limitPrice": None}
TRAILING = {"type": "TRAILING_STOP", "limitPrice": None, "trailingOffset": "1"}
# An example for each row: what is different from a good limit order.
ORDERS: dict[str, dict[str, Any]] = {
    "The quantity must be above zero.": {"quantity": "0"},
    "This type of order needs a limit price.": {"limitPrice": None},
    "This type of order takes no limit price.": {"type": "MARKET"},
    "This type of order needs a stop price.": {"type": "STOP", "limitPrice": None},
    "This type of order takes no stop price.": {"stopPrice": "100"},
    "A trailing order needs a trailing offset above zero.": TRAILING | {"trailingOffset": None},
    "Only a trailing order takes a trailing offset.": {"trailingOffset": "1"},
    "An offset in ticks is a whole number.": TRAILING | {"trailingOffset": "1.5", "trailingOffsetKind": "TICKS"},
    "An offset in basis points is below 10,000.": TRAILING
    | {"trailingOffset": "10000", "trailingOffsetKind": "BASIS_POINTS"},
    "A trailing stop-limit order needs a limit offset.": TRAILING | {"type": "TRAILING_STOP_LIMIT"},
    "A limit offset is above zero.": TRAILING | {"type": "TRAILING_STOP_LIMIT", "limitOffset": "0"},
    "A limit offset in ticks is a whole number.": TRAILING
    | {"type": "TRAILING_STOP_LIMIT", "trailingOffsetKind": "TICKS", "limitOffset": "0.5"},
    "A limit offset in basis points is below 10,000.": TRAILING
    | {"type": "TRAILING_STOP_LIMIT", "trailingOffsetKind": "BASIS_POINTS", "limitOffset": "10000"},
    "Only a trailing stop-limit order takes a limit offset.": {"limitOffset": "1"},
    "Only a trailing order takes an activation price.": {"activationPrice": "100"},
    "A triggered or trailing order cannot be IOC or FOK.": {
        "type": "STOP",
        "limitPrice": None,
        "stopPrice": "101",
        "timeInForce": "IOC",
    },
    "A GTD order needs an expiry time.": {"timeInForce": "GTD"},
    "Only a GTD order takes an expiry time.": {"expiresAt": FUTURE},
    "The expiry time has passed.": {"timeInForce": "GTD", "expiresAt": PAST},
    "Only an order with a limit price can be post-only.": MARKET | {"postOnly": True},
    "A post-only order rests, so it cannot be IOC or FOK.": {"postOnly": True, "timeInForce": "IOC"},
    "A reduce-only order cannot have the position effect OPEN.": {"reduceOnly": True, "positionEffect": "OPEN"},
    "An order has at most 20 tags.": {"tags": [str(number) for number in range(21)]},
}
# Of which order, and what is asked of it.
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "Give at least one field to change.": ("limit", {}),
    "The quantity must be above zero.": ("limit", {"quantity": "0"}),
    "The quantity is less than the filled quantity.": ("partial", {"quantity": "0.5"}),
    "The quantity of an exit follows that of its entry.": ("exit", {"quantity": "2"}),
    "The order has no limit price.": ("stop", {"limitPrice": "90"}),
    "The order has no stop price.": ("limit", {"stopPrice": "90"}),
    "stopPrice: The order has been triggered.": ("trailed", {"stopPrice": "90"}),
    "The order does not trail.": ("limit", {"trailingOffset": "1"}),
    "trailingOffset: The order has been triggered.": ("trailed", {"trailingOffset": "1"}),
    "The trailing offset must be above zero.": ("ticks", {"trailingOffset": "0"}),
    "An offset in ticks is a whole number.": ("ticks", {"trailingOffset": "1.5"}),
    "An offset in basis points is below 10,000.": ("points", {"trailingOffset": "10000"}),
    "Only a GTD order has an expiry time.": ("limit", {"expiresAt": FUTURE}),
    "The expiry time has passed.": ("dated", {"expiresAt": PAST}),
}
PROFIT = {"type": "LIMIT", "limitPrice": "110"}
STOP = {"type": "STOP", "stopPrice": "80"}
IF_TOUCHED = {"type": "MARKET_IF_TOUCHED", "stopPrice": "85"}
# Field and message; then what is different of the entry, the take-profit and the stop-loss.
BRACKETS: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any] | None, dict[str, Any] | None]] = {
    ("takeProfit", "A bracket needs a take-profit or a stop-loss."): ({}, None, None),
    ("entry.reduceOnly", "The entry of a bracket opens a position, so it cannot be reduce-only."): (
        {"reduceOnly": True},
        {},
        {},
    ),
    (
        "entry.positionEffect",
        "The entry of a bracket opens a position, so its position effect cannot be CLOSE or CLOSE_TODAY.",
    ): (
        {"positionEffect": "CLOSE"},
        {},
        {},
    ),
    ("takeProfit.type", "Must be one of LIMIT, MARKET_IF_TOUCHED, LIMIT_IF_TOUCHED."): ({}, {"type": "STOP"}, {}),
    ("stopLoss.type", "Must be one of STOP, STOP_LIMIT, TRAILING_STOP, TRAILING_STOP_LIMIT."): (
        {},
        {},
        {"type": "MARKET"},
    ),
    **{
        (f"{leg}.timeInForce", message): (
            {},
            values if leg == "takeProfit" else {},
            values if leg != "takeProfit" else {},
        )
        for leg in ("takeProfit", "stopLoss")
        for message, values in (
            ("An exit of a bracket cannot be IOC or FOK.", {"timeInForce": "FOK"}),
            ("An exit of a bracket has no expiry time, so it cannot be GTD.", {"timeInForce": "GTD"}),
            (
                "An exit must not expire before its entry: a DAY exit needs an entry that is DAY, IOC or FOK.",
                {"timeInForce": "DAY"},
            ),
        )
    },
    ("takeProfit.limitPrice", "The take-profit price must be on the profit side of the entry price."): (
        {},
        {"limitPrice": "85"},
        {},
    ),
    ("takeProfit.stopPrice", "The take-profit price must be on the profit side of the entry price."): (
        {},
        IF_TOUCHED | {"limitPrice": None},
        {},
    ),
    ("stopLoss.stopPrice", "The stop-loss price must be on the loss side of the entry price."): (
        {},
        {},
        {"stopPrice": "95"},
    ),
    ("stopLoss.stopPrice", "The stop-loss and the take-profit must be on opposite sides of the market."): (
        MARKET,
        {},
        {"stopPrice": "115"},
    ),
    ("stopLoss.clientOrderId", "Each order of a bracket needs a client order id of its own."): (
        {},
        {"clientOrderId": "same"},
        {"clientOrderId": "same"},
    ),
}
OCOS: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("second.accountId", "Both orders of an OCO must have the same account."): ({}, {"accountId": "other"}),
    ("second.symbol", "Both orders of an OCO must have the same symbol."): ({}, {"symbol": "OTHER"}),
    ("first.type", "An order of this type cannot be part of an OCO: it never rests or waits."): (MARKET, {}),
    ("second.type", "An order of this type cannot be part of an OCO: it never rests or waits."): ({}, MARKET),
    ("first.timeInForce", "An order of an OCO cannot be IOC or FOK."): ({"timeInForce": "IOC"}, {}),
    ("second.timeInForce", "An order of an OCO cannot be IOC or FOK."): ({}, {"timeInForce": "IOC"}),
    ("second.clientOrderId", "Each order of an OCO needs a client order id of its own."): (
        {"clientOrderId": "same"},
        {"clientOrderId": "same"},
    ),
}


@dataclass
class Stage:
    """A trader's API, an account, a second one, and orders in every state that a change can meet."""

    api: Asking
    accounts: tuple[UUID, UUID]
    known: dict[str, UUID]

    def order(self, **others: Any) -> dict[str, Any]:
        """A valid limit order, changed by the given fields."""
        given = {
            "accountId": str(self.accounts[0]),
            "symbol": "COIN-PERP",
            "side": "BUY",
            "type": "LIMIT",
            "quantity": "1",
            "limitPrice": "90",
            "timeInForce": "GTC",
        } | others
        if given["accountId"] == "other":
            given["accountId"] = str(self.accounts[1])
        return {name: value for name, value in given.items() if value is not None}

    async def refused(self, document: str, given: dict[str, Any]) -> tuple[str, str]:
        """The field within the input, and the message; nothing was saved."""
        before = await stored()
        found = await self.api.refusal(document, i=given)
        assert await stored() == before
        assert found["code"] == "BAD_USER_INPUT"
        argument, _, field = found["field"].partition(".")
        # A change of nothing blames the whole input.
        assert argument == "input"
        return field or argument, found["message"]


async def stored() -> list[Any]:
    """The number of rows in the tables that placing and modifying orders writes."""
    (row,) = await fetch(
        "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM account_events), "
        "(SELECT count(*) FROM venue_commands), (SELECT sum(reserved) FROM accounts), (SELECT sum(version) FROM orders)"
    )
    return list(row)


@pytest.fixture
async def stage(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    async with platform(database_url, redis_url, tmp_path) as desk:
        await desk.add_instrument(replace(PERPETUAL, id=new_id()))
        await desk.quote("COIN-PERP", "99.99", "100.01", "1")
        owner, account = await desk.open_account("100000", kind=AccountKind.MARGIN)
        _, other = await desk.open_account("100000", kind=AccountKind.MARGIN)
        actor = replace(owner, accounts={row.id: owner.accounts[account.id] for row in (account, other)})
        known = await _orders(desk, actor, account.id)
        yield Stage(Asking(desk, actor), (account.id, other.id), known)


async def _orders(desk: Platform, actor: Any, account_id: UUID) -> dict[str, UUID]:
    """The orders that are changed, by their names in ``CHANGES``."""

    def order(name: str, **terms: Any) -> Any:
        plain = {"account_id": account_id, "symbol": "COIN-PERP", "client_order_id": name}
        return command(**(plain | {"limit_price": Decimal(90)} | terms))

    def trailing(name: str, kind: OffsetKind, **terms: Any) -> Any:
        trails = {"type": OrderType.TRAILING_STOP_LIMIT, "limit_price": None, "limit_offset": Decimal(1)}
        return order(name, **trails, trailing_offset=Decimal(1), trailing_offset_kind=kind, **terms)

    later = datetime.now(UTC) + timedelta(hours=1)
    placed = await desk.place(
        actor,
        order("limit"),
        # One unit is shown: the rest waits.
        order("partial", quantity=Decimal(2), limit_price=Decimal("100.01")),
        order("stop", type=OrderType.STOP, stop_price=Decimal(120), limit_price=None),
        trailing("trailed", OffsetKind.TICKS),
        trailing("ticks", OffsetKind.TICKS, activation_price=Decimal(50)),
        trailing("points", OffsetKind.BASIS_POINTS, activation_price=Decimal(50)),
        order("dated", time_in_force=TimeInForce.GTD, expires_at=later),
    )
    entry = order("entry", quantity=Decimal(1))
    exits = PlaceBracket(entry, OrderLeg(OrderType.LIMIT, limit_price=Decimal(110), client_order_id="exit"))
    placed += [row.order for row in await desk.services.entry.place_bracket(actor, exits)]
    known = {row.client_order_id: row.id for row in placed}
    await desk.settled(*known.values())
    # What trailed by a tick is triggered, and its limit is left behind.
    await desk.quote("COIN-PERP", "100.09", "100.11", "1")

    async def is_triggered() -> bool:
        return (await read_orders([known["trailed"]]))[known["trailed"]].triggered_at is not None

    await until(is_triggered)
    return known


async def test_every_malformed_order_is_bad_input_and_saves_nothing(stage: Stage) -> None:
    assert list(ORDERS) == [row.message for row in MALFORMATIONS]
    good = stage.order()
    for row in MALFORMATIONS:
        bad = stage.order(**ORDERS[row.message])
        for document in (PLACE, CHECK):
            assert await stage.refused(document, bad) == (row.field, row.message)
        # One bad order says which one, whether or not the others could do without it.
        for all_or_none in (False, True):
            found = await stage.api.refusal(PLACE_ALL, i={"orders": [good, bad, good], "allOrNone": all_or_none})
            assert found == {
                "message": row.message,
                "code": "BAD_USER_INPUT",
                "field": f"input.orders.1.{row.field}",
                "index": 1,
            }
        assert await stage.refused(OCO, {"first": good, "second": bad}) == (f"second.{row.field}", row.message)
    assert await stage.refused(PLACE_ALL, {"orders": []}) == ("orders", "A batch holds 1 to 1000 orders.")
    assert await stage.refused(PLACE_ALL, {"orders": [good] * 1_001}) == ("orders", "A batch holds 1 to 1000 orders.")


async def test_every_malformed_change_is_bad_input_and_saves_nothing(stage: Stage) -> None:
    assert [message.rpartition(": ")[2] for message in CHANGES] == [row.message for row in CHANGE_MALFORMATIONS]
    for row, (name, terms) in zip(CHANGE_MALFORMATIONS, CHANGES.values(), strict=True):
        given = {"id": str(stage.known[name]), **terms}
        assert await stage.refused(MODIFY, given) == (row.field, row.message), name


async def test_every_malformed_bracket_is_bad_input_and_saves_nothing(stage: Stage) -> None:
    assert sorted(BRACKETS) == sorted((row.field, row.message) for row in BRACKET_MALFORMATIONS)
    for row, (entry, profit, stop) in BRACKETS.items():
        given: dict[str, Any] = {"entry": stage.order(**entry)}
        for name, plain, leg in (("takeProfit", PROFIT, profit), ("stopLoss", STOP, stop)):
            if leg is not None:
                given[name] = {key: value for key, value in (plain | leg).items() if value is not None}
        assert await stage.refused(BRACKET, given) == row


async def test_every_malformed_oco_is_bad_input_and_saves_nothing(stage: Stage) -> None:
    assert list(OCOS) == [(row.field, row.message) for row in OCO_MALFORMATIONS]
    for row, (first, second) in OCOS.items():
        legs = {"first": stage.order(**first), "second": stage.order(side="SELL", limitPrice="110") | second}
        legs["second"] = stage.order(**legs["second"])
        assert await stage.refused(OCO, legs) == row
