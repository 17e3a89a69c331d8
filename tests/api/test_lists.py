"""Every list pages both ways by cursor, and a cursor of another list, filter or order is refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from api.risk.event_kinds import RiskEventKind
from api.root import platform_schema
from domain.access.session_store import insert_session
from domain.access.types import Role
from domain.anomalies.types import AnomalyKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ONE
from domain.kernel.pages import encode_cursor
from domain.kernel.time import Nanos
from domain.kernel.unit_of_work import unit_of_work
from domain.market.calendar_service import list_calendars
from domain.market.queries import grow_bars
from domain.market.types import Bar, BarInterval
from domain.orders.model.types import OrderType, Side
from domain.orders.protection import late_commands
from domain.risk import operators
from domain.risk.halts import HALTED, RESUMED
from domain.risk.types import RiskRuleKind
from tests.orders.factories import SPOT, command
from tests.support.asking import Asking
from tests.support.trading import Platform, platform

# Each list with another filter or order of it.
LISTS = {
    "accountsConnection": "filter: { states: [ACTIVE] }",
    "anomalies": "filter: { kinds: [RAMPING] }",
    "anomalyDetectorsConnection": "enabled: true",
    "apiKeysConnection": "active: true",
    "barsConnection": 'from: "2020-01-01T00:00:00Z"',
    "calendarsConnection": 'search: "e"',
    "anomalyCases": "filter: { kinds: [RAMPING] }",
    "anomalyDismissalsConnection": None,
    "auditLog": "outcome: DONE",
    "corporateActionsConnection": 'from: "2020-01-01"',
    "executions": "filter: { sides: [BUY] }",
    "instruments": "filter: { tradable: true }",
    "interestRatesConnection": 'currency: "EUR"',
    "notificationChannelsConnection": "enabled: true",
    "orders": "orderBy: { field: QUANTITY }",
    "positionsConnection": "includeClosed: true",
    "riskEvents": "filter: { severities: [INFO] }",
    "riskRulesConnection": "filter: { scope: GLOBAL }",
    "scheduledTasksConnection": "enabled: true",
    "sessionsConnection": None,
    "taskRuns": "states: [QUEUED]",
    "tradingHaltsConnection": "filter: { active: true }",
    "trialBalanceConnection": None,
    "users": None,
}
# A list of one account: tested with the days that it lists.
OF_AN_ACCOUNT = {"closedTradesConnection", "dailyStatementsConnection", "positionHistoryConnection"}
EMPTY_HERE = {"corporateActionsConnection", "anomalies", "anomalyCases", "anomalyDismissalsConnection", "taskRuns"}
# What a list must be told.
REQUIRED = {"barsConnection": 'symbol: "COIN", interval: DAY', "positionsConnection": 'accountId: "%s"'}
SYMBOLS = ("COIN", "DIME", "GOLD", "IRON", "JADE")
PAGE = "edges { cursor } pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount"
SIZE = 2


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        for symbol in SYMBOLS:
            await whole.add_instrument(replace(SPOT, id=new_id(), symbol=symbol))
            await whole.quote(symbol, "99.99", "100.01")
        owner, book = await whole.open_account("100000")
        for role in Role:
            await whole.add_actor(role)
        orders = [
            command(
                account_id=book.id,
                symbol=SYMBOLS[n],
                type=OrderType.MARKET,
                quantity=Decimal("0.1"),
                tags=("a", "b") if n % 2 else ("a",),
                strategy="momentum" if n < 2 else None,
            )
            for n in range(5)
        ]
        await whole.settled(*(order.id for order in await whole.place(owner, *orders)))
        admin = Asking(whole, whole.admin)
        for n in range(5):
            await admin.ask(
                f'mutation {{ createRiskRule(input: {{ name: "n{n}", kind: MAX_OPEN_ORDERS, scope: GLOBAL, '
                'threshold: "500" }) { id } }'
            )
            await admin.ask(
                f'mutation {{ haltTrading(input: {{ scope: INSTRUMENT, symbol: "{SYMBOLS[n]}", reason: "none" }}) '
                "{ id } }"
            )
            await whole.open_account("1")
        yield whole


def connections() -> set[str]:
    fields = platform_schema().query_type.fields.items()  # type: ignore[union-attr]
    return {name for name, field in fields if str(field.type).rstrip("!").endswith("Connection")}


def test_every_list_is_tested_here_and_has_all_four_paging_arguments() -> None:
    assert connections() == set(LISTS) | OF_AN_ACCOUNT
    for name in connections():
        field = platform_schema().query_type.fields[name]  # type: ignore[union-attr]
        assert {"first", "after", "last", "before"} <= field.args.keys(), name


async def fill(desk: Platform) -> str:
    """Put something into the lists that are small, and into bars; the account that holds the positions."""
    api, days = Asking(desk, replace(desk.admin, via="session")), [Nanos(n * 86_400 * 10**9) for n in range(5)]
    (instrument,) = (each for each in (await desk.services.market.catalog()).by_id.values() if each.symbol == "COIN")
    bars = [(instrument.id, Bar("COIN", BarInterval.DAY, day, ONE, ONE, ONE, ONE, ONE)) for day in days]
    # Calendars are made once in a process, which a busy machine may not do within the time of a query.
    await list_calendars(desk.services.market)
    async with unit_of_work(desk.services.bus) as work:
        await grow_bars(work, bars)
        for _ in days:
            await insert_session(work, new_id(), desk.admin.user_id, work.now + timedelta(days=1))
    hook = 'url: "webhooks://:0123456789abcdef@hooks.example/in", topics: [ANOMALY]'
    for n, currency in enumerate(("EUR", "GBP", "JPY", "CHF", "USD")):
        await desk.open_account("1", currency=currency)
        shared = "true" if n % 2 else "false"
        for mutation in (
            f'setInterestRate(input: {{ currency: "{currency}", loanRate: "0.01" }}) {{ currency }}',
            f'createApiKey(input: {{ name: "n{n}" }}) {{ secret }}',
            f'saveNotificationChannel(input: {{ name: "n{n}", shared: {shared}, {hook} }}) {{ id }}',
        ):
            await api.ask(f"mutation {{ {mutation} }}")
    accounts = await api.ask("{ accounts { id positions { id } } }")
    (holder,) = (each["id"] for each in accounts if each["positions"])
    return str(holder)


def told(name: str, holder: str, *others: str) -> str:
    """A list with the arguments that it must be told, and others."""
    required = REQUIRED.get(name, "").replace("%s", holder)
    given = ", ".join(each for each in (required, *others) if each)
    return f"{name}({given})" if given else name


async def walk(api: Asking, name: str, holder: str, *, backward: bool) -> list[str]:
    """The cursors of the whole list, page by page, in its order."""
    size, bound, end, more = (
        ("last", "before", "startCursor", "hasPreviousPage")
        if backward
        else ("first", "after", "endCursor", "hasNextPage")
    )
    found: list[str] = []
    cursor: str | None = None
    while True:
        after = f'{bound}: "{cursor}"' if cursor else ""
        page = await api.ask(f"{{ {told(name, holder, f'{size}: {SIZE}', after)} {{ {PAGE} }} }}")
        cursors = [edge["cursor"] for edge in page["edges"]]
        found = cursors + found if backward else found + cursors
        if not page["pageInfo"][more]:
            assert len(found) == page["totalCount"]
            return found
        cursor = page["pageInfo"][end]


async def test_paging_both_ways_returns_every_item_once_in_the_same_order(desk: Platform) -> None:
    api = Asking(desk, desk.admin)
    holder = await fill(desk)
    for name in LISTS:
        forward = await walk(api, name, holder, backward=False)
        assert forward == await walk(api, name, holder, backward=True), name
        assert len(set(forward)) == len(forward)
        assert len(forward) > 2 * SIZE or name in EMPTY_HERE, name


async def test_a_cursor_of_another_list_filter_or_order_is_refused(desk: Platform) -> None:
    api = Asking(desk, desk.admin)
    holder = await fill(desk)
    cursors = {name: (await walk(api, name, holder, backward=False))[:1] for name in LISTS}
    forged = [encode_cursor("1"), encode_cursor("x", "y"), "x", "x.y", ""]
    for name, other in LISTS.items():
        own = cursors[name]
        foreign = [cursor for each in LISTS if each != name for cursor in cursors[each]]
        for bound in ("after", "before"):
            wrong = [[f'{bound}: "{cursor}"'] for cursor in (*foreign, *forged) if cursor]
            wrong += [[other, f'{bound}: "{cursor}"'] for cursor in own if other is not None]
            asked = [f"{told(name, holder, *each)} {{ totalCount }}" for each in wrong]
            for question in asked:
                refusal = await api.refusal(f"{{ {question} }}")
                assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", bound), question


async def test_searches_find_the_expected_items(desk: Platform) -> None:
    api = Asking(desk, desk.admin)

    async def count(question: str) -> Any:
        return (await api.ask(f"{{ {question} {{ totalCount }} }}"))["totalCount"]

    assert await count('orders(filter: { tags: ["a"] })') == 5
    assert await count('orders(filter: { tags: ["b", "a"] })') == 2
    assert await count('orders(filter: { tags: ["c"] })') == 0
    refusal = await api.refusal(f'{{ orders(filter: {{ groupId: "{new_id()}" }}) {{ totalCount }} }}')
    assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "filter.groupId")
    assert await count(f"executions(filter: {{ sides: [{Side.BUY}] }})") == 5
    assert await count(f"executions(filter: {{ sides: [{Side.SELL}] }})") == 0
    assert await count('executions(filter: { strategy: "momentum" })') == 2
    assert await count("executions(filter: { liquidity: TAKER })") == 5
    assert await count("executions(filter: { liquidity: MAKER })") == 0


async def test_the_small_lists_are_found_by_their_filters(desk: Platform) -> None:
    api, holder = Asking(desk, desk.admin), await fill(desk)

    async def count(name: str, *arguments: str) -> Any:
        return (await api.ask(f"{{ {told(name, holder, *arguments)} {{ totalCount }} }}"))["totalCount"]

    assert await count("apiKeysConnection", "active: true") == 5
    assert await count("apiKeysConnection", "active: false") == 0
    assert await count("notificationChannelsConnection", "topic: ANOMALY, enabled: true") == 5
    assert await count("notificationChannelsConnection", "topic: RISK_EVENT") == 0
    assert await count("positionsConnection", 'symbols: ["GOLD", "IRON"], side: LONG') == 2
    assert await count("positionsConnection", "side: SHORT") == 0
    assert await count("interestRatesConnection", 'currency: "EUR"') == 1
    assert await count("barsConnection", 'from: "1970-01-02T00:00:00Z", to: "1970-01-04T00:00:00Z"') == 2
    assert await count("calendarsConnection", 'search: "nothing is called so"') == 0
    assert await count("scheduledTasksConnection", "enabled: false") == 0
    assert await count("anomalyDetectorsConnection", "enabled: true") == await count("anomalyDetectorsConnection")
    refusal = await api.refusal(f"{{ {told('barsConnection', holder, 'first: 501')} {{ totalCount }} }}")
    assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "first")


async def test_accounts_rules_and_halts_are_found_by_their_names(desk: Platform) -> None:
    api = Asking(desk, desk.admin)
    (first, *_) = (await api.ask("{ accountsConnection { edges { node { id name owner { id } } } } }"))["edges"]
    account, owner = first["node"], first["node"]["owner"]["id"]

    async def count(question: str, asker: Asking = api) -> Any:
        return (await asker.ask(f"{{ {question} {{ totalCount }} }}"))["totalCount"]

    everything = await count("accountsConnection")
    assert everything == len(await api.ask("{ accounts { id } }")) > 5
    assert await count(f'accountsConnection(filter: {{ ownerId: "{owner}" }})') == 1
    part = account["name"][1:-1].upper()
    assert await count(f'accountsConnection(filter: {{ ownerId: "{owner}", name: "{part}" }})') == 1
    for nothing in ('name: "%"', 'name: "_____"', "states: [CLOSED]", "states: []", 'currency: "XXX"', "kind: MARGIN"):
        assert await count(f"accountsConnection(filter: {{ {nothing} }})") == 0, nothing
    refusal = await api.refusal('{ accountsConnection(filter: { name: "" }) { totalCount } }')
    assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "filter.name")
    # What somebody may not see is neither shown nor counted.
    outsider = Asking(desk, await desk.add_actor(Role.TRADER))
    assert await count("accountsConnection", outsider) == 0
    refusal = await outsider.refusal(f'{{ accountsConnection(filter: {{ ownerId: "{owner}" }}) {{ totalCount }} }}')
    assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "filter.ownerId")
    rules = await count("riskRulesConnection")
    assert await count("riskRulesConnection", outsider) == await count("riskRulesConnection(filter: { scope: GLOBAL })")
    # A limit for everybody holds for each account.
    assert await count(f'riskRulesConnection(filter: {{ accountId: "{account["id"]}" }})') == rules
    assert await count("riskRulesConnection(filter: { kinds: [MAX_ORDER_QUANTITY] })") == 0
    assert await count("riskRulesConnection(filter: { enabled: false })") == 0
    assert await count('tradingHaltsConnection(filter: { symbol: "COIN", active: true })') == 1
    assert await count("tradingHaltsConnection(filter: { active: false })") == 0


async def test_typed_arguments_equal_the_old_text_arguments(desk: Platform) -> None:
    api = Asking(desk, desk.admin)
    events = (await api.ask("{ riskEvents { edges { node { kind eventKind source origin at createdAt } } } }"))["edges"]
    assert events
    for event in (edge["node"] for edge in events):
        assert event["kind"] == event["eventKind"]
        assert event["source"] == event["origin"].lower().replace("_", "-")
        assert event["at"] == event["createdAt"]
    entries = (await api.ask("{ auditLog { edges { node { actor by outcome result } } } }"))["edges"]
    assert entries
    for entry in (edge["node"] for edge in entries):
        assert (entry["actor"], entry["outcome"]) == (entry["by"], entry["result"])
    old = await api.ask('{ riskEvents(filter: { kinds: ["HALT"] }) { totalCount } }')
    assert old == await api.ask("{ riskEvents(filter: { eventKinds: [HALT] }) { totalCount } }") == {"totalCount": 5}
    both = await api.refusal('{ riskEvents(filter: { kinds: ["HALT"], eventKinds: [HALT] }) { totalCount } }')
    assert (both["code"], both["field"]) == ("BAD_USER_INPUT", "filter.kinds")


def test_the_risk_event_kinds_are_exactly_those_that_are_raised() -> None:
    raised = {*RiskRuleKind, *AnomalyKind, HALTED, RESUMED, late_commands.KIND}
    raised |= {value for name, value in vars(operators).items() if name.isupper() and isinstance(value, str)}
    assert {str(kind) for kind in RiskEventKind} == {str(kind) for kind in raised}
