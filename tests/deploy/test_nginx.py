"""The example of a reverse proxy, with Debian's nginx: TLS, WebSocket, forwarded addresses, restarts one by one."""

import asyncio
import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.deploy.proxy import HOST, Proxied, proxied
from tests.support.installation import EMAIL, PASSWORD, installation
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed here"),
    pytest.mark.skipif(os.geteuid() != 0, reason="the proxy's files are readable by root alone"),
]
OPEN = 'mutation { openAccount(input: {name: "A", currency: "USD", kind: CASH}) { id } }'
PAY = "mutation Pay($input: CashInput!) { deposit(input: $input) { sequence } }"


@pytest.fixture
def proxy(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Proxied]:
    with (
        installation(database_url, redis_url, tmp_path / "data") as whole,
        proxied(whole.environment, tmp_path, sys.executable) as running,
    ):
        yield running


def _client(proxy: Proxied) -> httpx.AsyncClient:
    """A client with its own address, which calls the proxy by its public name."""
    port = int(proxy.address.rpartition(":")[2])
    trust = ssl.create_default_context(cafile=str(proxy.certificate))
    transport = httpx.AsyncHTTPTransport(verify=trust, local_address="127.0.0.9")
    return httpx.AsyncClient(
        transport=transport,
        base_url=f"https://127.0.0.1:{port}",
        headers={"host": HOST},
        timeout=60,
        trust_env=False,
        event_hooks={"request": [_named]},
    )


async def _named(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = HOST


async def _ask(client: httpx.AsyncClient, query: str, token: str | None = None, **variables: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    answer = await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert "errors" not in content, content
    return content["data"]


async def _sign_in(client: httpx.AsyncClient) -> str:
    login = "mutation In($input: LoginInput!) { login(input: $input) { accessToken } }"
    token: str = (await _ask(client, login, input={"email": EMAIL, "password": PASSWORD}))["login"]["accessToken"]
    return token


async def test_the_proxy_forwards_client_addresses_and_drops_forged_ones(proxy: Proxied) -> None:
    async with _client(proxy) as client:
        answer = await client.get("/version", headers={"x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "http"})
        assert answer.status_code == 200
        assert "max-age" in answer.headers["strict-transport-security"]
        assert (await client.get("/metrics")).status_code == 403
        asked = await client.post("/graphql", json={"query": "{ viewer { email } }"})

        async def line() -> str | None:
            said = "".join(proxy.log(port) for port in proxy.ports).splitlines()
            return next((line for line in said if asked.headers["x-request-id"] in line), None)

        assert "client=127.0.0.9 " in await until(line)


async def test_no_request_fails_during_a_rolling_restart_and_sockets_are_notified(proxy: Proxied) -> None:
    async with _client(proxy) as client:
        token = await _sign_in(client)
        account = (await _ask(client, OPEN, token))["openAccount"]["id"]
        over = asyncio.Event()
        paid = [0] * 6

        async def pay(number: int) -> None:
            while not over.is_set():
                given = {"accountId": account, "amount": "1", "reference": f"{number}-{paid[number]}"}
                await _ask(client, PAY, token, input=given)
                paid[number] += 1

        async with asyncio.TaskGroup() as tasks:
            for number in range(len(paid)):
                tasks.create_task(pay(number))
            listening = asyncio.Event()
            told = tasks.create_task(_until_closed(proxy, token, listening))
            await listening.wait()
            done = await asyncio.to_thread(proxy.restart_one_by_one)
            over.set()
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines() == [f"127.0.0.1:{port} is restarted" for port in proxy.ports]
        assert await told == 1012
        cash = await _ask(client, "query Cash($id: ID!) { account(id: $id) { cash } }", token, id=account)
        assert float(cash["account"]["cash"]) == sum(paid) > len(paid)
    for port in proxy.ports:
        assert proxy.log(port).count("Application startup complete") == 2


async def _until_closed(proxy: Proxied, token: str, listening: asyncio.Event) -> int | None:
    """Listen through the proxy until the server says that it goes; the code."""
    port = int(proxy.address.rpartition(":")[2])
    trust = ssl.create_default_context(cafile=str(proxy.certificate))
    options: dict[str, Any] = {"ssl": trust, "server_hostname": HOST, "host": "127.0.0.1", "port": port, "proxy": None}
    protocol = [Subprotocol("graphql-transport-ws")]
    async with connect(f"wss://{HOST}:{port}/graphql", subprotocols=protocol, **options) as socket:
        hello = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        await socket.send(orjson.dumps(hello).decode())
        assert orjson.loads(await socket.recv()) == {"type": "connection_ack"}
        question = {"query": "subscription { systemHealth { state } }"}
        await socket.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": question}).decode())
        assert orjson.loads(await socket.recv())["type"] == "next"
        listening.set()
        try:
            async for _ in socket:
                pass
        except ConnectionClosed:
            pass
        return socket.close_code
