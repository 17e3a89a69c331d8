"""A server that stops answers what it was asked and tells its sockets; and the addresses that need no sign-in."""

import asyncio
from pathlib import Path

import httpx
import pytest

from api.transport import guarded
from tests.support.api import Desk, open_socket, running
from tests.support.waiting import eventually

BEARER = {"authorization": "Bearer ada"}


async def test_a_stopping_server_answers_running_requests_and_notifies_sockets(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded, "_LAST_CALL_SECONDS", 8.0)
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client, asyncio.TaskGroup() as tasks:
        async with running(desk) as server, open_socket(server) as socket:
            await socket.settle()
            # Connections that have been used and are idle when the server stops.
            idle = [httpx.AsyncClient(trust_env=False) for _ in range(3)]
            for each in idle:
                await each.get(f"{server.address}/healthz")
            body = {"query": 'mutation { writeSlowly(text: "x") }'}
            asked = [tasks.create_task(client.post(server.endpoint, json=body, headers=BEARER)) for _ in range(8)]
            await eventually(lambda: len(desk.gate._waiters) == len(asked))
            told = tasks.create_task(socket.closed())
            server.stop()
            assert (await told)[0] == 1012
            late = [await each.get(f"{server.address}/healthz") for each in idle]
            desk.gate.set()
        answers = [await each for each in asked]
        for each in idle:
            await each.aclose()
    assert [answer.status_code for answer in late] == [200] * 3
    assert [answer.headers.get("connection") for answer in late] == ["close"] * 3
    assert sorted(answer.json()["data"]["writeSlowly"] for answer in answers) == list(range(1, 9))


async def test_the_version_is_public(desk: Desk) -> None:
    async with running(desk, version="1.2.3") as server, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{server.address}/version")
    assert answer.json() == {"name": "tradegraph", "version": "1.2.3"}


async def test_the_root_address_redirects_to_a_page_and_the_icon_is_served(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    for settings in ({"trading_desk": tmp_path, "explorer": tmp_path}, {"explorer": tmp_path}):
        async with running(desk, **settings) as server, httpx.AsyncClient(trust_env=False) as client:
            browser = {"accept": "text/html"}
            page = await client.get(f"{server.address}/", headers=browser, follow_redirects=True)
            assert (page.status_code, "<title>page" in page.text) == (200, True)
            icon = await client.get(f"{server.address}/favicon.ico", follow_redirects=True)
            assert (icon.status_code, icon.text) == (200, "<svg/>")
            assert icon.headers["content-type"].startswith("image/svg+xml")
