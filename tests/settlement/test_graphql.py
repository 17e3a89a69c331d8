"""Corporate actions and daily statements through the API: what clients send, see and are refused."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.time import utc_now
from domain.orders.model.types import Side
from domain.settlement.rolling import roll_days
from tests.settlement.conftest import add_instruments
from tests.support.days import order, trade
from tests.support.trading import Platform, platform

RECORD = "mutation ($i: CorporateActionInput!) { recordCorporateAction(input: $i) { %s } }"
ACTION = "symbol kind exDate ratio amountPerUnit newSymbol appliedAt accountsAffected"
ACTIONS = (
    "query ($symbol: String, $from: Date, $to: Date) { corporateActions(symbol: $symbol, from: $from, to: $to) { %s } }"
)
STATEMENTS = """query ($id: ID!, $from: Date, $to: Date) { dailyStatements(accountId: $id, from: $from, to: $to) {
  accountId day openingEquity deposits withdrawals realizedPnl unrealizedPnlChange fees taxes financing dividends
  closingEquity executions positions { at symbol quantity averagePrice markPrice unrealizedPnl realizedPnl }
} }"""


@dataclass
class Client:
    desk: Platform
    actor: Actor

    async def ask(self, query: str, **variables: Any) -> Any:
        """The value of the one root field, or the code and field of the one error."""
        context = Context(self.desk.services, actor=self.actor)
        result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
        if result.errors:
            original = result.errors[0].original_error
            assert original is not None, result.errors[0]
            return type(original).__name__, getattr(original, "context", {}).get("field")
        assert result.data is not None
        (value,) = result.data.values()
        return value


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await add_instruments(whole)
        yield whole


async def test_corporate_actions_and_statements_are_available_through_the_api(desk: Platform) -> None:
    admin = Client(desk, desk.admin)
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    trader = Client(desk, owner)
    await trade(desk, owner, order(account.id, "SHARE", Side.BUY, "5"))
    services, day_roll = desk.services, desk.services.settings.day_roll
    moment = day_roll.next_after(utc_now())
    ends = day_roll.day_before(moment)
    day, today = str(ends + timedelta(days=1)), str(ends)
    given = {"symbol": "SHARE", "kind": "CASH_DIVIDEND", "exDate": day, "amountPerUnit": "0.40"}
    assert await trader.ask(RECORD % "id", i=given) == ("Forbidden", None)
    recorded = {
        "symbol": "SHARE", "kind": "CASH_DIVIDEND", "exDate": day, "ratio": None, "amountPerUnit": "0.4",
        "newSymbol": None, "appliedAt": None, "accountsAffected": 0,
    }  # fmt: skip
    assert await admin.ask(RECORD % ACTION, i=given) == recorded
    assert await admin.ask(RECORD % ACTION, i=given) == recorded
    for change, error in (
        ({"amountPerUnit": "0.5"}, ("Conflict", "exDate")),
        ({"amountPerUnit": None}, ("BadInput", "amountPerUnit")),
        ({"amountPerUnit": "-1"}, ("BadInput", "amountPerUnit")),
        ({"ratio": "2"}, ("BadInput", "ratio")),
        ({"exDate": today}, ("BadInput", "exDate")),
        ({"kind": "SPLIT"}, ("BadInput", "ratio")),
        ({"symbol": "NOPE"}, ("NotFound", "symbol")),
        ({"symbol": "FUT"}, ("BadInput", "kind")),
    ):
        assert await admin.ask(RECORD % ACTION, i=given | change) == error
    assert len(await fetch("SELECT 1 FROM corporate_actions")) == 1
    assert await trader.ask(STATEMENTS, id=str(account.id)) == []
    await roll_days(services.bus, services.market, day_roll, moment)
    (applied,) = await trader.ask(ACTIONS % ACTION, symbol="SHARE", **{"from": day, "to": day})
    assert applied["appliedAt"] is not None
    assert applied | {"appliedAt": None, "accountsAffected": 0} == recorded
    assert applied["accountsAffected"] == 1
    assert await trader.ask(ACTIONS % ACTION, to=today) == []
    assert await trader.ask(ACTIONS % ACTION, symbol="NOPE") == ("NotFound", "symbol")
    assert await trader.ask(ACTIONS % ACTION, **{"from": day, "to": today}) == ("BadInput", "to")
    assert await trader.ask(STATEMENTS, id=str(account.id)) == [
        {
            "accountId": str(account.id), "day": today, "openingEquity": "0", "deposits": "1000", "withdrawals": "0",
            "realizedPnl": "0", "unrealizedPnlChange": "-2.05", "fees": "0", "taxes": "0", "financing": "0",
            "dividends": "2", "closingEquity": "999.95", "executions": 1,
            "positions": [
                {
                    "at": f"{moment:%Y-%m-%dT%H:%M:%S}Z", "symbol": "SHARE", "quantity": "5", "averagePrice": "100.01",
                    "markPrice": "99.6", "unrealizedPnl": "-2.05", "realizedPnl": "0",
                }
            ],
        }
    ]  # fmt: skip
    assert await trader.ask(STATEMENTS, id=str(account.id), **{"from": day}) == []
    assert await trader.ask(STATEMENTS, id=str(account.id), **{"from": day, "to": today}) == ("BadInput", "to")
    stranger = Client(desk, await desk.add_actor(Role.TRADER))
    assert await stranger.ask(STATEMENTS, id=str(account.id)) == ("NotFound", "accountId")


PAGE_OF_DAYS = """query ($id: ID!, $to: Date, $first: Int, $after: String, $last: Int, $before: String) {
  dailyStatementsConnection(accountId: $id, to: $to, first: $first, after: $after, last: $last, before: $before) {
    totalCount edges { node { day } } pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
} }"""


async def test_statements_page_in_both_directions(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    trader, given = Client(desk, owner), {"id": str(account.id)}
    day_roll = desk.services.settings.day_roll
    moment = day_roll.next_after(utc_now())
    await roll_days(desk.services.bus, desk.services.market, day_roll, moment + timedelta(days=4))
    days = [str(day_roll.day_before(moment) + timedelta(days=distance)) for distance in (4, 3, 2, 1, 0)]

    def shown(page: Any) -> list[str]:
        return [edge["node"]["day"] for edge in page["edges"]]

    first = await trader.ask(PAGE_OF_DAYS, **given, first=2)
    assert (first["totalCount"], shown(first)) == (5, days[:2])
    rest = await trader.ask(PAGE_OF_DAYS, **given, first=5, after=first["pageInfo"]["endCursor"])
    assert (shown(rest), rest["pageInfo"]["hasNextPage"]) == (days[2:], False)
    back = await trader.ask(PAGE_OF_DAYS, **given, last=2, before=rest["pageInfo"]["startCursor"])
    assert back | {"totalCount": 5} == first | {"pageInfo": back["pageInfo"]}
    narrowed = await trader.ask(PAGE_OF_DAYS, **given, to=days[3])
    assert (narrowed["totalCount"], shown(narrowed)) == (2, days[3:])
    # A cursor of the list with another window belongs to another list.
    foreign = await trader.ask(PAGE_OF_DAYS, **given, to=days[3], after=first["pageInfo"]["endCursor"])
    assert foreign == ("BadInput", "after")
    stranger = Client(desk, await desk.add_actor(Role.TRADER))
    assert await stranger.ask(PAGE_OF_DAYS, **given) == ("NotFound", "accountId")
