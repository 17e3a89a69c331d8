"""Trials over the API: they hit the orders that the rule would refuse, store nothing, and check what they are asked."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.access.types import Role
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.orders.reading.trials import rule_trial as trying
from tests.orders.factories import SPOT
from tests.risk.test_graphql import CREATE, ask
from tests.support.trading import Platform, platform

TRY = """query ($i: CreateRiskRuleInput!, $f: DateTime, $t: DateTime) { tryRiskRule(input: $i, from: $f, to: $t) {
  kind from to tried isComplete reachedAt count refused
  hits { at accountId symbol orderId limit observed message } } }"""


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote(SPOT.symbol, "99.99", "100.01")
        yield whole


def rule(kind: str, threshold: str | None = None, **others: Any) -> dict[str, Any]:
    return {"name": "Limit", "kind": kind, "scope": "GLOBAL", "threshold": threshold} | others


async def everything() -> list[Any]:
    tables = ("risk_rules", "risk_events", "orders", "audit_entries")
    return [[tuple(row) for row in await fetch(f"SELECT * FROM {table} ORDER BY 1")] for table in tables]


RULES = [
    rule("MAX_ORDER_QUANTITY", "2"),
    rule("MAX_ORDER_NOTIONAL", "150"),
    rule("PRICE_COLLAR", "0.01"),
    rule("MAX_OPEN_ORDERS", "2"),
    rule("MAX_ORDER_RATE", "2", windowSeconds=600),
    rule("MAX_DAILY_ORDERS", "2"),
    rule("MAX_DAILY_NOTIONAL", "400"),
    rule("MAX_POSITION_QUANTITY", "4"),
    rule("MAX_POSITION_NOTIONAL", "450"),
    rule("DUPLICATE_ORDER", "1", windowSeconds=600),
    rule("SELF_TRADE"),
    rule("RESTRICTED_SYMBOL", scope="INSTRUMENT", symbol="COIN"),
]
ORDERS = [
    ("BUY", "1", "90"),
    ("BUY", "1", "90"),
    ("BUY", "2", "100.01"),
    ("SELL", "1", "100.02"),
    ("BUY", "1.2", "100.02"),
    ("BUY", "3", "99"),
    ("BUY", "1", "101.5"),
    ("SELL", "1", "99"),
]


async def trade(desk: Platform) -> tuple[str, list[Any]]:
    """Place the same orders in a new account; returns its id and the orders' results."""
    owner, book = await desk.open_account("100000")
    query = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id rejectReason } } }"
    terms = {"accountId": str(book.id), "symbol": SPOT.symbol, "type": "LIMIT", "timeInForce": "GTC"}
    placed = []
    for side, quantity, price in ORDERS:
        # A price becomes too old to decide on if all of it takes long.
        await desk.quote(SPOT.symbol, "99.99", "100.01")
        given = terms | {"side": side, "quantity": quantity, "limitPrice": price}
        placed.append((await ask(desk, query, owner, i=given))["order"])
        await desk.settled(UUID(placed[-1]["id"]))
    return str(book.id), placed


async def test_a_trial_hits_the_orders_that_the_rule_refuses(desk: Platform) -> None:
    """What a trial says of orders that were placed without the rule is what befalls the same orders with it."""
    account_id, placed = await trade(desk)
    assert all(each["rejectReason"] is None for each in placed), placed
    for given in RULES:
        stored = await everything()
        since, until = (utc_now() + timedelta(hours=hours) for hours in (-1, 1))
        tried = await ask(desk, TRY, i=given, f=since.isoformat(), t=until.isoformat())
        assert await everything() == stored
        hit_orders = {hit["orderId"] for hit in tried["hits"] if hit["accountId"] == account_id}
        hits = [each["id"] in hit_orders for each in placed]
        assert (tried["kind"], tried["isComplete"]) == (given["kind"], True)
        assert tried["count"] == tried["refused"] == len(tried["hits"]) >= sum(hits) > 0
        made = await ask(desk, CREATE, i=given)
        _, again = await trade(desk)
        await ask(desk, "mutation ($id: ID!) { deleteRiskRule(id: $id) }", id=made["id"])
        assert hits == [each["rejectReason"] == "RISK_RULE" for each in again], given["kind"]


async def test_samples_of_equity_are_tried(desk: Platform) -> None:
    _, book = await desk.open_account("1000")
    now = utc_now()
    for minutes, equity in ((50, 1000), (40, 880), (30, 870)):
        await fetch(
            "INSERT INTO equity_samples (account_id, at, equity, cash, unrealized_pnl, transaction_sequence) "
            "VALUES ($1, $2, $3, $3, 0, 1)",
            book.id,
            now - timedelta(minutes=minutes),
            Decimal(equity),
        )
    since = now - timedelta(minutes=55)
    tried = await ask(desk, TRY, i=rule("MAX_DRAWDOWN", "0.1"), f=since.isoformat(), t=now.isoformat())
    assert (tried["tried"], tried["count"], tried["refused"]) == (3, 1, 0)
    (hit,) = tried["hits"]
    assert (hit["accountId"], hit["orderId"], hit["symbol"]) == (str(book.id), None, None)
    assert (Decimal(hit["limit"]), Decimal(hit["observed"])) == (Decimal("0.1"), Decimal("0.12"))


async def test_what_is_asked_is_checked(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    now = utc_now()
    good = rule("MAX_ORDER_QUANTITY", "1")

    async def refused(given: dict[str, Any], **others: Any) -> Any:
        return await ask(desk, TRY, i=given, **others)

    assert await refused(rule("MAX_ORDER_QUANTITY")) == ("BadInput", "threshold")
    assert await refused(rule("STALE_PRICE", windowSeconds=5)) == ("BadInput", "kind")
    assert await refused(good | {"scope": "ACCOUNT", "accountId": str(new_id())}) == ("NotFound", "accountId")
    assert await refused(good | {"scope": "INSTRUMENT", "symbol": "NONE"}) == ("NotFound", "symbol")
    assert await refused(good, f=now.isoformat(), t=now.isoformat()) == ("BadInput", "to")
    assert await refused(good, f=(now - timedelta(days=32)).isoformat()) == ("BadInput", "to")
    late = now + timedelta(days=2)
    assert await refused(good, t=late.isoformat()) == ("BadInput", "from")
    for role in (Role.TRADER, Role.VIEWER):
        assert (await ask(desk, TRY, await desk.add_actor(role), i=good))[0] == "Forbidden"
    async with trying._busy:
        assert (await refused(good))[0] == "RateLimited"
    monkeypatch.setattr(trying, "MAX_SECONDS", 0.0)
    assert await refused(good) == ("BadInput", "from")


async def test_what_is_too_much_is_cut_and_said(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, book = await desk.open_account("100000")
    query = "mutation ($i: PlaceOrderInput!) { placeOrder(input: $i) { order { id createdAt } } }"
    terms = {"accountId": str(book.id), "symbol": "COIN", "side": "BUY", "type": "LIMIT", "limitPrice": "90"}
    placed = [(await ask(desk, query, owner, i=terms | {"quantity": "1"}))["order"] for _ in range(3)]
    monkeypatch.setattr(trying, "MAX_ROWS", 2)
    tried = await ask(desk, TRY, i=rule("MAX_ORDER_QUANTITY", "0.5"))
    assert (tried["tried"], tried["isComplete"], tried["reachedAt"]) == (2, False, placed[1]["createdAt"])
