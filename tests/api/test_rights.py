"""Every root field, held to the table of decisions by every role, relation to the account and kind of credential."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from api.errors import RequestError
from api.graphql.encoding import encode
from api.graphql.runner import Caller, OperationRequest, OperationRunner
from api.limits import RequestLimits
from api.metrics import ApiMetrics
from api.realtime.hub import Hub
from api.realtime.send_queue import SendQueue
from api.rights import DECISIONS, Rule
from api.root import platform_schema
from domain.access.keys import create_key
from domain.access.types import SYSTEM, AccountPermission, Actor, Role
from domain.access.users import grant_account
from domain.accounts.service import MoveCash, OpenAccount, deposit, open_account
from domain.kernel.database import fetch
from domain.kernel.errors import DomainError
from domain.kernel.ids import new_id
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderType, Side
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform

UNKNOWN = str(UUID(int=99))
RELATIONS = ("own", "READ", "TRADE", "FUNDS", "foreign", "unknown")
# What is asked of each field; {a} is an account, {o} an order of it. Where something would change for good, the input
# is one that is refused after the right has been looked at.
ORDER = 'accountId: "{a}" symbol: "TEST" side: BUY type: LIMIT quantity: "{q}" limitPrice: "1"'
PLACE = f"{{{{ {ORDER} }}}}"
ASKS: dict[str, str] = {
    "Query.account": 'account(id: "{a}") {{ id }}',
    "Query.accountsConnection": "accountsConnection {{ totalCount }}",
    "Query.accounts": "accounts {{ id }}",
    "Query.anomalies": 'anomalies(filter: {{ accountId: "{a}" }}) {{ totalCount }}',
    "Query.anomalyCase": 'anomalyCase(id: "{u}") {{ id }}',
    "Query.anomalyCases": 'anomalyCases(filter: {{ accountId: "{a}" }}) {{ totalCount }}',
    "Query.anomalyDismissalsConnection": "anomalyDismissalsConnection {{ totalCount }}",
    "Query.anomalyDismissals": "anomalyDismissals {{ id }}",
    "Query.anomaly": 'anomaly(id: "{u}") {{ id }}',
    "Query.execution": 'execution(id: "{u}") {{ id }}',
    "Query.node": 'node(id: "{a}") {{ id }}',
    "Query.nodes": 'nodes(ids: ["{o}"]) {{ id }}',
    "Query.riskEvent": 'riskEvent(id: "{u}") {{ id }}',
    "Query.riskRule": 'riskRule(id: "{u}") {{ id }}',
    "Query.transaction": 'transaction(id: "{u}") {{ id }}',
    "Query.anomalyDetectors": "anomalyDetectors {{ kind }}",
    "Query.apiKeys": "apiKeys {{ id }}",
    "Query.apiKeysConnection": "apiKeysConnection {{ totalCount }}",
    "Query.streamCursors": "streamCursors {{ riskEvents anomalies anomalyCases }}",
    "Query.sessionsConnection": "sessionsConnection {{ totalCount }}",
    "Query.calendarsConnection": "calendarsConnection {{ totalCount }}",
    "Query.interestRatesConnection": "interestRatesConnection {{ totalCount }}",
    "Query.notificationChannelsConnection": "notificationChannelsConnection {{ totalCount }}",
    "Query.scheduledTasksConnection": "scheduledTasksConnection {{ totalCount }}",
    "Query.anomalyDetectorsConnection": "anomalyDetectorsConnection {{ totalCount }}",
    "Query.trialBalanceConnection": "trialBalanceConnection {{ totalCount }}",
    "Query.barsConnection": 'barsConnection(symbol: "TEST", interval: DAY) {{ totalCount }}',
    "Query.positionsConnection": 'positionsConnection(accountId: "{a}") {{ totalCount }}',
    "Query.auditLog": "auditLog(first: 1) {{ edges {{ node {{ id }} }} }}",
    "Query.bars": 'bars(symbol: "TEST", interval: DAY) {{ at }}',
    "Query.bookProof": 'bookProof(accountId: "{a}") {{ intact }}',
    "Query.checkOrder": f"checkOrder(input: {PLACE}) {{{{ accepted }}}}",
    "Query.closedTrades": 'closedTrades(accountId: "{a}") {{ symbol }}',
    "Query.closedTradesConnection": 'closedTradesConnection(accountId: "{a}") {{ totalCount }}',
    "Query.corporateActionsConnection": "corporateActionsConnection {{ totalCount }}",
    "Query.positionHistoryConnection": 'positionHistoryConnection(accountId: "{a}") {{ totalCount }}',
    "Query.corporateActions": "corporateActions {{ id }}",
    "Query.dailyStatementsConnection": 'dailyStatementsConnection(accountId: "{a}") {{ totalCount }}',
    "Query.dailyStatements": 'dailyStatements(accountId: "{a}") {{ day }}',
    "Query.executions": 'executions(filter: {{ accountId: "{a}" }}) {{ totalCount }}',
    "Query.instrument": 'instrument(symbol: "TEST") {{ id }}',
    "Query.calendars": "calendars {{ code }}",
    "Query.instruments": "instruments {{ totalCount }}",
    "Query.interestRates": "interestRates {{ currency }}",
    "Mutation.logout": "logout",
    "Query.notificationChannels": "notificationChannels {{ id }}",
    "Query.order": 'order(id: "{o}") {{ id }}',
    "Query.orderStatistics": 'orderStatistics(filter: {{ accountId: "{a}" }}) {{ total }}',
    "Query.orders": 'orders(filter: {{ accountId: "{a}" }}) {{ totalCount }}',
    "Query.position": 'position(accountId: "{a}", symbol: "TEST") {{ id }}',
    "Query.positionHistory": 'positionHistory(accountId: "{a}") {{ at }}',
    "Query.positionSummary": 'positionSummary(accountId: "{a}") {{ count }}',
    "Query.positions": 'positions(accountId: "{a}") {{ id }}',
    "Query.quotes": 'quotes(symbols: ["TEST"]) {{ at }}',
    "Query.programTradingReport": 'programTradingReport(input: {{ day: "2026-01-02" }}) {{ isComplete }}',
    "Query.replayDetector": (
        'replayDetector(input: {{ kind: LAYERING, from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }}) '
        "{{ count }}"
    ),
    "Query.tryRiskRule": (
        'tryRiskRule(input: {{ name: "L", kind: STALE_PRICE, scope: GLOBAL, windowSeconds: 5 }}) {{ count }}'
    ),
    "Query.riskEvents": 'riskEvents(filter: {{ accountId: "{a}" }}) {{ totalCount }}',
    "Query.riskMetrics": 'riskMetrics(accountId: "{a}") {{ equity }}',
    "Query.riskRulesConnection": 'riskRulesConnection(filter: {{ accountId: "{a}" }}) {{ totalCount }}',
    "Query.riskRules": 'riskRules(accountId: "{a}") {{ id }}',
    "Query.scheduledTasks": "scheduledTasks {{ name }}",
    "Query.sessions": "sessions {{ id }}",
    "Query.systemHealth": "systemHealth {{ __typename }}",
    "Query.systemMetrics": "systemMetrics {{ __typename }}",
    "Query.taskRuns": "taskRuns {{ totalCount }}",
    "Query.tradingHaltsConnection": "tradingHaltsConnection {{ totalCount }}",
    "Query.tradingHalts": "tradingHalts {{ id }}",
    "Query.trialBalance": "trialBalance {{ currency }}",
    "Query.users": "users {{ totalCount }}",
    "Query.viewer": "viewer {{ id }}",
    "Mutation.acknowledgeRiskEvent": 'acknowledgeRiskEvent(id: "{u}") {{ id }}',
    "Mutation.assignAnomalyCase": 'assignAnomalyCase(input: {{ id: "{u}" }}) {{ id }}',
    "Mutation.bustExecution": 'bustExecution(input: {{ id: "{u}", reason: "r" }}) {{ id }}',
    "Mutation.cancelAllAfter": 'cancelAllAfter(input: {{ accountId: "{a}", seconds: 0 }}) {{ triggersAt }}',
    "Mutation.cancelOrder": 'cancelOrder(input: {{ id: "{o}" }}) {{ replayed }}',
    "Mutation.cancelOrders": 'cancelOrders(input: {{ accountId: "{a}" }}) {{ orders {{ id }} }}',
    "Mutation.closeAllPositions": 'closeAllPositions(accountId: "{a}") {{ accepted }}',
    "Mutation.closeAnomalyCase": 'closeAnomalyCase(input: {{ id: "{u}" }}) {{ id }}',
    "Mutation.closePosition": 'closePosition(input: {{ accountId: "{a}", symbol: "TEST" }}) {{ replayed }}',
    "Mutation.commentAnomalyCase": 'commentAnomalyCase(input: {{ id: "{u}", note: "n" }}) {{ id }}',
    "Mutation.correctExecution": (
        'correctExecution(input: {{ id: "{u}", price: "1", quantity: "1", reason: "r" }}) {{ id }}'
    ),
    "Mutation.createApiKey": 'createApiKey(input: {{ name: "" }}) {{ secret }}',
    "Mutation.createCalendar": (
        'createCalendar(input: {{ code: "24/7", name: "n", timeZone: "UTC", '
        'sessions: [{{ opens: "09:00", closes: "17:30" }}] }}) {{ code }}'
    ),
    "Mutation.createInstrument": (
        'createInstrument(input: {{ symbol: "", exchange: "X", assetClass: CRYPTO, currency: "USD", tickSize: "1", '
        'lotSize: "1" }}) {{ id }}'
    ),
    "Mutation.createRiskRule": 'createRiskRule(input: {{ name: "", kind: SELF_TRADE, scope: GLOBAL }}) {{ id }}',
    "Mutation.createUser": 'createUser(input: {{ email: "", name: "", password: "" }}) {{ id }}',
    "Mutation.decideAnomalyCase": (
        'decideAnomalyCase(input: {{ id: "{u}", disposition: CONFIRMED, note: "n" }}) {{ id }}'
    ),
    "Mutation.deleteRiskRule": 'deleteRiskRule(id: "{u}")',
    "Mutation.deleteNotificationChannel": 'deleteNotificationChannel(id: "{u}")',
    "Mutation.deposit": 'deposit(input: {{ accountId: "{a}", amount: "0", reference: "r" }}) {{ id }}',
    "Mutation.freezePosition": (
        'freezePosition(input: {{ accountId: "{a}", symbol: "TEST", quantity: "1", reason: "r" }}) {{ id }}'
    ),
    "Mutation.grantAccount": 'grantAccount(input: {{ accountId: "{u}", userId: "{u}", permission: READ }}) {{ id }}',
    "Mutation.haltTrading": 'haltTrading(input: {{ scope: STRATEGY, reason: "r" }}) {{ id }}',
    "Mutation.login": 'login(input: {{ email: "", password: "" }}) {{ expiresAt }}',
    "Mutation.modifyOrder": 'modifyOrder(input: {{ id: "{o}", quantity: "9", expectedVersion: 99 }}) {{ replayed }}',
    "Mutation.openAccount": 'openAccount(input: {{ name: "", currency: "USD" }}) {{ id }}',
    "Mutation.placeBracket": (
        f'placeBracket(input: {{{{ entry: {PLACE}, stopLoss: {{{{ type: STOP, stopPrice: "0.5" }}}} }}}}) '
        "{{ groupId }}"
    ),
    "Mutation.placeOco": f"placeOco(input: {{{{ first: {PLACE}, second: {PLACE} }}}}) {{{{ groupId }}}}",
    "Mutation.placeOrder": f"placeOrder(input: {PLACE}) {{{{ replayed }}}}",
    "Mutation.placeOrders": f"placeOrders(input: {{{{ orders: [{PLACE}] }}}}) {{{{ accepted }}}}",
    "Mutation.publishQuotes": "publishQuotes(input: {{ quotes: [] }})",
    "Mutation.recordCorporateAction": (
        'recordCorporateAction(input: {{ symbol: "NONE", kind: SPLIT, exDate: "2030-01-01", ratio: "2" }}) {{ id }}'
    ),
    "Mutation.refreshSession": 'refreshSession(refreshToken: "") {{ expiresAt }}',
    "Mutation.removeAnomalyDismissal": 'removeAnomalyDismissal(id: "{u}") {{ id }}',
    "Mutation.reopenAnomalyCase": 'reopenAnomalyCase(input: {{ id: "{u}", reason: "r" }}) {{ id }}',
    "Mutation.resolveRiskEvent": 'resolveRiskEvent(input: {{ id: "{u}", note: "n" }}) {{ id }}',
    "Mutation.resumeTrading": 'resumeTrading(id: "{u}", reason: "r") {{ id }}',
    "Mutation.revokeAccount": 'revokeAccount(userId: "{u}", accountId: "{u}") {{ id }}',
    "Mutation.revokeApiKey": 'revokeApiKey(id: "{u}") {{ id }}',
    "Mutation.beginTwoFactor": "beginTwoFactor {{ uri }}",
    "Mutation.confirmTwoFactor": 'confirmTwoFactor(code: "0")',
    "Mutation.disableTwoFactor": 'disableTwoFactor(code: "0")',
    "Mutation.revokeSession": 'revokeSession(id: "{u}") {{ id }}',
    "Mutation.revokeOtherSessions": "revokeOtherSessions",
    "Mutation.runAnomalyDetection": "runAnomalyDetection(kinds: []) {{ id }}",
    "Mutation.runScheduledTask": 'runScheduledTask(name: "none") {{ id }}',
    "Mutation.saveNotificationChannel": (
        'saveNotificationChannel(input: {{ name: "n", url: "none", topics: [RISK_EVENT] }}) {{ id }}'
    ),
    "Mutation.savePreferences": "savePreferences(preferences: [])",
    "Mutation.setAccountState": ('setAccountState(input: {{ accountId: "{a}", state: ACTIVE, reason: "r" }}) {{ id }}'),
    "Mutation.setInterestRate": 'setInterestRate(input: {{ currency: "", loanRate: "0" }}) {{ currency }}',
    "Mutation.testNotificationChannel": 'testNotificationChannel(id: "{u}")',
    "Mutation.unfreezePosition": (
        'unfreezePosition(input: {{ accountId: "{a}", symbol: "TEST", quantity: "1", reason: "r" }}) {{ id }}'
    ),
    "Mutation.updateAnomalyDetector": ("updateAnomalyDetector(input: {{ kind: LAYERING, warmup: 0 }}) {{ kind }}"),
    "Mutation.updateInstrument": 'updateInstrument(input: {{ symbol: "NONE" }}) {{ id }}',
    "Mutation.updateRiskRule": 'updateRiskRule(input: {{ id: "{u}" }}) {{ id }}',
    "Mutation.updateScheduledTask": 'updateScheduledTask(input: {{ name: "none" }}) {{ name }}',
    "Mutation.updateUser": 'updateUser(input: {{ id: "{me}", name: "" }}) {{ id }}',
    "Mutation.withdraw": 'withdraw(input: {{ accountId: "{a}", amount: "0", reference: "r" }}) {{ id }}',
    "Subscription.account": 'account(id: "{a}") {{ id }}',
    "Subscription.accountEvents": 'accountEvents(accountIds: ["{a}"]) {{ kind }}',
    "Subscription.anomalies": 'anomalies(accountId: "{a}") {{ id }}',
    "Subscription.anomalyCases": 'anomalyCases(accountId: "{a}") {{ at }}',
    "Subscription.bars": 'bars(symbol: "TEST", interval: DAY) {{ at }}',
    "Subscription.executions": 'executions(accountId: "{a}") {{ id }}',
    "Subscription.orderEvents": 'orderEvents(accountId: "{a}") {{ at }}',
    "Subscription.pnl": 'pnl(accountId: "{a}") {{ at }}',
    "Subscription.positions": 'positions(accountId: "{a}") {{ id }}',
    "Subscription.quotes": 'quotes(symbols: ["TEST"]) {{ at }}',
    "Subscription.riskEvents": 'riskEvents(accountId: "{a}") {{ id }}',
    "Subscription.systemHealth": "systemHealth {{ __typename }}",
    "Subscription.systemMetrics": "systemMetrics {{ __typename }}",
    "Subscription.taskRuns": "taskRuns {{ id }}",
}
# Fields that find an order say so of what does not exist.
BY_ORDER = {"Mutation.cancelOrder", "Mutation.modifyOrder"}
SESSIONS_ONLY = {
    *("Mutation.createApiKey", "Mutation.updateUser", "Mutation.revokeSession", "Mutation.revokeOtherSessions"),
    *("Mutation.beginTwoFactor", "Mutation.confirmTwoFactor", "Mutation.disableTwoFactor"),
    *("Query.sessions", "Query.sessionsConnection"),
}
FIELD_OF_ACCOUNT = {"Subscription.account": "id", "Subscription.accountEvents": "accountIds"}
GRANTS = {"READ": {"READ"}, "TRADE": {"TRADE"}, "FUNDS": {"FUNDS"}, "own": {"TRADE", "FUNDS"}}


def roots() -> dict[str, Any]:
    """Every root field of the schema, such as ``Query.account``."""
    schema = platform_schema()
    types = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return {f"{type_.name}.{name}": field for type_ in types if type_ for name, field in type_.fields.items()}


def test_every_root_field_has_a_decision_and_a_request() -> None:
    assert roots().keys() == DECISIONS.keys()
    assert DECISIONS.keys() == ASKS.keys()


@dataclass
class Desk:
    """One platform with a person of each role, accounts of every relation to it, and an order in each."""

    whole: Platform
    runner: OperationRunner
    hub: Hub
    accounts: dict[tuple[Role, str], str] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    tokens: dict[tuple[Role, str], str] = field(default_factory=dict)
    people: dict[Role, UUID] = field(default_factory=dict)

    async def ask(self, name: str, token: str | None, **places: str) -> tuple[str, str | None]:
        """The code and field of the error; OK and an empty field for success."""
        kind, _, _ = name.partition(".")
        text = f"{kind.lower()} {{ {ASKS[name].format(**places)} }}"
        caller = await self.runner.identify(token, "192.0.2.1")
        try:
            operation = self.runner.prepare(OperationRequest(text), caller)
            if kind == "Subscription":
                return await self._subscribe(operation, caller)
            answer = await self.runner.answer(operation, None, caller)
        except RequestError as error:
            return error.code, None
        errors = answer.content.get("errors")
        if not errors:
            (value,) = answer.content["data"].values()
            return ("NULL" if value in (None, [None]) else "OK"), None
        extensions = errors[0]["extensions"]
        return extensions["code"], extensions.get("field")

    async def _subscribe(self, operation: Any, caller: Caller) -> tuple[str, str | None]:
        nobody: Any = None
        nothing = SendQueue(nobody)
        try:
            await self.hub.subscribe("1", operation, None, caller, nothing, lambda _: None)
        except RequestError as error:
            return error.code, error.errors[0]["extensions"].get("field")
        except DomainError as error:
            return error.code.value, error.context.get("field")
        return "OK", None


async def _account(whole: Platform, owner_id: UUID) -> UUID:
    services = whole.services
    command = OpenAccount("Main", "USD", owner_id=owner_id)
    return (await open_account(services.access, whole.admin, command, venues=services.venues)).id


async def _key_text(whole: Platform, person: Actor) -> str:
    session = Actor(person.user_id, person.email, person.role, via="session")
    return (await create_key(whole.services.access, session, name="bot", role=person.role))[1]


async def _session_token(whole: Platform, person: Actor) -> str:
    session_id = new_id()
    await fetch(
        "INSERT INTO sessions (id, user_id, created_at, expires_at) "
        "VALUES ($1, $2, now(), now() + interval '1 day') RETURNING 1",
        session_id,
        person.user_id,
    )
    now = whole.services.order_context.clock()
    return whole.services.access.signer.issue(person.user_id, session_id, now)[0]


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        services = whole.services
        await whole.add_instrument(replace(SPOT, symbol="TEST"))
        await whole.quote("TEST", "99", "101")
        runner = OperationRunner(platform_schema(), services, RequestLimits(), ApiMetrics())
        made = Desk(whole, runner, Hub(runner))
        stranger = await whole.add_actor()
        shared = {name: await _account(whole, stranger.user_id) for name in ("READ", "TRADE", "FUNDS", "foreign")}
        everything = dict(shared)
        for role in Role:
            person = await whole.add_actor(role)
            own = await _account(whole, person.user_id)
            everything[f"own {role}"] = own
            for permission in AccountPermission:
                await grant_account(services.access, SYSTEM, person.user_id, shared[permission], permission)
            made.people[role] = person.user_id
            made.accounts |= {(role, name): str(account) for name, account in {**shared, "own": own}.items()}
            made.accounts[role, "unknown"] = UNKNOWN
            made.tokens[role, "session"] = await _session_token(whole, person)
            made.tokens[role, "key"] = await _key_text(whole, person)
        terms: dict[str, Any] = {"symbol": "TEST", "side": Side.BUY, "type": OrderType.LIMIT}
        for account_id in everything.values():
            await deposit(services.bus, whole.admin, MoveCash(account_id, Decimal(100), "opening"))
            command = PlaceOrder(account_id=account_id, quantity=Decimal(1), limit_price=Decimal(1), **terms)
            (placed,) = await services.entry.place_orders(whole.admin, [command])
            made.orders[str(account_id)] = str(placed.order.id)
        made.orders[UNKNOWN] = UNKNOWN
        yield made


def passes(rule: Rule, role: Role, relation: str) -> bool:
    """The decision, as docs/api.md words it."""
    grants = GRANTS.get(relation, set())
    trades = role is Role.ADMIN or (role is Role.TRADER and "TRADE" in grants)
    return {
        Rule.PUBLIC: True,
        Rule.SIGNED_IN: True,
        Rule.VISIBLE: True,
        Rule.READ: True,
        Rule.TRADE: trades,
        Rule.FUNDS: role is Role.ADMIN or (role is Role.TRADER and "FUNDS" in grants),
        Rule.STOP: trades or role is Role.RISK_MANAGER,
        Rule.TRADERS: role is not Role.VIEWER,
        Rule.OPERATORS: role in (Role.RISK_MANAGER, Role.ADMIN),
        Rule.ADMINISTRATORS: role is Role.ADMIN,
    }[rule]


def sees(role: Role, relation: str) -> bool:
    """True if the account exists for the caller."""
    if relation == "unknown":
        return False
    return relation != "foreign" or role in (Role.RISK_MANAGER, Role.ADMIN)


def complaint(name: str, role: Role, relation: str, answer: tuple[str, str | None]) -> str | None:
    """The difference between an answer and the expected one, if there is any."""
    rule, (code, where) = DECISIONS[name], answer
    about_account = "{a}" in ASKS[name] or "{o}" in ASKS[name]
    if name in ("Query.account", "Query.node", "Query.nodes", "Query.order"):
        return None if (code == "OK") is sees(role, relation) and code in ("OK", "NULL") else "is no answer"
    if about_account and not sees(role, relation):
        wanted = "id" if name in BY_ORDER else FIELD_OF_ACCOUNT.get(name, "accountId")
        # In a group, the field says of which of its orders.
        found = code == "NOT_FOUND" and where is not None and where.rpartition(".")[2] == wanted
        return None if found else f"should be NOT_FOUND of {wanted}"
    if "{u}" in ASKS[name] and code == "NOT_FOUND":
        # What is not there is not there for anybody.
        return None if passes(rule, role, relation) or name.endswith("Execution") else "should be FORBIDDEN"
    if passes(rule, role, relation):
        if name == "Mutation.refreshSession":
            return None if code == "UNAUTHENTICATED" else "should look at the token"
        return "should pass" if code in ("FORBIDDEN", "UNAUTHENTICATED", "INTERNAL_SERVER_ERROR") else None
    return None if code == "FORBIDDEN" else "should be FORBIDDEN"


async def test_every_role_relation_and_credential_gets_the_decided_answer(desk: Desk) -> None:
    wrong: list[str] = []
    for name, ask in ASKS.items():
        about_account = "{a}" in ask or "{o}" in ask
        for role in Role:
            for relation in RELATIONS if about_account else ("own",):
                account = desk.accounts[role, relation]
                # What is malformed is told first to who may trade every account there is.
                quantity = "1" if relation == "unknown" else "0"
                places = {
                    "q": quantity,
                    "a": account,
                    "o": desk.orders[account],
                    "u": UNKNOWN,
                    "me": str(desk.people[role]),
                }
                answers = []
                for kind in ("session", "key"):
                    if name == "Mutation.logout":
                        continue
                    answer = await desk.ask(name, desk.tokens[role, kind], **places)
                    answers.append(answer)
                    # What only a session may do of its own is its own test's business.
                    if kind == "key" and name in SESSIONS_ONLY:
                        continue
                    problem = complaint(name, role, relation, answer)
                    if problem is not None:
                        wrong.append(f"{name} by {role} ({kind}) on {relation}: {answer} {problem}")
    assert wrong == [], "\n".join(wrong)


async def test_anonymous_callers_get_public_fields_only(desk: Desk) -> None:
    places = {"q": "1", "a": UNKNOWN, "o": UNKNOWN, "u": UNKNOWN, "me": UNKNOWN}
    for name in ASKS:
        code, _ = await desk.ask(name, None, **places)
        public = DECISIONS[name] is Rule.PUBLIC
        assert (code != "UNAUTHENTICATED" or name == "Mutation.refreshSession") if public else code == "UNAUTHENTICATED"


async def test_refusals_and_orders_of_bots_are_in_the_audit_log(desk: Desk) -> None:
    bot, foreign = desk.tokens[Role.TRADER, "key"], desk.accounts[Role.TRADER, "foreign"]
    await desk.ask("Mutation.deposit", bot, a=desk.accounts[Role.TRADER, "TRADE"])
    await desk.ask("Query.positions", bot, a=foreign)
    log = """{ auditLog(%s) { totalCount edges { cursor node {
      action target outcome detail address requestId apiKeyId actor
    } } } }"""
    caller = await desk.runner.identify(desk.tokens[Role.RISK_MANAGER, "session"], "192.0.2.1")

    async def read(arguments: str) -> Any:
        operation = desk.runner.prepare(OperationRequest(log % arguments), caller)
        return orjson.loads(encode((await desk.runner.answer(operation, None, caller)).content))

    edges = (await read("outcome: REFUSED"))["data"]["auditLog"]["edges"]
    told = [(edge["node"]["action"], edge["node"]["target"], edge["node"]["detail"]["code"]) for edge in edges]
    granted = desk.accounts[Role.TRADER, "TRADE"]
    assert told == [
        ("positions", f"account:{foreign}", "NOT_FOUND"),
        ("deposit", f"account:{granted}", "FORBIDDEN"),
    ]
    node = edges[-1]["node"]
    assert node["address"] == "192.0.2.1"
    assert None not in (node["requestId"], node["apiKeyId"])
    order = desk.orders[granted]
    (edge,) = (await read(f'target: "order:{order}"'))["data"]["auditLog"]["edges"]
    assert (edge["node"]["action"], edge["node"]["outcome"]) == ("placeOrder", "DONE")
    assert edge["node"]["actor"] == desk.whole.admin.email
    placed = (await read('action: "placeOrder"'))["data"]["auditLog"]
    assert placed["totalCount"] == len(placed["edges"]) == len(desk.orders) - 1
    # Pages of both sources follow each other without gap or repeat.
    seen, after = [], ""
    while True:
        page = (await read(f"first: 7{after}"))["data"]["auditLog"]["edges"]
        seen += [edge["cursor"] for edge in page]
        if len(page) < 7:
            break
        after = f', after: "{page[-1]["cursor"]}"'
    assert len(seen) == len(set(seen)) == (await read("first: 1"))["data"]["auditLog"]["totalCount"]
    assert (await read('action: "nothing"'))["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "action"}
