"""The explorer in a real browser: it signs in, asks and listens, and nothing comes from anywhere but the server."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.embedded import EmbeddedServices
from domain.access.tokens import ACCESS_TOKEN_LIFETIME, TokenSigner
from tests.browser.devtools import Page, find_chromium, open_page, running_chromium
from tests.support.databases import DatabaseFactory
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.support.web import Web, web_process

_PAGES = Path(__file__).parents[2] / "web" / "explorer" / "dist" / "index.html"
_SYMBOL = "BTCUSDT.BINANCE"  # a demo instrument, the one in the starter tabs
_KEY = "tradegraph:explorer:credential"
_STORED = f"sessionStorage.getItem('{_KEY}')"
_RESPONSE = "globalThis.__MONACO?.editor.getModels().find(m => m.uri.path.endsWith('response.json'))?.getValue()"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    executable = find_chromium()
    missing = "no Chromium is installed" if executable is None else ""
    if not missing and not _PAGES.exists():
        missing = "the explorer is not built: make explorer"
    if missing:
        assert os.environ.get("BROWSER") != "required", missing
        pytest.skip(missing)
    with running_chromium(executable or "", tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest.fixture(scope="module")
def web(chromium: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    # Asked for by name, so that no server is started when there is no browser.
    databases: DatabaseFactory = request.getfixturevalue("databases")
    services: EmbeddedServices = request.getfixturevalue("services")
    with (
        databases.migrated() as database_url,
        web_process(database_url, services.redis_url, tmp_path_factory.mktemp("web")) as running,
    ):
        yield running


@pytest.fixture
async def page(chromium: str, web: Web) -> AsyncIterator[Page]:
    async with open_page(chromium) as tab:
        await tab.open(web.endpoint)
        await tab.wait_for("document.querySelector('.graphiql-query-editor .view-line')")
        yield tab


async def _sign_in(page: Page, web: Web) -> None:
    await page.fill("input[name=email]", web.email)
    await page.fill("input[name=password]", web.password)
    await page.click("#sign-in button[type=submit]")
    await page.wait_for("document.querySelector('.until')")


async def _credential(page: Page) -> dict[str, Any] | None:
    stored = await page.evaluate(_STORED)
    return json.loads(stored) if stored else None


def _publish(web: Web, authorization: str, bid: str) -> None:
    quote = {"symbol": _SYMBOL, "bid": bid, "ask": "101", "bidSize": "1", "askSize": "1"}
    query = "mutation Publish($input: PublishQuotesInput!) { publishQuotes(input: $input) }"
    assert web.ask(query, authorization, input={"quotes": [quote]}) == {"publishQuotes": 1}


def _sent(page: Page, kind: str) -> list[dict[str, Any]]:
    return [frame["payload"] for frame in page.frames_sent if frame["type"] == kind]


def _assert_nothing_left_the_origin(page: Page, web: Web) -> None:
    origin = urlsplit(web.address).netloc
    loaded = [url for url in page.requests if urlsplit(url).scheme not in {"data", "blob"}]
    assert {urlsplit(url).netloc for url in loaded} == {origin}
    assert any(url.endswith("/graphql") and url.startswith("ws:") for url in loaded)
    assert page.problems == []


async def test_a_query_and_a_subscription_work_without_foreign_requests(page: Page, web: Web) -> None:
    authorization = web.sign_in()
    _publish(web, authorization, "100.01")

    await _sign_in(page, web)
    await page.click(".graphiql-sidebar button[aria-label*='Documentation']")
    await page.wait_for("document.querySelector('.graphiql-doc-explorer')?.innerText.includes('Subscription')")
    await page.click(".graphiql-execute-button")
    await page.wait_for(f"{_RESPONSE}.includes('edges')")
    answer = json.loads(await page.evaluate(_RESPONSE))["data"]
    assert answer["viewer"]["role"] == "ADMIN"
    quotes = {edge["node"]["symbol"]: edge["node"]["quote"] for edge in answer["instruments"]["edges"]}
    assert quotes[_SYMBOL]["bid"] == "100.01"

    await page.click("#graphiql-session-tab-1")
    await page.wait_for("document.querySelector('.graphiql-query-editor').innerText.includes('subscription')")
    await page.click(".graphiql-execute-button")
    for bid in ("100.01", "100.02", "100.03"):
        _publish(web, authorization, bid)
        await page.wait_for(f'{_RESPONSE}.includes(\'"bid": "{bid}"\')')
    await page.click(".graphiql-execute-button")
    await page.wait_for("document.querySelector('.graphiql-execute-button').ariaLabel.startsWith('Execute')")
    assert [frame["type"] for frame in page.frames_sent] == ["connection_init", "subscribe", "complete"]
    # Its own session, sent as the contract says.
    credential = await _credential(page)
    assert credential is not None
    assert page.frames_sent[0]["payload"] == {"authorization": f"Bearer {credential['token']}"}

    _assert_nothing_left_the_origin(page, web)


async def test_wrong_credentials_are_refused_and_nothing_is_stored(page: Page, web: Web) -> None:
    await page.fill("input[name=email]", web.email)
    await page.fill("input[name=password]", "not the password")
    await page.click("#sign-in button[type=submit]")
    assert await page.wait_for("document.querySelector('.failure')?.innerText")
    assert await _credential(page) is None

    await page.click("#sign-in [role=tab]:nth-child(2)")
    await page.fill("input[name=key]", "not a key")
    await page.click("#sign-in button[type=submit]")
    assert await page.wait_for("document.querySelector('.failure')?.innerText")
    assert await _credential(page) is None


async def test_a_session_survives_a_reload_renews_itself_and_ends_at_sign_out(page: Page, web: Web) -> None:
    await _sign_in(page, web)
    first = await _credential(page)
    assert first is not None

    # About to expire by this browser's reckoning: the page renews it as soon as it is loaded.
    await page.evaluate(
        f"sessionStorage.setItem('{_KEY}', JSON.stringify({{...JSON.parse({_STORED}), deadline: Date.now() + 2000}}))"
    )
    await page.reload()
    await page.wait_for(f"JSON.parse({_STORED}).token !== {json.dumps(first['token'])}")
    second = await _credential(page)
    assert second is not None
    assert second["refreshToken"] != first["refreshToken"]
    assert second["id"] == first["id"]

    await page.click(".bar-session button")
    await page.wait_for("document.querySelector('#sign-in')")
    assert await _credential(page) is None
    assert page.problems == []


async def test_a_subscription_outlives_its_token_and_ends_with_its_session(page: Page, web: Web) -> None:
    authorization = web.sign_in()
    _publish(web, authorization, "100.04")
    await _sign_in(page, web)
    first = await _credential(page)
    assert first is not None
    # A token of the same session that expires at once, which the page takes for a fresh one.
    signer = TokenSigner(web.secret)
    claims = signer.read(first["token"])
    soon = datetime.now(UTC) - ACCESS_TOKEN_LIFETIME + timedelta(seconds=6)
    token, _ = signer.issue(claims.user_id, claims.session_id, soon)
    await page.evaluate(
        f"sessionStorage.setItem('{_KEY}', JSON.stringify({{...JSON.parse({_STORED}), token: {json.dumps(token)}}}))"
    )
    await page.reload()
    await page.wait_for("document.querySelector('.graphiql-query-editor .view-line')")
    await page.click("#graphiql-session-tab-1")
    await page.wait_for("document.querySelector('.graphiql-query-editor').innerText.includes('subscription')")
    await page.click(".graphiql-execute-button")
    await page.wait_for(f"{_RESPONSE}.includes('100.04')")

    await page.wait_for(f"JSON.parse({_STORED}).token !== {json.dumps(token)}")
    second = await _credential(page)
    assert second is not None
    tokens = [f"Bearer {token}", f"Bearer {second['token']}"]
    await eventually(lambda: _sent(page, "connection_init") == [{"authorization": text} for text in tokens])
    await eventually(lambda: page.frames_sent[-1]["type"] == "subscribe")
    _publish(web, authorization, "100.05")
    await page.wait_for(f"{_RESPONSE}.includes('100.05')")

    assert web.ask("mutation { logout }", f"Bearer {second['token']}") == {"logout": True}
    assert "ended" in await page.wait_for(
        "document.querySelector('#sign-in') && document.querySelector('.state').innerText"
    )
    assert await _credential(page) is None


async def test_a_duplicated_tab_leaves_the_session_to_the_first_tab(page: Page, web: Web) -> None:
    await _sign_in(page, web)
    await page.evaluate("globalThis.copy = window.open('/graphql'); null", gesture=True)
    await page.wait_for("copy.document.querySelector('.state')?.innerText.includes('tab')")
    assert await page.evaluate(f"copy.{_STORED}") is None
    assert await page.evaluate("document.querySelector('.who') !== null")
    assert await _credential(page) is not None


async def test_an_api_key_signs_in_with_its_own_role(page: Page, web: Web) -> None:
    query = "mutation Key($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }"
    made = web.ask(query, web.sign_in(), input={"name": "explorer", "role": "VIEWER"})
    await page.click("#sign-in [role=tab]:nth-child(2)")
    await page.fill("input[name=key]", made["createApiKey"]["secret"])
    await page.click("#sign-in button[type=submit]")
    assert await page.wait_for("document.querySelector('.role')?.innerText") == "viewer"
    assert (await page.evaluate("document.querySelector('.until').innerText")).startswith("API key")
    await page.click(".graphiql-execute-button")
    await page.wait_for(f"{_RESPONSE}.includes('viewer')")
    assert page.problems == []


_ORDER = "mutation Order($input: PlaceOrderInput!) { placeOrder(input: $input) { order { status rejectMessage } } }"


async def test_the_starter_tabs_use_a_real_account_and_list_streamed_events(page: Page, web: Web) -> None:
    authorization = web.sign_in()
    _publish(web, authorization, "100.01")
    opened = web.ask(
        "mutation Open($input: OpenAccountInput!) { openAccount(input: $input) { id } }",
        authorization,
        input={"name": "Demo", "currency": "USDT", "kind": "MARGIN"},
    )
    account = opened["openAccount"]["id"]
    cash = {"accountId": account, "amount": "100000", "reference": "demo"}
    web.ask("mutation Cash($input: CashInput!) { deposit(input: $input) { id } }", authorization, input=cash)
    await _sign_in(page, web)
    await page.wait_for("localStorage.getItem('tradegraph:explorer:account')")
    await page.wait_for("document.querySelector('.graphiql-query-editor .view-line')")
    await page.click("#graphiql-session-tab-5")
    await page.wait_for(f"document.querySelector('.graphiql-editor-tool').innerText.includes('{account}')")
    await page.click(".graphiql-execute-button")
    await eventually(lambda: any(frame["type"] == "subscribe" for frame in page.frames_sent))
    order = {
        "accountId": account,
        "symbol": _SYMBOL,
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "0.1",
        "limitPrice": "90",
    }
    # A subscription does not say when it has begun: orders are placed until two are heard of.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await page.evaluate(f"JSON.parse({_RESPONSE} || '{{}}').received || 0") < 2:
            placed = web.ask(_ORDER, authorization, input=order)
            assert placed["placeOrder"]["order"]["status"] == "PENDING_NEW", placed
            await asyncio.sleep(0.2)
    shown = json.loads(await page.evaluate(_RESPONSE))
    assert shown["received"] == len(shown["messages"]) >= 2
    assert {message["order"]["symbol"] for message in shown["messages"]} == {_SYMBOL}
    assert page.problems == []


async def test_a_phone_shows_every_control_within_its_width(chromium: str, web: Web) -> None:
    async with open_page(chromium, 390, 800) as phone:
        await phone.open(web.endpoint)
        await phone.wait_for("document.querySelector('.graphiql-query-editor .view-line')")
        assert await phone.evaluate("document.documentElement.scrollWidth") <= 390
        for part in (".graphiql-execute-button", ".graphiql-query-editor", ".graphiql-response", "#sign-in"):
            box = await phone.evaluate(
                f"(() => {{ const b = document.querySelector('{part}').getBoundingClientRect();"
                " return [b.left, b.right, b.width, b.height]; })()"
            )
            left, right, width, height = box
            assert 0 <= left < right <= 390, (part, box)
            assert min(width, height) > 20, (part, box)
        above, below = await phone.evaluate(
            "['.graphiql-query-editor', '.graphiql-response']"
            ".map(part => document.querySelector(part).getBoundingClientRect().top)"
        )
        assert above < below
        assert phone.problems == []
