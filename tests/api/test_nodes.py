"""Every object is found by its id by those who may see it, in statements that do not grow with rows."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import GraphQLObjectType

from api.root import platform_schema
from domain.access.keys import create_key
from domain.access.types import Actor, Role
from domain.anomalies import queries as anomaly_queries
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.model.types import OrderType
from domain.risk.event_queries import append_events
from domain.risk.types import RiskEventSource, RiskSignal, Severity
from tests.orders.factories import SPOT, command
from tests.support.asking import Asking, counted_statements
from tests.support.trading import Platform, platform

NOW = datetime(2026, 1, 5, tzinfo=UTC)
NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


@dataclass
class Desk:
    """A platform with one object of each kind."""

    whole: Platform
    owner: Actor
    account_id: UUID
    ids: dict[str, str]

    def api(self, actor: Actor | None = None) -> Asking:
        return Asking(self.whole, actor or self.owner)

    async def trade(self, count: int) -> None:
        """Orders that fill, each with a risk event and an anomaly about it."""
        orders = await self.whole.place(self.owner, *(buy(self.account_id) for _ in range(count)))
        await self.whole.settled(*(order.id for order in orders))
        async with unit_of_work(self.whole.services.bus) as work:
            rule = UUID(self.ids["RiskRule"])
            kinds = {"kind": "MAX_LEVERAGE", "severity": Severity.INFO, "message": "m"}
            await append_events(
                work,
                [
                    RiskSignal(
                        RiskEventSource.MONITOR, account_id=self.account_id, order_id=order.id, rule_id=rule, **kinds
                    )
                    for order in orders
                ],
            )
            head = await anomaly_queries.lock_head(work)
            found = [anomaly(head + n, self.account_id, order.id) for n, order in enumerate(orders, 1)]
            await anomaly_queries.append(work, found)
            await anomaly_queries.save_head(work, head + count)


def buy(account_id: UUID) -> Any:
    return command(account_id=account_id, symbol="COIN", type=OrderType.MARKET, quantity=Decimal("0.1"))


def anomaly(sequence: int, account_id: UUID, *orders: UUID) -> Anomaly:
    values: dict[str, Any] = {
        "id": new_id(),
        "sequence": sequence,
        "kind": AnomalyKind.ORDER_SIZE,
        "severity": Severity.INFO,
        "account_id": account_id,
        "symbol": "COIN",
        "component": None,
        "score": 9.0,
        "observed": 1.0,
        "expected": None,
        "threshold": 5.0,
        "explanation": "large",
        "evidence": orjson.dumps({"orderIds": [str(each) for each in orders]}).decode(),
        "fingerprint": str(new_id()),
    }
    return Anomaly(**values, detected_at=NOW, risk_event_id=None, case_id=None)


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        owner, book = await whole.open_account("100000")
        made = Desk(whole, owner, book.id, {})
        admin = Asking(whole, whole.admin)
        rule = await admin.ask(
            'mutation ($a: ID!) { createRiskRule(input: { name: "n", kind: MAX_OPEN_ORDERS, scope: ACCOUNT, '
            'accountId: $a, threshold: "500" }) { id } }',
            a=str(book.id),
        )
        made.ids["RiskRule"] = rule["id"]
        await made.trade(1)
        await admin.ask(
            'mutation ($a: ID!) { haltTrading(input: { scope: ACCOUNT, accountId: $a, reason: "r" }) { id } }',
            a=str(book.id),
        )
        action = await admin.ask(
            'mutation { recordCorporateAction(input: { symbol: "COIN", kind: SPLIT, exDate: "2031-01-06", ratio: "2" })'
            " { id } }"
        )
        run = await admin.ask('mutation { runScheduledTask(name: "day-roll") { id } }')
        await create_key(whole.services.access, replace(owner, via="session"), name="bot", role=Role.TRADER)
        made.ids |= {"CorporateAction": action["id"], "TaskRun": run["id"], "ScheduledTask": "task:day-roll"}
        made.ids |= await one_of_each(made)
        yield made


async def one_of_each(desk: Desk) -> dict[str, str]:
    answer = await desk.api().answer(
        "query ($a: ID!) { viewer { id apiKeys { id } } account(id: $a) { id "
        "orders { edges { node { id executions { id } instrument { id } } } } "
        "transactions(first: 1) { edges { node { id } } } positions { id } } "
        "riskEvents { edges { node { id accountId } } } anomalies { edges { node { id } } } tradingHalts { id } }",
        a=str(desk.account_id),
    )
    data = orjson.loads(orjson.dumps(answer["data"]))
    account = data["account"]
    order = account["orders"]["edges"][0]["node"]
    return {
        "User": data["viewer"]["id"],
        "ApiKey": data["viewer"]["apiKeys"][0]["id"],
        "Account": account["id"],
        "Order": order["id"],
        "Execution": order["executions"][0]["id"],
        "Instrument": order["instrument"]["id"],
        "AccountTransaction": account["transactions"]["edges"][0]["node"]["id"],
        "Position": account["positions"][0]["id"],
        "RiskEvent": next(e["node"]["id"] for e in data["riskEvents"]["edges"] if e["node"]["accountId"]),
        "Anomaly": data["anomalies"]["edges"][0]["node"]["id"],
        "TradingHalt": data["tradingHalts"][0]["id"],
    }


def node_types() -> set[str]:
    schema = platform_schema()
    return {type_.name for type_ in schema.get_possible_types(schema.type_map["Node"])}  # type: ignore[arg-type]


def test_every_type_with_a_lasting_id_is_a_node() -> None:
    """Audit entries of orders and points of charts have other things' ids; channels are settings."""
    types = platform_schema().type_map.values()
    with_ids = {type_.name for type_ in types if isinstance(type_, GraphQLObjectType) and "id" in type_.fields}
    assert with_ids - node_types() == {"AnomalyCasePoint", "AuditEntry", "NotificationChannel"}


