"""Rules, halts and events over the API: who may, what is refused with which field, and the stream of events."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from graphql import graphql

from api.context import Context
from api.risk.enums import Severity
from api.risk.subscriptions import RiskSubscription
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.kernel.errors import DomainError, NotFound
from domain.risk.kinds import KINDS
from domain.risk.types import RiskScope
from tests.orders.factories import command
from tests.support.streams import first_of
from tests.support.trading import Platform

CREATE = "mutation ($i: CreateRiskRuleInput!) { createRiskRule(input: $i) { id version windowSeconds } }"
EVENTS = """query ($f: RiskEventFilter, $n: Int, $a: String) { riskEvents(filter: $f, first: $n, after: $a) {
  totalCount edges { cursor node {
    id cursor kind source severity state message observed limit accountId orderId } } } }"""
HALT = "mutation ($i: HaltTradingInput!) { haltTrading(input: $i) { id scope symbol reason by liftedAt } }"


async def ask(desk: Platform, query: str, actor: Actor | None = None, **variables: Any) -> Any:
    """The value of the one root field, or the name of the one error with its field."""
    context = Context(desk.services, actor=actor or desk.admin)
    result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
    if result.errors:
        original = result.errors[0].original_error
        assert isinstance(original, DomainError), result.errors[0]
        return (type(original).__name__, original.context.get("field"))
    assert result.data is not None
    (value,) = result.data.values()
    return value


def rule(kind: str, scope: str = "GLOBAL", **others: Any) -> dict[str, Any]:
    return {"name": "Limit", "kind": kind, "scope": scope, **others}


BAD = [
    (rule("MAX_LEVERAGE", "INSTRUMENT", symbol="COIN", threshold="2"), "scope"),
    (rule("MAX_DAILY_LOSS", "STRATEGY", strategy="trend", threshold="2"), "scope"),
    (rule("RESTRICTED_SYMBOL"), "scope"),
    (rule("RESTRICTED_SYMBOL", "STRATEGY", strategy="trend"), "symbol"),
    (rule("MAX_ORDER_QUANTITY", "ACCOUNT", threshold="2"), "accountId"),
    (rule("MAX_ORDER_QUANTITY", symbol="COIN", threshold="2"), "symbol"),
    (rule("MAX_ORDER_QUANTITY"), "threshold"),
    (rule("MAX_ORDER_QUANTITY", threshold="-1"), "threshold"),
    (rule("MAX_OPEN_ORDERS", threshold="1.5"), "threshold"),
    (rule("MAX_CONCENTRATION", threshold="10.1"), "threshold"),
    (rule("MAX_DRAWDOWN", threshold="1.01"), "threshold"),
    (rule("TRADING_HOURS", threshold="1"), "threshold"),
    (rule("MAX_ORDER_RATE", threshold="1"), "windowSeconds"),
    (rule("MAX_OPEN_ORDERS", threshold="1", selfTradePrevention="CANCEL_OLDEST"), "selfTradePrevention"),
    (rule("MAX_ORDER_RATE", threshold="1", windowSeconds=0), "windowSeconds"),
    (rule("STALE_PRICE", windowSeconds=3_601), "windowSeconds"),
    (rule("MAX_ORDER_QUANTITY", threshold="1", windowSeconds=5), "windowSeconds"),
    (rule("MAX_ORDER_QUANTITY", threshold="1", action="HALT"), "action"),
    (rule("MAX_ORDER_QUANTITY", "INSTRUMENT", symbol="NOPE", threshold="1"), "symbol"),
]


async def test_an_invalid_rule_is_refused_and_nothing_is_saved(desk: Platform) -> None:
    for given, field in BAD:
        error = "NotFound" if given.get("symbol") == "NOPE" else "BadInput"
        assert await ask(desk, CREATE, i=given) == (error, field), given
    assert await ask(desk, "{ riskRules { id } }") == []


async def test_every_rule_kind_can_be_created_in_each_of_its_scopes(desk: Platform) -> None:
    _, account = await desk.open_account()
    subjects = {
        RiskScope.GLOBAL: {},
        RiskScope.ACCOUNT: {"accountId": str(account.id)},
        RiskScope.INSTRUMENT: {"symbol": "COIN"},
        RiskScope.STRATEGY: {"strategy": "trend"},
    }
    made = 0
    for kind, terms in KINDS.items():
        for scope in terms.scopes:
            given = rule(kind.value, scope.value, **subjects[scope])
            if terms.names_symbol:
                given["symbol"] = "COIN"
            if terms.measure != "NONE":
                given["threshold"] = "1"
            if terms.window:
                given["windowSeconds"] = 60
            assert (await ask(desk, CREATE, i=given))["version"] == 1
            made += 1
    assert len(await ask(desk, "{ riskRules { id kind } }")) == made
    trader = await desk.add_actor()
    assert await ask(desk, CREATE, trader, i=rule("TRADING_HOURS")) == ("Forbidden", None)


async def test_risk_events_are_listed_acknowledged_and_streamed(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    stranger, _ = await desk.open_account("1000")
    await ask(desk, CREATE, i=rule("MAX_ORDER_QUANTITY", threshold="0.5"))
    (refused,) = await desk.place(owner, command(account_id=account.id))
    made = await ask(desk, HALT, i={"scope": "INSTRUMENT", "symbol": "COIN-PERP", "reason": "no reason"})
    assert (made["scope"], made["by"], made["liftedAt"]) == ("INSTRUMENT", desk.admin.email, None)

    page = await ask(desk, EVENTS, owner, f={"kinds": ["HALT", "MAX_ORDER_QUANTITY"]})
    first, second = (edge["node"] for edge in page["edges"])
    assert (page["totalCount"], first["kind"], first["source"]) == (2, "HALT", "operator")
    assert second | {"id": None, "cursor": None, "message": None} == {
        "id": None,
        "cursor": None,
        "kind": "MAX_ORDER_QUANTITY",
        "source": "pre-trade",
        "severity": "WARNING",
        "state": "OPEN",
        "message": None,
        "observed": "1",
        "limit": "0.5",
        "accountId": str(account.id),
        "orderId": str(refused.id),
    }
    # What happened in others' accounts does not exist; what concerns everybody does.
    assert [edge["node"]["kind"] for edge in (await ask(desk, EVENTS, stranger))["edges"]] == ["HALT", "RULE_CREATED"]
    assert await ask(desk, EVENTS, stranger, f={"accountId": str(account.id)}) == ("NotFound", "accountId")
    later = await ask(
        desk, EVENTS, owner, f={"kinds": ["HALT", "MAX_ORDER_QUANTITY"]}, n=1, a=page["edges"][0]["cursor"]
    )
    assert [edge["node"]["id"] for edge in later["edges"]] == [second["id"]]
    assert (await ask(desk, EVENTS, f={"severities": ["CRITICAL"], "kinds": ["HALT"]}))["totalCount"] == 1
    assert (await ask(desk, EVENTS, f={"states": []}))["totalCount"] == 0

    seen = "mutation ($id: ID!) { acknowledgeRiskEvent(id: $id) { state acknowledgedBy } }"
    done = "mutation ($i: ResolveRiskEventInput!) { resolveRiskEvent(input: $i) { state note acknowledgedBy } }"
    assert await ask(desk, seen, owner, id=second["id"]) == ("Forbidden", None)
    assert await ask(desk, seen, id=second["id"]) == {"state": "ACKNOWLEDGED", "acknowledgedBy": desk.admin.email}
    manager = await desk.add_actor(Role.RISK_MANAGER)
    assert await ask(desk, done, manager, i={"id": second["id"], "note": " "}) == ("BadInput", "note")
    closed = {"state": "RESOLVED", "note": "told them", "acknowledgedBy": desk.admin.email}
    for _ in range(2):
        assert await ask(desk, done, manager, i={"id": second["id"], "note": "told them"}) == closed
    assert await ask(desk, done, manager, i={"id": second["id"], "note": "other"}) == ("Conflict", None)
    assert await ask(desk, seen, id=second["id"]) == ("Conflict", None)
    assert (await ask(desk, EVENTS, f={"states": ["RESOLVED"]}))["totalCount"] == 1


follow = partial(first_of, RiskSubscription, "risk_events")


async def test_the_risk_event_stream_sends_users_what_they_may_see(desk: Platform) -> None:
    owner, account = await desk.open_account("1000")
    other, _ = await desk.open_account("1000")
    await ask(desk, CREATE, i=rule("MAX_ORDER_QUANTITY", threshold="0.5"))
    await desk.place(owner, command(account_id=account.id), command(account_id=account.id))
    await ask(desk, HALT, i={"scope": "GLOBAL", "reason": "no reason"})

    kinds = ["RULE_CREATED"] + ["MAX_ORDER_QUANTITY"] * 2 + ["HALT"]
    assert [event.kind for event in await follow(desk, desk.admin, 4)] == kinds
    assert [event.kind for event in await follow(desk, owner, 4)] == kinds
    assert [event.kind for event in await follow(desk, other, 2)] == ["RULE_CREATED", "HALT"]
    assert [event.kind for event in await follow(desk, owner, 2, account_id=str(account.id))] == kinds[1:3]
    assert [event.kind for event in await follow(desk, owner, 1, min_severity=Severity.CRITICAL)] == ["HALT"]
    with pytest.raises(NotFound):
        await follow(desk, other, 1, account_id=str(account.id))
    assert UUID(int=0) != account.id


async def test_self_trade_prevention_is_a_setting_of_its_rule(desk: Platform) -> None:
    create = "mutation ($i: CreateRiskRuleInput!) { createRiskRule(input: $i) { id selfTradePrevention } }"
    update = "mutation ($i: UpdateRiskRuleInput!) { updateRiskRule(input: $i) { selfTradePrevention version } }"
    made = await ask(desk, create, i=rule("SELF_TRADE"))
    assert made["selfTradePrevention"] == "CANCEL_NEWEST"
    changed = await ask(desk, update, i={"id": made["id"], "selfTradePrevention": "CANCEL_OLDEST"})
    assert changed == {"selfTradePrevention": "CANCEL_OLDEST", "version": 2}
    kept = await ask(desk, update, i={"id": made["id"], "name": "Wash trades"})
    assert kept == {"selfTradePrevention": "CANCEL_OLDEST", "version": 3}
    other = await ask(desk, create, i=rule("MAX_OPEN_ORDERS", threshold="3"))
    assert other["selfTradePrevention"] is None
    assert await ask(desk, update, i={"id": other["id"], "selfTradePrevention": "CANCEL_OLDEST"}) == (
        "BadInput",
        "selfTradePrevention",
    )
