"""Credentials that end while they are in use, on a real server; and paths and headers that are no honest ones."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.support.client import ApiError, Client
from tests.support.desk import Desk, signed_in
from tests.support.serving import serving
from tests.support.trading import Platform
from tests.support.waiting import PATIENCE_SECONDS

KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"
USER = "mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }"
CHANGE = "mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }"
WHO = "{ viewer { email } }"
EVENTS = 'subscription {{ account(id: "{}") {{ id }} }}'
OLD, NEW = "correct horse battery", "another horse battery"


@pytest.fixture
async def admin(live_desk: Platform) -> AsyncIterator[Desk]:
    """The administrator's desk at a real server."""
    async with serving(live_desk) as client:
        yield Desk(client)


async def refused(client: Client) -> str:
    """The code of an answer that has to be an error."""
    with pytest.raises(ApiError) as error:
        await client.ask(WHO)
    return error.value.code


async def test_a_key_that_expires_ends_its_open_socket(admin: Desk) -> None:
    account = await admin.open_account("100")
    expiry = datetime.now(UTC) + timedelta(seconds=4)
    given = {"name": "short", "role": "TRADER", "expiresAt": expiry.isoformat()}
    secret = (await admin.client.ask(KEY, input=given))["createApiKey"]["secret"]
    async with Client(admin.client.address, secret) as bot, bot.socket() as socket:
        stream = await socket.subscribe(EVENTS.format(account))
        await stream.next()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await socket.closed.wait()
        assert datetime.now(UTC) >= expiry
        assert await refused(bot) == "UNAUTHENTICATED"


async def test_a_new_password_ends_the_sockets_and_tokens_of_all_other_sessions(admin: Desk) -> None:
    given = {"email": "rita@example.com", "name": "Rita", "password": OLD, "role": "TRADER"}
    user = (await admin.client.ask(USER, input=given))["createUser"]["id"]
    address = admin.client.address
    async with (
        signed_in(address, "rita@example.com", OLD) as stolen,
        signed_in(address, "rita@example.com", OLD) as own,
    ):
        account = await own.open_account()
        async with stolen.client.socket() as socket, own.client.socket() as kept:
            for each in (socket, kept):
                await (await each.subscribe(EVENTS.format(account))).next()
            await own.client.ask(CHANGE, input={"id": user, "password": NEW})
            async with asyncio.timeout(PATIENCE_SECONDS):
                await socket.closed.wait()
            assert await refused(stolen.client) == "UNAUTHENTICATED"
            assert (await own.client.ask(WHO))["viewer"]["email"] == "rita@example.com"
            assert not kept.closed.is_set()


@pytest.mark.parametrize(
    "path",
    [
        *("/export/%2e%2e/healthz", "/export/..%2f..%2fetc%2fpasswd", "/export/orders.csv%00", "/export/orders.csv/x"),
        *(
            "/export/",
            "/export/.csv",
            "/export/orders",
            "/export/ORDERS.CSV",
            "/export/orders.csv%2e%2e",
            "/export//orders.csv",
        ),
        *("/import/", "/import/..%2fhistory.csv", "/import/history.csv%00"),
    ],
)
async def test_a_path_that_names_no_export_is_refused_with_a_code(admin: Desk, path: str) -> None:
    account = await admin.open_account()
    async with httpx.AsyncClient(base_url=admin.client.address, trust_env=False) as client:
        answer = await client.get(path, params={"account": account}, headers=admin.client.headers)
    assert answer.status_code in (400, 404, 405), answer.text
    assert "Traceback" not in answer.text


async def test_no_header_brings_control_characters_into_the_list_of_sessions(admin: Desk) -> None:
    given = {"email": "rita@example.com", "name": "Rita", "password": OLD, "role": "TRADER"}
    await admin.client.ask(USER, input=given)
    stored = 0
    for device in ("\x1b]0;owned\x07", "Desk\tline", "\xff\xfe" * 400, "=cmd|'/c calc'!A1"):
        async with Client(admin.client.address) as client:
            client.extra = {"user-agent": device}
            try:
                await client.sign_in("rita@example.com", OLD)
            except (httpx.HTTPError, ApiError, ValueError, UnicodeEncodeError):
                # Refused by the client's own library or the server: nothing was stored.
                continue
            sessions = (await client.ask("{ sessions { device } }"))["sessions"]
            stored += 1
            assert all(session["device"] is None or session["device"].isprintable() for session in sessions), sessions
    assert stored
