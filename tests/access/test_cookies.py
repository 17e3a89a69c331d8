"""A page's session: its tokens are in cookies that no script reads, and no page of another origin can use them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from api.access.mutations import AccessMutation
from api.access.queries import AccessQuery
from api.graphql.runner import OperationRunner
from api.limits import RequestLimits
from api.metrics import ApiMetrics
from api.schema import build_schema
from api.transport import cookies
from api.transport.cookies import CookieSessions
from domain.access.service import Access
from domain.access.types import SYSTEM
from domain.access.users import UserChange, update_user
from domain.kernel.errors import Unauthenticated
from tests.support.people import PASSWORD, Person, audited, join, stored

SCHEMA = build_schema([AccessQuery], [AccessMutation])
CREDENTIALS = {"email": "ann@example.com", "password": PASSWORD}
OWN = "http://desk.test:8000"


def browser(access: Access, address: str = OWN) -> httpx.AsyncClient:
    services: Any = SimpleNamespace(access=access)
    sessions = CookieSessions(OperationRunner(SCHEMA, services, RequestLimits(), ApiMetrics()))
    acts = (sessions.login, sessions.resume, sessions.logout)
    routes = [Route(f"/session/{act.__name__}", act, methods=["POST"]) for act in acts]
    transport = httpx.ASGITransport(Starlette(routes=routes))
    return httpx.AsyncClient(transport=transport, base_url=address, headers={"origin": address})


@pytest.fixture
async def page(access: Access) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(access) as client:
        yield client


@pytest.fixture
async def ann(access: Access) -> Person:
    return await join(access, "ann")


def held(page: httpx.AsyncClient) -> dict[str, str]:
    return {name.split("_")[1]: value for name, value in page.cookies.items() if value}


async def test_a_page_gets_only_the_access_token(access: Access, ann: Person, page: httpx.AsyncClient) -> None:
    answer = await page.post("/session/login", json=CREDENTIALS)
    assert answer.status_code == 200
    content = answer.json()
    assert set(content) == {"accessToken", "expiresAt", "serverTime", "user"}
    assert content["user"] == {"id": str(ann.id), "email": "ann@example.com", "name": ann.user.name, "role": "TRADER"}
    assert (await access.authenticate(content["accessToken"])).user_id == ann.id
    assert held(page)["refresh"] not in answer.text
    set_cookies = answer.headers.get_list("set-cookie")
    assert len(set_cookies) == 2
    for line in set_cookies:
        assert "HttpOnly" in line
        assert "SameSite=strict" in line
    assert answer.headers["cache-control"] == "no-store"


async def test_cookies_over_https_are_bound_to_the_host(access: Access, ann: Person) -> None:
    async with browser(access, "https://desk.test") as page:
        answer = await page.post("/session/login", json=CREDENTIALS)
        for line in answer.headers.get_list("set-cookie"):
            assert line.startswith("__Host-tradegraph_")
            assert "Secure" in line
            assert "Path=/;" in line
        assert (await page.post("/session/resume", json={})).status_code == 200


async def test_reloading_a_page_rotates_nothing_until_the_token_is_old(
    ann: Person, page: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = (await page.post("/session/login", json=CREDENTIALS)).json()
    refresh_token = held(page)["refresh"]
    for _ in range(3):
        assert (await page.post("/session/resume", json={})).json()["accessToken"] == first["accessToken"]
    assert held(page)["refresh"] == refresh_token

    monkeypatch.setattr(cookies, "_GOOD_ENOUGH", timedelta(hours=1))
    second = (await page.post("/session/resume", json={})).json()
    assert second["accessToken"] != first["accessToken"]
    assert held(page)["refresh"] != refresh_token
    assert second["user"] == first["user"]


async def test_signing_out_ends_the_session_and_removes_the_cookies(
    access: Access, ann: Person, page: httpx.AsyncClient
) -> None:
    token = (await page.post("/session/login", json=CREDENTIALS)).json()["accessToken"]
    assert (await page.post("/session/logout", json={})).json() == {"ended": True}
    assert held(page) == {}
    with pytest.raises(Unauthenticated):
        await access.authenticate(token)
    assert (await audited("logout"))[-1][0] == "ann@example.com"
    assert (await page.post("/session/resume", json={})).json() == {"user": None}
    assert (await page.post("/session/logout", json={})).json() == {"ended": False}


async def test_a_session_ended_elsewhere_removes_its_cookies(
    access: Access, ann: Person, page: httpx.AsyncClient
) -> None:
    await page.post("/session/login", json=CREDENTIALS)
    await update_user(access, SYSTEM, ann.id, UserChange(active=False))
    answer = await page.post("/session/resume", json={})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert held(page) == {}


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"origin": "http://evil.test"}, b"{}", 403),
        ({"origin": "http://desk.test:9000"}, b"{}", 403),
        ({"origin": "null"}, b"{}", 403),
        ({"content-type": "text/plain"}, b"{}", 400),
        ({"content-type": "application/x-www-form-urlencoded"}, b"a=1", 400),
        ({}, b"[]", 400),
        ({}, b"{", 400),
        ({}, b'{"a": "' + b"x" * 5_000 + b'"}', 400),
    ],
)
async def test_no_foreign_page_and_no_form_can_use_the_cookies(
    ann: Person, page: httpx.AsyncClient, headers: dict[str, str], body: bytes, status: int
) -> None:
    await page.post("/session/login", json=CREDENTIALS)
    before, cookies_before = await stored(), held(page)
    for act in ("login", "resume", "logout"):
        answer = await page.post(
            f"/session/{act}", content=body, headers={"content-type": "application/json", **headers}
        )
        assert answer.status_code == status
        assert answer.json()["errors"]
    assert (await stored(), held(page)) == (before, cookies_before)


async def test_a_wrong_password_sets_no_cookie(ann: Person, page: httpx.AsyncClient) -> None:
    answer = await page.post("/session/login", json={**CREDENTIALS, "password": "not the password"})
    assert (answer.status_code, held(page)) == (401, {})
    answer = await page.post("/session/login", json={"email": "ann@example.com"})
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "password"}
