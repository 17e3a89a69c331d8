"""People and access through the API: who may ask what, and what the answers look like."""

from datetime import time
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import orjson
import pytest

from adapters.redis.tick_stream import RedisTickStream
from api.access.mutations import AccessMutation
from api.access.queries import AccessQuery
from api.errors import RequestError
from api.graphql.encoding import encode
from api.graphql.runner import OperationRequest, OperationRunner, refusal_of
from api.limits import RequestLimits
from api.metrics import ApiMetrics
from api.schema import build_schema
from domain.access.keys import create_key
from domain.access.service import Access
from domain.access.sessions import EMAIL_LIMIT
from domain.access.types import SYSTEM, AccountPermission, Role
from domain.access.users import UserChange, grant_account, update_user
from domain.kernel.day_roll import DayRoll
from domain.market.market import Market
from domain.positions.service import Books
from tests.support.people import ADDRESS, PASSWORD, Person, join, open_account, stored

SCHEMA = build_schema([AccessQuery], [AccessMutation])

PEOPLE = (("root", Role.ADMIN), ("ann", Role.TRADER), ("bob", Role.TRADER))
LOGIN = """
mutation ($email: String!, $password: String!) {
  login(input: { email: $email, password: $password }) {
    accessToken refreshToken expiresAt user { id email name role active createdAt grants { permission } }
  }
}
"""
REFRESH = "mutation ($old: String!) { refreshSession(refreshToken: $old) { accessToken refreshToken } }"
ME = "{ viewer { id email role } }"


class Client:
    """Asks as the transports do, without one."""

    def __init__(self, access: Access, **others: Any) -> None:
        services: Any = SimpleNamespace(access=access, **others)
        self.runner = OperationRunner(SCHEMA, services, RequestLimits(), ApiMetrics())

    async def ask(self, query: str, token: str | Person | None = None, **variables: Any) -> dict[str, Any]:
        """The whole answer, through its encoding."""
        credential = token.session.access_token if isinstance(token, Person) else token
        try:
            caller = await self.runner.identify(credential, ADDRESS)
            operation = self.runner.prepare(OperationRequest(query), caller)
            answer = await self.runner.answer(operation, variables, caller)
        except RequestError as error:
            answer = refusal_of(error)
        content: dict[str, Any] = orjson.loads(encode(answer.content))
        return content

    async def data(self, query: str, token: str | Person | None = None, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(query, token, **variables)
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    async def refusal(self, query: str, token: str | Person | None = None, **variables: Any) -> dict[str, Any]:
        """The extensions of the only error, after asserting that nothing changed."""
        before = await stored("audit_entries")
        answer = await self.ask(query, token, **variables)
        assert await stored("audit_entries") == before
        (error,) = answer["errors"]
        assert not answer.get("data")
        return {"message": error["message"], **error["extensions"]}


@pytest.fixture
def client(access: Access) -> Client:
    return Client(access)


# ------------------------------------------------------------------ sessions


async def test_a_session_works_from_login_to_logout(client: Client, access: Access) -> None:
    ann = await join(access, "ann")
    session = (await client.data(LOGIN, email="Ann@example.com", password=PASSWORD))["login"]
    assert session["user"] == {
        "id": str(ann.id),
        "email": "ann@example.com",
        "name": "Ann",
        "role": "TRADER",
        "active": True,
        "createdAt": ann.user.created_at.isoformat().replace("+00:00", "Z"),
        "grants": [],
    }
    me = {"viewer": {"id": str(ann.id), "email": "ann@example.com", "role": "TRADER"}}
    assert await client.data(ME, session["accessToken"]) == me

    newer = (await client.data(REFRESH, old=session["refreshToken"]))["refreshSession"]
    assert newer["refreshToken"] != session["refreshToken"]
    assert await client.data(ME, newer["accessToken"]) == me

    assert await client.data("mutation { logout }", newer["accessToken"]) == {"logout": True}
    for token in (session["accessToken"], newer["accessToken"]):
        assert await client.refusal(ME, token) == {
            "message": "Your session has ended; sign in again.",
            "code": "UNAUTHENTICATED",
        }
    assert (await client.refusal(REFRESH, old=newer["refreshToken"]))["code"] == "UNAUTHENTICATED"


async def test_a_refresh_token_used_twice_ends_the_session(client: Client, access: Access) -> None:
    ann = await join(access, "ann")
    newer = (await client.data(REFRESH, old=ann.session.refresh_token))["refreshSession"]
    answer = await client.ask(REFRESH, old=ann.session.refresh_token)
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    for refused in (
        await client.refusal(ME, newer["accessToken"]),
        await client.refusal(REFRESH, old=newer["refreshToken"]),
    ):
        assert refused["code"] == "UNAUTHENTICATED"


async def test_an_expired_or_foreign_token_does_not_block_sign_in(client: Client, access: Access) -> None:
    await join(access, "ann")
    assert (await client.data(LOGIN, "not a token", email="ann@example.com", password=PASSWORD))["login"]


async def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(client: Client, access: Access) -> None:
    await join(access, "ann")
    for email in ("ann@example.com", "nobody@example.com"):
        assert await client.refusal(LOGIN, email=email, password="not the password") == {
            "message": "The email or the password is wrong.",
            "code": "UNAUTHENTICATED",
        }


async def test_too_many_failures_are_refused_with_the_time_to_wait(client: Client, access: Access) -> None:
    await join(access, "ann")
    for _ in range(EMAIL_LIMIT.amount):
        await client.ask(LOGIN, email="ann@example.com", password="not the password")
    refused = await client.refusal(LOGIN, email="ann@example.com", password=PASSWORD)
    assert refused["code"] == "RATE_LIMITED"
    assert 1 <= refused["retryAfterSeconds"] <= EMAIL_LIMIT.window_seconds


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [("ann@example.com\x00", PASSWORD, "email"), ("ann@example.com", "\x00", "password")],
)
async def test_hostile_text_is_bad_input(client: Client, email: str, password: str, field: str) -> None:
    refused = await client.refusal(LOGIN, email=email, password=password)
    assert (refused["code"], refused["field"]) == ("BAD_USER_INPUT", f"input.{field}")


