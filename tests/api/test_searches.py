"""Names and ids in searches must exist for the caller: a typing error or a foreign id is an error, no empty list."""

from typing import Any

import orjson
import pytest

from api.errors import RequestError
from api.graphql.encoding import encode
from api.graphql.runner import OperationRequest
from domain.access.types import Role
from domain.kernel.database import fetch
from tests.api.test_rights import UNKNOWN, Desk, desk

__all__ = ["desk"]

# {x} is an id that is not there, or one of somebody else's account, order, group or person.
BY_ID = {
    "account": (
        'anomalies(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'anomalyCases(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'executions(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'orders(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'orderStatistics(filter: {{ accountId: "{x}" }}) {{ total }}',
        'riskEvents(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'riskRules(accountId: "{x}") {{ id }}',
        'riskRulesConnection(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'tradingHaltsConnection(filter: {{ accountId: "{x}" }}) {{ totalCount }}',
        'account(id: "{a}") {{ orders(filter: {{ accountId: "{x}" }}) {{ totalCount }} }}',
    ),
    "order": (
        'executions(filter: {{ orderId: "{x}" }}) {{ totalCount }}',
        'account(id: "{a}") {{ transactions(filter: {{ orderId: "{x}" }}) {{ totalCount }} }}',
    ),
    "group": (
        'orders(filter: {{ groupId: "{x}" }}) {{ totalCount }}',
        'orderStatistics(filter: {{ groupId: "{x}" }}) {{ total }}',
    ),
    "owner": ('accountsConnection(filter: {{ ownerId: "{x}" }}) {{ totalCount }}',),
}
WORDS = (
    ('accountsConnection(filter: { venue: "nowhere" }) { totalCount }', "BAD_USER_INPUT"),
    ('accountsConnection(filter: { currency: "usd" }) { totalCount }', "BAD_USER_INPUT"),
    ('orders(filter: { symbols: ["NOPE"] }) { totalCount }', "NOT_FOUND"),
    ('executions(filter: { symbols: ["TEST", "NOPE"] }) { totalCount }', "NOT_FOUND"),
    ('riskRulesConnection(filter: { symbol: "NOPE" }) { totalCount }', "NOT_FOUND"),
    ('tradingHaltsConnection(filter: { symbol: "NOPE" }) { totalCount }', "NOT_FOUND"),
    ('riskEvents(filter: { kinds: ["NOPE"] }) { totalCount }', "BAD_USER_INPUT"),
    ('closedTrades(accountId: "%s", symbol: "NOPE") { symbol }', "NOT_FOUND"),
    ('positionHistory(accountId: "%s", symbol: "NOPE") { at }', "NOT_FOUND"),
    ('corporateActions(symbol: "NOPE") { id }', "NOT_FOUND"),
    ('quotes(symbols: ["NOPE"]) { at }', "NOT_FOUND"),
    ('bars(symbol: "NOPE", interval: DAY) { at }', "NOT_FOUND"),
    ('barsConnection(symbol: "NOPE", interval: DAY) { totalCount }', "NOT_FOUND"),
    ('positionsConnection(accountId: "%s", symbols: ["NOPE"]) { totalCount }', "NOT_FOUND"),
    ('interestRatesConnection(currency: "usd") { totalCount }', "BAD_USER_INPUT"),
)
FOR_OPERATORS = (
    ('anomalyCases(filter: { assignee: "nobody@example.com" }) { totalCount }', "NOT_FOUND"),
    ('taskRuns(task: "nope") { totalCount }', "NOT_FOUND"),
    ('auditLog(action: "nope") { totalCount }', "BAD_USER_INPUT"),
)


async def code_of(desk: Desk, role: Role, text: str) -> tuple[str, str | None]:
    caller = await desk.runner.identify(desk.tokens[role, "session"], "192.0.2.1")
    try:
        operation = desk.runner.prepare(OperationRequest(f"{{ {text} }}"), caller)
    except RequestError as error:
        raise AssertionError(f"{text}: {error}") from error
    content: Any = orjson.loads(encode((await desk.runner.answer(operation, None, caller)).content))
    if "errors" not in content:
        return "OK", None
    extensions = content["errors"][0]["extensions"]
    return extensions["code"], extensions.get("field")


@pytest.mark.parametrize("kind", BY_ID)
async def test_foreign_and_unknown_ids_in_searches_have_the_same_error(desk: Desk, kind: str) -> None:
    own, foreign = desk.accounts[Role.TRADER, "own"], desk.accounts[Role.TRADER, "foreign"]
    group = UNKNOWN.replace("0", "a")
    await fetch("UPDATE orders SET group_id = $1 WHERE account_id = $2 RETURNING 1", group, foreign)
    (owner,) = await fetch("SELECT owner_id FROM accounts WHERE id = $1", desk.accounts[Role.ADMIN, "own"])
    others = {"account": foreign, "order": desk.orders[foreign], "group": group, "owner": owner["owner_id"]}[kind]
    for ask in BY_ID[kind]:
        told = {await code_of(desk, Role.TRADER, ask.format(x=named, a=own)) for named in (UNKNOWN, others)}
        assert len(told) == 1, (ask, told)
        ((code, field),) = told
        assert (code, field is not None and field.endswith("Id")) == ("NOT_FOUND", True), ask
        mine = desk.accounts[Role.ADMIN, "own"]
        assert (await code_of(desk, Role.ADMIN, ask.format(x=UNKNOWN, a=mine)), ask) == ((code, field), ask)
        if "account(" not in ask:
            assert (await code_of(desk, Role.ADMIN, ask.format(x=others, a=mine)), ask) == (("OK", None), ask)


async def test_unknown_names_in_searches_are_errors(desk: Desk) -> None:
    for role in Role:
        for text, code in WORDS:
            asked = text.replace("%s", desk.accounts[role, "own"])
            assert (await code_of(desk, role, asked))[0] == code, (role, text)
    for text, code in FOR_OPERATORS:
        assert (await code_of(desk, Role.ADMIN, text))[0] == code, text
    for action in ("login", "placeOrder", "export", "importHistory"):
        assert (await code_of(desk, Role.ADMIN, f'auditLog(action: "{action}") {{ totalCount }}'))[0] == "OK"
    assert await code_of(desk, Role.ADMIN, f'sessions(userId: "{UNKNOWN}") {{ id }}') == ("NOT_FOUND", "userId")


async def test_assignees_are_filtered_only_by_case_workers(desk: Desk) -> None:
    """Other callers could tell from a count who works on a case."""
    for email in ("nobody@example.com", desk.whole.admin.email):
        for role in (Role.VIEWER, Role.TRADER):
            asked = f'anomalyCases(filter: {{ assignee: "{email}" }}) {{ totalCount }}'
            assert await code_of(desk, role, asked) == ("FORBIDDEN", "filter.assignee")