async def test_a_node_is_found_by_its_id_only_by_those_who_may_see_it(desk: Desk) -> None:
    assert desk.ids.keys() == node_types() - {"OpenSession", "AnomalyCase", "AnomalyDismissal"}
    stranger = await desk.whole.add_actor()
    manager = await desk.whole.add_actor(Role.RISK_MANAGER)
    own, foreign, all_seen = desk.api(), desk.api(stranger), desk.api(manager)
    shared = {"Instrument", "CorporateAction"}
    operators = {"TaskRun", "ScheduledTask"}
    for name, node_id in desk.ids.items():
        shown = {"__typename": name, "id": node_id}
        assert (await own.ask(NODE, id=node_id)) == (None if name in operators else shown), name
        assert (await foreign.ask(NODE, id=node_id)) == (shown if name in shared else None), name
        # A key is nobody's but its owner's.
        assert (await all_seen.ask(NODE, id=node_id)) == (None if name == "ApiKey" else shown), name
    for unknown in (str(new_id()), "task:none", "", "x" * 100):
        assert await all_seen.ask(NODE, id=unknown) is None
    ids = list(desk.ids.values())
    assert [row and row["id"] for row in await all_seen.ask(NODES, ids=ids)] == [
        None if each == desk.ids["ApiKey"] else each for each in ids
    ]
    refusal = await own.refusal(NODES, ids=["x"] * 501)
    assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "ids")


@pytest.mark.parametrize("field", ["execution", "transaction", "riskEvent", "riskRule", "anomaly"])
async def test_a_lookup_by_id_returns_visible_nodes_of_the_requested_type(desk: Desk, field: str) -> None:
    name = {"transaction": "AccountTransaction"}.get(field, field[0].upper() + field[1:])
    document = f"query ($id: ID!) {{ {field}(id: $id) {{ __typename id }} }}"
    assert await desk.api().ask(document, id=desk.ids[name]) == {"__typename": name, "id": desk.ids[name]}
    assert await desk.api(await desk.whole.add_actor()).ask(document, id=desk.ids[name]) is None
    assert await desk.api().ask(document, id=desk.ids["Account"]) is None