@pytest.mark.parametrize(
    "query",
    [
        ME,
        "{ users { totalCount } }",
        "{ apiKeys { id } }",
        "{ auditLog { totalCount } }",
        "mutation { logout }",
        'mutation { createUser(input: { email: "a@b.c", name: "A", password: "correct horse battery" }) { id } }',
        'mutation { updateUser(input: { id: "1", name: "A" }) { id } }',
        'mutation { grantAccount(input: { userId: "1", accountId: "1", permission: READ }) { id } }',
        'mutation { revokeAccount(userId: "1", accountId: "1") { id } }',
        'mutation { createApiKey(input: { name: "A" }) { secret } }',
        'mutation { revokeApiKey(id: "1") { id } }',
    ],
)
async def test_every_other_field_needs_authentication(client: Client, database: str, query: str) -> None:
    assert await client.refusal(query) == {"message": "Sign in first.", "code": "UNAUTHENTICATED"}
    assert (await client.refusal(query, "tg_0123456789_secret"))["code"] == "UNAUTHENTICATED"


# ------------------------------------------------------------------ people


async def test_an_administrator_creates_changes_and_lists_users(client: Client, access: Access) -> None:
    root = await join(access, "root", Role.ADMIN)
    created = await client.data(
        'mutation { createUser(input: { email: "Ann@example.com", name: "Ann", password: "correct horse battery" }) '
        "{ id email role active } }",
        root,
    )
    ann = created["createUser"]
    assert ann == {"id": ann["id"], "email": "ann@example.com", "role": "TRADER", "active": True}

    changed = await client.data(
        "mutation ($id: ID!) { updateUser(input: { id: $id, role: RISK_MANAGER, active: false }) "
        "{ name role active } }",
        root,
        id=ann["id"],
    )
    assert changed["updateUser"] == {"name": "Ann", "role": "RISK_MANAGER", "active": False}

    page = """
    query ($after: String) {
      users(first: 1, after: $after) {
        totalCount edges { cursor node { email } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
    """
    first = (await client.data(page, root))["users"]
    cursor = first["edges"][0]["cursor"]
    assert first == {
        "totalCount": 2,
        "edges": [{"cursor": cursor, "node": {"email": "root@example.com"}}],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": cursor, "endCursor": cursor},
    }
    rest = (await client.data(page, root, after=cursor))["users"]
    assert [edge["node"]["email"] for edge in rest["edges"]] == ["ann@example.com"]
    assert (rest["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ users { edges { node { id } } } }", "FORBIDDEN"),
        ("{ auditLog { edges { node { id } } } }", "FORBIDDEN"),
        (
            'mutation { createUser(input: { email: "a@b.c", name: "A", password: "correct horse battery" }) { id } }',
            "FORBIDDEN",
        ),
        ('mutation { updateUser(input: { id: "1", role: ADMIN }) { id } }', "FORBIDDEN"),
        ('mutation { grantAccount(input: { userId: "1", accountId: "1", permission: READ }) { id } }', "FORBIDDEN"),
        ('mutation { revokeAccount(userId: "1", accountId: "1") { id } }', "FORBIDDEN"),
        ('mutation { revokeApiKey(id: "1") { id } }', "NOT_FOUND"),
        ('mutation { createApiKey(input: { name: "", role: VIEWER }) { secret } }', "BAD_USER_INPUT"),
        (
            'mutation { createApiKey(input: { name: "A", expiresAt: "2020-01-01T00:00:00Z" }) { secret } }',
            "BAD_USER_INPUT",
        ),
        ('mutation { createApiKey(input: { name: "A", role: OWNER }) { secret } }', "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_fields_of_administrators_are_forbidden_to_a_trader(
    client: Client, access: Access, query: str, code: str
) -> None:
    ann = await join(access, "ann")
    assert (await client.refusal(query, ann))["code"] == code


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('mutation { updateUser(input: { id: "1", name: "A" }) { id } }', "NOT_FOUND"),
        ('mutation { updateUser(input: { id: "\\u0000", name: "A" }) { id } }', "BAD_USER_INPUT"),
        ("mutation ($id: ID!) { updateUser(input: { id: $id, active: false }) { id } }", "CONFLICT"),
        ('mutation ($id: ID!) { updateUser(input: { id: $id, password: "x" }) { id } }', "BAD_USER_INPUT"),
        (
            'mutation ($id: ID!) { grantAccount(input: { userId: $id, accountId: "1", permission: READ }) { id } }',
            "NOT_FOUND",
        ),
        ('mutation { revokeAccount(userId: "1", accountId: "1") { id } }', "NOT_FOUND"),
        ("{ users(first: 501) { totalCount } }", "BAD_USER_INPUT"),
        ('{ users(after: "x") { totalCount } }', "BAD_USER_INPUT"),
        ('{ auditLog(actor: "\\u0000") { totalCount } }', "BAD_USER_INPUT"),
        ('{ auditLog(from: "2026-01-01") { totalCount } }', "BAD_USER_INPUT"),
    ],
)
async def test_invalid_requests_of_an_administrator_are_refused(
    client: Client, access: Access, query: str, code: str
) -> None:
    root = await join(access, "root", Role.ADMIN)
    variables = {"id": str(root.id)} if "$id" in query else {}
    assert (await client.refusal(query, root, **variables))["code"] == code


