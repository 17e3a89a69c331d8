"""API keys for some operations and addresses: every mutation by keys of every scope, over real HTTP and WebSocket."""

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from api.rights import scope_of
from domain.access.keys import KeyWish, create_key
from domain.access.types import Actor, KeyScope, Role
from domain.kernel.database import fetch
from tests.api.test_rights import ASKS, Desk, desk
from tests.support.client import ApiError, Client
from tests.support.serving import serving

__all__ = ["desk"]

# However it is written, and whatever comes first.
FRAGMENT = 'fragment F on Mutation { a: deposit(input: { accountId: "x", amount: "1", reference: "r" }) { id } }'
HIDDEN = (f"mutation {{ ...F }} {FRAGMENT}", f"mutation {{ __typename ... on Mutation {{ ...F }} }} {FRAGMENT}")
LACKS = "This API key lacks the scope"


async def key_of(desk: Desk, wish: KeyWish) -> str:
    """A key of an administrator."""
    (row,) = await fetch("SELECT email FROM users WHERE id = $1", desk.people[Role.ADMIN])
    admin = Actor(desk.people[Role.ADMIN], row["email"], Role.ADMIN, via="session")
    return (await create_key(desk.whole.services.access, admin, name="bot", role=Role.ADMIN, wish=wish))[1]


def mutations(desk: Desk) -> dict[str, str]:
    account = desk.accounts[Role.ADMIN, "own"]
    places = {"q": "0", "a": account, "o": desk.orders[account], "u": account, "me": account}
    return {name.partition(".")[2]: ask.format(**places) for name, ask in ASKS.items() if name.startswith("Mutation.")}


@pytest.mark.parametrize("scope", list(KeyScope))
async def test_each_mutation_needs_its_scope(desk: Desk, scope: KeyScope) -> None:
    text = await key_of(desk, KeyWish([scope]))
    wrong: list[str] = []
    async with serving(desk.whole) as admin, Client(admin.address, text) as bot:
        for name, ask in mutations(desk).items():
            message = ""
            try:
                await bot.ask(f"mutation {{ {ask} }}")
            except ApiError as error:
                message = str(error)
            lacks = scope_of(name) not in (KeyScope.READ, scope)
            if message.startswith(LACKS) is not lacks:
                wrong.append(f"{name} with {scope}: {message}")
        for document in HIDDEN:
            with pytest.raises(ApiError) as refused:
                await bot.ask(document)
            assert str(refused.value).startswith(LACKS) is (scope is not KeyScope.FUNDS)
        assert (await bot.ask("{ viewer { email } }"))["viewer"]
    assert wrong == [], "\n".join(wrong)
    actions = {
        row["action"] for row in await fetch("SELECT action FROM audit_entries WHERE detail->>'code' = 'FORBIDDEN'")
    }
    assert actions >= {name for name in mutations(desk) if scope_of(name) not in (KeyScope.READ, scope)}


async def test_a_key_works_only_from_its_addresses(desk: Desk) -> None:
    here = await key_of(desk, KeyWish(addresses=["127.0.0.0/8"]))
    elsewhere = await key_of(desk, KeyWish(addresses=["192.0.2.0/24"]))
    async with serving(desk.whole) as admin:
        async with Client(admin.address, here) as bot:
            assert (await bot.ask("{ viewer { email } }"))["viewer"]
        async with Client(admin.address, elsewhere) as bot:
            with pytest.raises(ApiError) as refused:
                await bot.ask("{ viewer { email } }")
            assert (refused.value.code, str(refused.value)) == (
                "FORBIDDEN",
                "This API key does not work from this address.",
            )
            with pytest.raises((ConnectionClosed, AssertionError)) as closed:
                async with bot.socket():
                    pass
            assert "4403" in str(closed.value)
    rows = await fetch(
        "SELECT target, address, detail FROM audit_entries WHERE outcome = 'REFUSED' AND action = 'login'"
    )
    assert len(rows) == 2
    assert all(row["target"].startswith("apiKey:") and row["address"] == "127.0.0.1" for row in rows)
    assert orjson.loads(rows[0]["detail"])["code"] == "FORBIDDEN"


@pytest.mark.parametrize("scope", list(KeyScope))
async def test_a_key_revokes_itself_and_only_a_manage_key_sees_the_sessions_of_its_owner(
    desk: Desk, scope: KeyScope
) -> None:
    text = await key_of(desk, KeyWish([scope]))
    async with serving(desk.whole) as admin, Client(admin.address, text) as bot:
        viewer = (await bot.ask("{ viewer { sessions { id } apiKeys { id revokedAt } } apiKeys { id } }"))["viewer"]
        sees = scope is KeyScope.MANAGE
        assert (viewer["sessions"] is not None) is sees
        try:
            await bot.ask("{ sessions { id } }")
            is_told = True
        except ApiError as error:
            is_told = error.code != "FORBIDDEN"
        assert is_told is sees
        (row,) = await fetch("SELECT id::text FROM api_keys ORDER BY created_at DESC LIMIT 1")
        if not sees:
            assert viewer["apiKeys"] == [{"id": row["id"], "revokedAt": None}]
        revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { revokedAt } }"
        assert (await bot.ask(revoke, id=row["id"]))["revokeApiKey"]["revokedAt"]
        with pytest.raises(ApiError) as refused:
            await bot.ask("{ viewer { email } }")
        assert refused.value.code == "UNAUTHENTICATED"