# How often the document asks for the same kind of thing: orders, six times. Their rows are many more.
MOST_PLACES = 6
ROWS = 25
OBJECTS = """query ($first: Int!) {
  riskEvents(first: $first) { edges { node {
    account { name owner { email accounts { id } } } order { clientOrderId parent { id } group { id } } rule { name }
  } } }
  anomalies(first: $first) { edges { node { account { name } orders { id account { id } } executions { id } } } }
  executions(first: $first) { edges { node { correction { id } order { id } } } }
  accounts { transactions(first: $first) { edges { node {
    account { id } order { id } execution { id order { id } }
  } } } }
}"""


async def test_objects_beside_ids_take_no_statement_per_row(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Asking(desk.whole, desk.whole.admin)
    halts = await admin.ask("{ tradingHalts { id } }")
    await admin.ask('mutation ($id: ID!) { resumeTrading(id: $id, reason: "r") { id } }', id=halts[0]["id"])
    await desk.trade(ROWS)
    with counted_statements(monkeypatch) as statements:
        answer = await desk.api().answer(OBJECTS, first=ROWS)
    assert "errors" not in answer, answer["errors"]
    assert len(answer["data"]["riskEvents"]["edges"]) == ROWS
    assert max(Counter(statements.texts).values()) <= MOST_PLACES


async def test_nodes_of_a_type_are_loaded_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    api = desk.api(desk.whole.admin)
    with counted_statements(monkeypatch) as statements:
        await api.ask(NODES, ids=list(desk.ids.values()))
    # What they name, of each kind one, and two of accounts with what they hold, and with what they held.
    assert len(statements.texts) <= 1 + len(desk.ids) + 2


async def test_foreign_objects_are_null(desk: Desk) -> None:
    _, foreign = await desk.whole.open_account("1000")
    (order,) = await desk.whole.place(desk.whole.admin, buy(foreign.id))
    own = UUID(desk.ids["Order"])
    async with unit_of_work(desk.whole.services.bus) as work:
        head = await anomaly_queries.lock_head(work)
        await anomaly_queries.append(work, [anomaly(head + 1, desk.account_id, own, order.id)])
        await anomaly_queries.save_head(work, head + 1)
    document = "{ anomalies(first: 1) { edges { node { orders { id } } } } }"
    (edge,) = (await desk.api().ask(document))["edges"]
    assert edge["node"]["orders"] == [{"id": str(own)}]
    (edge,) = (await desk.api(desk.whole.admin).ask(document))["edges"]
    assert edge["node"]["orders"] == [{"id": str(own)}, {"id": str(order.id)}]


async def test_the_viewer_sees_its_own_accounts_keys_and_sessions(desk: Desk) -> None:
    signed_in = new_id()
    async with unit_of_work(desk.whole.services.bus) as work:
        for session_id, ended in ((signed_in, None), (new_id(), "logout")):
            await work.execute(
                "INSERT INTO sessions (id, user_id, created_at, expires_at, ended_at, end_reason) VALUES "
                "($1, $2, now(), now() + interval '1 day', CASE WHEN $3::text IS NOT NULL THEN now() END, $3)",
                session_id,
                desk.owner.user_id,
                ended,
            )
    api = desk.api(replace(desk.owner, session_id=signed_in))
    viewer = await api.ask("{ viewer { accounts { id } apiKeys { name } sessions { id current } preferences } }")
    assert viewer["accounts"] == [{"id": str(desk.account_id)}]
    assert viewer["apiKeys"] == [{"name": "bot"}]
    assert viewer["sessions"] == [{"id": str(signed_in), "current": True}]
    assert (await api.ask(NODE, id=str(signed_in)))["__typename"] == "OpenSession"
    others = "query ($id: ID!) { node(id: $id) { ... on User { accounts { id } apiKeys { name } sessions { id } } } }"
    seen = await desk.api(desk.whole.admin).ask(others, id=str(desk.owner.user_id))
    assert seen == {"accounts": [{"id": str(desk.account_id)}], "apiKeys": None, "sessions": None}