async def test_users_change_their_password_and_stay_signed_in(client: Client, access: Access) -> None:
    ann = await join(access, "ann")
    change = 'mutation ($id: ID!) { updateUser(input: { id: $id, password: "another good password" }) { email } }'
    assert await client.data(change, ann, id=str(ann.id)) == {"updateUser": {"email": "ann@example.com"}}
    assert await client.data(ME, ann)
    assert (await client.data(LOGIN, email="ann@example.com", password="another good password"))["login"]


# ------------------------------------------------------------------ grants


async def test_a_changed_grant_shows_within_the_same_operation(client: Client, access: Access) -> None:
    root, ann = await join(access, "root", Role.ADMIN), await join(access, "ann")
    account = await open_account(access, root.id)
    both = """
    mutation ($user: ID!, $account: ID!) {
      read: grantAccount(input: { userId: $user, accountId: $account, permission: READ }) { grants { permission } }
      trade: grantAccount(input: { userId: $user, accountId: $account, permission: TRADE }) { grants { permission } }
      none: revokeAccount(userId: $user, accountId: $account) { email grants { permission } }
    }
    """
    assert await client.data(both, root, user=str(ann.id), account=str(account)) == {
        "read": {"grants": [{"permission": "READ"}]},
        "trade": {"grants": [{"permission": "TRADE"}]},
        "none": {"email": "ann@example.com", "grants": []},
    }


async def test_the_login_payload_shows_the_grants_of_the_user(client: Client, access: Access) -> None:
    root, ann = await join(access, "root", Role.ADMIN), await join(access, "ann")
    await grant_account(access, SYSTEM, ann.id, await open_account(access, root.id), AccountPermission.READ)
    session = (await client.data(LOGIN, email="ann@example.com", password=PASSWORD))["login"]
    assert session["user"]["grants"] == [{"permission": "READ"}]
    mine = (await client.data("{ viewer { grants { permission grantedAt } } }", session["accessToken"]))["viewer"]
    assert mine["grants"][0]["grantedAt"].endswith("Z")


