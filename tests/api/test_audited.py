"""Each refusal, over real HTTP and WebSocket, is found in the audit log with all that it takes to follow it up."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from api.graphql import refusals
from api.rights import DECISIONS, Rule
from domain.access.sessions import EMAIL_LIMIT
from domain.access.types import Role
from domain.kernel.database import fetch
from tests.api.test_rights import ASKS, UNKNOWN, Desk, desk
from tests.support.client import ApiError, Client
from tests.support.serving import serving

__all__ = ["desk"]

SECRET = "a-password-that-must-not-be-told"
REFUSED = {"FORBIDDEN", "NOT_FOUND"}
# Each is given a secret, and refused.
WITH_SECRETS = (
    f'mutation {{ createUser(input: {{ email: "x@example.com", name: "x", password: "{SECRET}" }}) {{ id }} }}',
    f'mutation {{ updateUser(input: {{ id: "{UNKNOWN}", password: "{SECRET}" }}) {{ id }} }}',
    f'mutation {{ login(input: {{ email: "ann@example.com", password: "{SECRET}" }}) {{ expiresAt }} }}',
    f'mutation {{ refreshSession(refreshToken: "{SECRET}") {{ expiresAt }} }}',
)


async def answered(client: Client, name: str, text: str) -> str:
    """The code that an operation is refused with; OK for one that is done."""
    if not name.startswith("Subscription."):
        try:
            await client.ask(text)
        except ApiError as error:
            return error.code
        return "OK"
    async with client.socket() as socket:
        stream = await socket.subscribe(text)
        await stream.wait(lambda: stream.end is not None)
        assert stream.end is not None
        code: str = orjson.loads(stream.end)["payload"][0]["extensions"]["code"]
        return code


def places(desk: Desk, role: Role, account: str) -> dict[str, str]:
    order = desk.orders[account]
    return {"q": "1", "a": account, "o": order, "u": UNKNOWN, "me": str(desk.people[role])}


def refusing(desk: Desk) -> Iterator[tuple[str, Role, str, str | None]]:
    """Field, role, document and account of everything that some role is refused."""
    for name, ask in ASKS.items():
        rule, about_account = DECISIONS[name], "{a}" in ask or "{o}" in ask
        if rule in (Rule.PUBLIC, Rule.SIGNED_IN, Rule.VISIBLE):
            continue
        role = Role.TRADER if about_account else Role.VIEWER
        account = desk.accounts[role, "foreign" if about_account else "own"]
        kind = name.partition(".")[0].lower()
        text = f"{kind} {{ {ask.format(**places(desk, role, account))} }}"
        yield name, role, text, account if "{a}" in ask else None


@pytest.mark.parametrize("credential", ["session", "key"])
async def test_each_refusal_of_each_field_has_an_audit_entry(desk: Desk, credential: str) -> None:
    wrong: list[str] = []
    async with serving(desk.whole) as admin:
        for name, role, text, account in refusing(desk):
            async with Client(admin.address, desk.tokens[role, credential]) as client:
                code = await answered(client, name, text)
            if code not in REFUSED:
                wrong.append(f"{name} by {role} is answered with {code}")
                continue
            action = name.partition(".")[2]
            rows = await fetch(
                "SELECT target, outcome, detail, address, request_id, api_key_id, u.id AS user_id FROM audit_entries e "
                "LEFT JOIN users u ON u.email = e.actor WHERE action = $1 ORDER BY e.id DESC LIMIT 1",
                action,
            )
            wrong += complaints(name, desk, role, credential, account, code, rows)
    assert wrong == [], "\n".join(wrong)


def complaints(
    name: str, desk: Desk, role: Role, credential: str, account: str | None, code: str, rows: list[Any]
) -> Iterator[str]:
    if not rows:
        yield f"{name}: no entry"
        return
    (row,) = rows
    detail = orjson.loads(row["detail"] or "{}")
    if (row["outcome"], detail.get("code"), row["user_id"]) != ("REFUSED", code, desk.people[role]):
        yield f"{name}: {dict(row)}"
    if row["address"] != "127.0.0.1" or row["request_id"] is None:
        yield f"{name}: from nowhere: {dict(row)}"
    if (row["api_key_id"] is not None) is not (credential == "key"):
        yield f"{name}: another key: {dict(row)}"
    if account is not None and row["target"] != f"account:{account}":
        yield f"{name}: about {row['target']} and not account {account}"


LOOKUPS = {
    "account": ('account(id: "{a}") {{ id }}', "account:{a}"),
    "order": ('order(id: "{o}") {{ id }}', "order:{o}"),
    "node": ('node(id: "{a}") {{ id }}', "node:{a}"),
    "nodes": ('nodes(ids: ["{o}", "{mine}"]) {{ id }}', "node:{o}"),
    "execution": ('one: execution(id: "{a}") {{ id }}', "execution:{a}"),
    "transaction": ('transaction(id: "{a}") {{ id }}', "transaction:{a}"),
    "riskRule": ('riskRule(id: "{a}") {{ id }}', "riskRule:{a}"),
    "riskEvent": ('riskEvent(id: "{a}") {{ id }}', "riskEvent:{a}"),
    "anomaly": ('anomaly(id: "{a}") {{ id }}', "anomaly:{a}"),
    "anomalyCase": ('anomalyCase(id: "{a}") {{ id }}', "anomalyCase:{a}"),
}


async def test_a_lookup_of_a_foreign_id_has_an_audit_entry(desk: Desk) -> None:
    foreign, mine = desk.accounts[Role.TRADER, "foreign"], desk.accounts[Role.TRADER, "own"]
    named = {"a": foreign, "o": desk.orders[foreign], "mine": mine}
    async with serving(desk.whole) as admin, Client(admin.address, desk.tokens[Role.TRADER, "session"]) as trader:
        for action, (ask, target) in LOOKUPS.items():
            await trader.ask(f"{{ {ask.format(**named)} }}")
            rows = await fetch("SELECT target, outcome, detail FROM audit_entries WHERE action = $1", action)
            assert [(row["target"], row["outcome"]) for row in rows] == [(target.format(**named), "REFUSED")], action
            assert orjson.loads(rows[0]["detail"]) == {"code": "NOT_FOUND", "field": "id"}
        # What is there, and what is asked for by one's own name, is nothing to tell of.
        before = await fetch("SELECT 1 FROM audit_entries")
        await trader.ask(f'{{ account(id: "{mine}") {{ id }} order(id: "{desk.orders[mine]}") {{ id }} }}')
        await trader.ask(f'{{ order(accountId: "{mine}", clientOrderId: "none") {{ id }} }}')
        assert await fetch("SELECT 1 FROM audit_entries") == before


async def test_a_refused_export_has_an_audit_entry(desk: Desk) -> None:
    foreign = desk.accounts[Role.TRADER, "foreign"]
    async with serving(desk.whole) as admin, Client(admin.address, desk.tokens[Role.TRADER, "key"]) as trader:
        for account in (foreign, UNKNOWN):
            answer = await trader._http.get(
                "/export/orders.csv",
                params={"account": account, "from": "2026-01-01T00:00:00Z"},
                headers=trader.headers,
            )
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
        entries = (await admin.ask('{ auditLog(action: "export") { edges { node { target outcome apiKeyId } } } }'))[
            "auditLog"
        ]["edges"]
    assert [entry["node"]["target"] for entry in entries] == [f"account:{UNKNOWN}", f"account:{foreign}"]
    assert {entry["node"]["outcome"] for entry in entries} == {"REFUSED"}
    assert all(entry["node"]["apiKeyId"] for entry in entries)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("revokeSession", "session"), ("deleteNotificationChannel", "notificationChannel"), ("updateUser", "user")),
        *(
            ("removeAnomalyDismissal", "anomalyDismissal"),
            ("assignAnomalyCase", "anomalyCase"),
            ("cancelOrder", "order"),
        ),
        *(
            ("resumeTrading", "tradingHalt"),
            ("revokeApiKey", "apiKey"),
            ("setAccountState", "account"),
            ("node", "node"),
        ),
    ],
)
def test_the_target_of_a_refusal_has_the_kind_of_its_operation(name: str, kind: str) -> None:
    assert refusals._kind_of(name) == kind


async def test_a_throttled_sign_in_has_an_audit_entry_without_secrets(desk: Desk) -> None:
    async with serving(desk.whole) as admin, Client(admin.address, desk.tokens[Role.VIEWER, "session"]) as viewer:
        for text in WITH_SECRETS * EMAIL_LIMIT.amount:
            with pytest.raises(ApiError):
                await viewer.ask(text)
        with pytest.raises(ApiError) as throttled:
            await viewer.ask(WITH_SECRETS[2])
        assert throttled.value.code == "RATE_LIMITED"
    rows = await fetch("SELECT e::text AS text FROM audit_entries e")
    assert not [row["text"] for row in rows if SECRET in row["text"]]
    (last,) = await fetch("SELECT * FROM audit_entries WHERE action = 'login' ORDER BY id DESC LIMIT 1")
    assert (last["actor"], last["target"], last["outcome"]) == ("anonymous", "email:ann@example.com", "REFUSED")
    assert orjson.loads(last["detail"])["code"] == "RATE_LIMITED"
    assert last["address"] == "127.0.0.1"
    assert last["request_id"] is not None
