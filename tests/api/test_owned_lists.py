"""Lists of what belongs to an object page both ways, show what the caller may see, and are read together."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.access.types import AccountPermission, Actor, Role
from domain.access.users import grant_account
from domain.anomalies.cases.part_queries import STEPS, visible_accounts
from domain.anomalies.cases.queries import read_steps_of
from domain.anomalies.cases.reading import step_shown_to
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.kernel.owned_page_queries import OwnedPage
from domain.kernel.pages import MAX_PAGE, page_request
from tests.anomalies.test_visible_cases import COMMENT
from tests.anomalies.test_visible_evidence import Ahead, _tell, ahead
from tests.api.test_list_plans import plan_of, statements_of
from tests.orders.factories import command
from tests.support.asking import Asking, counted_statements

__all__ = ["ahead"]

PAGE = "totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } edges { cursor node { %s } }"
WAYS = {"first": ("after", "endCursor", "hasNextPage"), "last": ("before", "startCursor", "hasPreviousPage")}
SIZE = 2


async def walk(api: Asking, owner: str, name: str, shown: str, size: str) -> list[Any]:
    """The items of a list of ``owner``, page by page in the direction of ``size``, in the order of the list."""
    bound, end, more = WAYS[size]
    found: list[Any] = []
    cursor = ""
    while True:
        after = f', {bound}: "{cursor}"' if cursor else ""
        page = (await api.ask(owner % f"{name}({size}: {SIZE}{after}) {{ {PAGE % shown} }}"))[name]
        nodes = [edge["node"] for edge in page["edges"]]
        assert len(nodes) <= SIZE
        found = found + nodes if size == "first" else nodes + found
        if not page["pageInfo"][more]:
            assert page["totalCount"] == len(found)
            return found
        assert len(nodes) == SIZE
        cursor = page["pageInfo"][end]


async def both_ways(api: Asking, owner: str, name: str, shown: str) -> list[Any]:
    forward = await walk(api, owner, name, shown, "first")
    assert forward == await walk(api, owner, name, shown, "last")
    return forward


async def history(ahead: Ahead) -> str:
    """A case of findings about two accounts in turn, with comments between them."""
    (about,) = ahead.client.accounts
    admin = Asking(ahead.desk, ahead.desk.admin)
    (edge,) = (await admin.ask("{ anomalyCases { edges { node { id } } } }"))["edges"]
    case_id = str(edge["node"]["id"])
    for n in range(3):
        await admin.ask(COMMENT, i={"id": case_id, "note": f"a suspicion {n}"})
        for account_id in (about, ahead.anomaly.account_id):
            await _tell(
                ahead.desk, replace(ahead.anomaly, id=new_id(), account_id=account_id, fingerprint=str(new_id()))
            )
    return case_id


async def test_a_case_pages_the_findings_and_steps_that_the_caller_sees(ahead: Ahead) -> None:
    case_id = await history(ahead)
    owner, step = (
        f'{{ anomalyCase(id: "{case_id}") {{ %s }} }}',
        "kind anomalyId note cursor case { version findingCount }",
    )
    seen = {}
    for actor in (ahead.runner, ahead.client, ahead.desk.admin, await ahead.desk.add_actor(Role.RISK_MANAGER)):
        api = Asking(ahead.desk, actor)
        whole = await api.ask(owner % f"findings(first: 500) {{ id }} timeline(last: 500) {{ {step} }}")
        assert await both_ways(api, owner, "findingsConnection", "id") == whole["findings"]
        assert await both_ways(api, owner, "timelineConnection", step) == whole["timeline"]
        found = f'anomalies(filter: {{ caseId: "{case_id}" }}, first: 500) {{ totalCount edges {{ node {{ id }} }} }}'
        listed = await api.ask(f"{{ {found} }}")
        assert [edge["node"] for edge in listed["edges"]] == whole["findings"]
        assert listed["totalCount"] == len(whole["findings"])
        seen[actor.email] = (len(whole["findings"]), len(whole["timeline"]))
    # Of seven findings four are about the runner; the client sees the comments since its first finding.
    assert list(seen.values()) == [(4, 7), (3, 5), (7, 10), (7, 10)]
    stranger = Asking(ahead.desk, await ahead.desk.add_actor())
    assert await stranger.ask(owner % "id") is None
    refusal = await stranger.refusal(f'{{ anomalies(filter: {{ caseId: "{case_id}" }}) {{ totalCount }} }}')
    assert (refusal["code"], refusal["field"]) == ("NOT_FOUND", "filter.caseId")


async def test_steps_of_releases_without_shares_are_read_as_they_are_shown(ahead: Ahead) -> None:
    case = UUID(await history(ahead))
    await fetch("ALTER TABLE anomaly_case_events DISABLE TRIGGER USER")
    rows = await fetch("SELECT sequence, snapshot FROM anomaly_case_events ORDER BY sequence")
    for row in rows[::2]:
        snapshot = orjson.loads(row["snapshot"])
        del snapshot["shares"]
        await fetch(
            "UPDATE anomaly_case_events SET snapshot = $2 WHERE sequence = $1 RETURNING 1",
            row["sequence"],
            orjson.dumps(snapshot).decode(),
        )
    loaded = (await read_steps_of([case]))[case]
    both = Actor(new_id(), "both@example.org", Role.TRADER, {**ahead.runner.accounts, **ahead.client.accounts})
    for actor in (ahead.runner, ahead.client, both, ahead.desk.admin, await ahead.desk.add_actor()):
        wanted = OwnedPage(case, page_request(MAX_PAGE, parts=1), visible_accounts(actor))
        page = (await STEPS.pages([wanted]))[wanted]
        assert page.nodes == [event for event in loaded if step_shown_to(actor, event) is not None], actor.email


async def test_an_order_pages_its_events(ahead: Ahead) -> None:
    (account,) = ahead.runner.accounts
    api = Asking(ahead.desk, ahead.runner)
    (order,) = await ahead.desk.place(
        ahead.runner, command(account_id=account, quantity=Decimal(1), limit_price=Decimal(50))
    )
    await ahead.desk.settled(order.id)
    for price in ("51", "52", "53"):
        await api.ask(
            "mutation ($i: ModifyOrderInput!) { modifyOrder(input: $i) { order { id } } }",
            i={"id": str(order.id), "limitPrice": price},
        )
        await ahead.desk.settled(order.id)
    owner, shown = f'{{ order(id: "{order.id}") {{ %s }} }}', "kind status at cursor order { version limitPrice }"
    whole = await api.ask(owner % f"history {{ {shown} }}")
    assert len(whole["history"]) > 2 * SIZE
    assert await both_ways(api, owner, "historyConnection", shown) == whole["history"]


async def test_a_person_pages_the_accounts_and_grants_that_the_caller_sees(ahead: Ahead) -> None:
    desk = ahead.desk
    person = await desk.add_actor()
    accounts = [(await desk.open_account("1"))[1].id for _ in range(3)] + [*ahead.client.accounts]
    for account_id in accounts:
        for permission in (AccountPermission.TRADE, AccountPermission.FUNDS):
            await grant_account(desk.services.access, desk.admin, person.user_id, account_id, permission)
    owner, grant = f'{{ node(id: "{person.user_id}") {{ ... on User {{ %s }} }} }}', "permission account { id }"
    reader = replace(person, accounts=dict.fromkeys(accounts, frozenset({AccountPermission.READ})))
    few = replace(reader, accounts=dict(list(reader.accounts.items())[:1]))
    for actor, count in ((desk.admin, len(accounts)), (reader, len(accounts)), (few, 1)):
        api = Asking(desk, actor)
        whole = await api.ask(owner % f"accounts {{ id }} grants {{ {grant} }}")
        assert len(whole["accounts"]) == count
        assert len(whole["grants"]) == 2 * count
        assert await both_ways(api, owner, "accountsConnection", "id") == whole["accounts"]
        paged = await both_ways(api, owner, "grantsConnection", grant)
        assert sorted(map(str, paged)) == sorted(map(str, whole["grants"]))
        assert [each["account"] for each in paged] == [each["account"] for each in whole["grants"]]


async def test_a_cursor_of_another_owner_is_refused_and_pages_are_read_together(
    ahead: Ahead, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history(ahead)
    admin = Asking(ahead.desk, ahead.desk.admin)

    events = "historyConnection { totalCount edges { cursor } }"
    parts = " ".join(
        f"{alias}: {name}(first: {size}) {{ totalCount edges {{ cursor }} }}"
        for name in ("findingsConnection", "timelineConnection")
        for alias, size in ((f"{name}One", 1), (f"{name}Two", 2))
    )

    async def statements(first: int) -> int:
        with counted_statements(monkeypatch) as sent:
            answer = await admin.answer(
                f"{{ anomalyCases(first: {first}) {{ edges {{ node {{ id {parts} }} }} }} "
                f"orders(first: {first}) {{ edges {{ node {{ id {events} }} }} }} }}"
            )
        cases = [edge["node"] for edge in answer["data"]["anomalyCases"]["edges"]]
        assert len(cases) == first
        assert [len(case["timelineConnectionTwo"]["edges"]) for case in cases if case["id"] == many] == [2]
        cursors.update((case["id"], case["timelineConnectionTwo"]["edges"][0]["cursor"]) for case in cases)
        return len(sent.texts)

    cursors: dict[str, str] = {}
    many = (await admin.ask("{ anomalyCases { edges { node { id } } } }"))["edges"][0]["node"]["id"]
    alone = await statements(1)
    for symbol in ("DIME", "GOLD", "IRON"):
        await _tell(ahead.desk, replace(ahead.anomaly, id=new_id(), symbol=symbol, fingerprint=symbol))
    # A busy process may begin a batch twice; a statement for each owner and list would be fifteen more.
    assert await statements(4) - alone <= 3
    one, other = list(cursors)[:2]
    for bound in ("after", "before"):
        for name in ("findingsConnection", "timelineConnection"):
            text = f'{{ anomalyCase(id: "{other}") {{ {name}({bound}: "{cursors[one]}") {{ totalCount }} }} }}'
            refusal = await admin.refusal(text)
            assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", bound)


async def test_pages_of_an_owner_are_read_from_an_index(ahead: Ahead, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = await history(ahead)
    order_id = ahead.own["orderIds"][0]
    for question, table in (
        (f'anomalyCase(id: "{case_id}") {{ findingsConnection(first: 2) {{ edges {{ cursor }} }} }}', "anomalies"),
        (f'anomalies(first: 2, filter: {{ caseId: "{case_id}" }}) {{ edges {{ cursor }} }}', "anomalies"),
        (f'anomalyCase(id: "{case_id}") {{ timelineConnection(last: 2) {{ totalCount }} }}', "anomaly_case_events"),
        (f'order(id: "{order_id}") {{ historyConnection(first: 2) {{ edges {{ cursor }} }} }}', "account_events"),
    ):
        asked = await statements_of(ahead.desk, question, monkeypatch)
        pages = [each for each in asked if f"FROM {table}" in each[0] and "LIMIT" in each[0]]
        assert pages, (question, [query for query, _ in asked])
        for query, arguments in pages:
            plan = await plan_of(query, arguments)
            assert "Seq Scan" not in plan, (question, plan)
            assert "Index Cond: ((case_id = " in plan or "Index Cond: ((order_id = " in plan, (question, plan)