async def test_a_grant_shows_its_account_to_those_who_may_see_it(access: Access, redis_url: str) -> None:
    day_roll = DayRoll(time(0), ZoneInfo("UTC"))
    async with RedisTickStream(redis_url) as ticks, Market(ticks, day_roll) as market:
        client = Client(access, books=Books(market))
        root, ann, bob = [await join(access, name, role) for name, role in PEOPLE]
        accounts = [await open_account(access, bob.id, name) for name in ("first", "second")]
        for account in accounts:
            await grant_account(access, SYSTEM, ann.id, account, AccountPermission.READ)
        expected = [{"account": {"name": name, "owner": {"email": "bob@example.com"}}} for name in ("first", "second")]
        mine = await client.data("{ viewer { grants { account { name owner { email } } } } }", ann)
        assert mine["viewer"]["grants"] == expected

        # Of a person who may see more than you, you see what concerns the accounts that you see.
        await grant_account(
            access, SYSTEM, bob.id, await open_account(access, root.id, "third"), AccountPermission.READ
        )
        through = "{ viewer { grants { account { owner { email grants { account { name } } } } } } }"
        (grant, _) = (await client.data(through, ann))["viewer"]["grants"]
        assert grant["account"]["owner"] == {"email": "bob@example.com", "grants": []}
        everybody = await client.data("{ users { edges { node { grants { account { name } } } } } }", root)
        shown = [[g["account"]["name"] for g in e["node"]["grants"]] for e in everybody["users"]["edges"]]
        assert shown == [[], ["first", "second"], ["third"]]


# ------------------------------------------------------------------ keys and the audit log


async def test_a_key_is_created_used_listed_and_revoked(client: Client, access: Access) -> None:
    ann = await join(access, "ann")
    made = await client.data(
        'mutation { createApiKey(input: { name: "bot", role: TRADER, expiresAt: "2030-01-01T00:00:00Z" }) '
        "{ secret apiKey { id name prefix role expiresAt lastUsedAt revokedAt } } }",
        ann,
    )
    secret, key = made["createApiKey"]["secret"], made["createApiKey"]["apiKey"]
    assert secret.startswith(key["prefix"] + "_")
    assert key == {
        "id": key["id"],
        "name": "bot",
        "prefix": key["prefix"],
        "role": "TRADER",
        "expiresAt": "2030-01-01T00:00:00Z",
        "lastUsedAt": None,
        "revokedAt": None,
    }
    assert (await client.data(ME, secret))["viewer"]["role"] == "TRADER"
    await access.close()
    (listed,) = (await client.data("{ apiKeys { id prefix lastUsedAt } }", ann))["apiKeys"]
    assert listed.pop("lastUsedAt").endswith("Z")
    assert listed == {"id": key["id"], "prefix": key["prefix"]}

    assert await client.data("mutation { logout }", secret) == {"logout": False}
    refused = await client.refusal('mutation { createApiKey(input: { name: "bot" }) { secret } }', secret)
    assert refused["code"] == "FORBIDDEN"

    revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { revokedAt } }"
    first = await client.data(revoke, ann, id=key["id"])
    assert await client.data(revoke, ann, id=key["id"]) == first
    assert (await client.refusal(ME, secret))["code"] == "UNAUTHENTICATED"
    assert (await client.refusal(revoke, ann, id=str(uuid4())))["code"] == "NOT_FOUND"


async def test_the_audit_log_shows_who_did_each_action(client: Client, access: Access) -> None:
    risk = await join(access, "risk", Role.RISK_MANAGER)
    await update_user(access, SYSTEM, risk.id, UserChange(name="Riskier"))
    await create_key(access, risk.actor, name="bot", role=Role.VIEWER)
    answer = await client.data(
        'query ($from: DateTime) { auditLog(actor: "system", from: $from, first: 1) '
        "{ totalCount edges { node { at actor action target outcome detail } } pageInfo { hasNextPage } } }",
        risk,
        **{"from": risk.user.created_at.isoformat()},
    )
    (edge,) = answer["auditLog"]["edges"]
    assert edge["node"].pop("at").endswith("Z")
    assert edge["node"] == {
        "actor": "system",
        "action": "updateUser",
        "target": f"user:{risk.id}",
        "outcome": "DONE",
        "detail": {"name": "Riskier", "changed": ["name"]},
    }
    assert answer["auditLog"]["totalCount"] == 2
    assert answer["auditLog"]["pageInfo"] == {"hasNextPage": True}
    login = (await client.data('{ auditLog(action: "login") { edges { node { actor detail } } } }', risk))["auditLog"]
    assert login["edges"] == [{"node": {"actor": "risk@example.com", "detail": {"address": ADDRESS}}}]
