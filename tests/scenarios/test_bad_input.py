"""Bad input at the real endpoint: each is answered with a code, leaves no trace, and shows nobody a traceback."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import jwt
import orjson
import pytest

from adapters.embedded import EmbeddedServices
from tests.support.client import ApiError, Client
from tests.support.desk import (
    CANCEL,
    CREATE_INSTRUMENT,
    DEPOSIT,
    OPEN_ACCOUNT,
    PLACE,
    PLACE_ALL,
    PUBLISH,
    Desk,
    order_input,
    signed_in,
)
from tests.support.installation import EMAIL, PASSWORD, SECRET, Installation, Process
from tests.support.waiting import until

SYMBOL = "BAD.LAB"
NOBODY = "01a2028d-dc8d-7144-aa46-730cde961475"
WITHDRAW = "mutation ($input: CashInput!) { withdraw(input: $input) { id } }"
CREATE_USER = "mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }"
VIEWER = "{ viewer { email } }"
# What the platform writes without anybody's order: what the market said, who plays a role, refused sign-ins.
_OF_ITSELF = {"quotes", "bars", "tick_positions", "leases", "lease_beats", "audit_entries"}


@dataclass(slots=True)
class Stage:
    """A user with an account, and all stored rows."""

    desk: Desk
    account_id: str
    database: asyncpg.Connection

    async def refused(self, document: str, **given: Any) -> dict[str, Any]:
        """The error of an operation, after asserting that nothing changed."""
        before = await self.stored()
        with pytest.raises(ApiError) as error:
            await self.desk.client.ask(document, input=given)
        assert await self.stored() == before
        return error.value.extensions

    async def stored(self) -> dict[str, list[str]]:
        """All rows of all tables that only clients and venues write."""
        tables = await self.database.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND NOT relispartition"
        )
        names = {row["relname"] for row in tables} - _OF_ITSELF
        assert {"orders", "executions", "accounts", "account_events", "venue_commands"} <= names
        return {
            name: [row["row"] for row in await self.database.fetch(f"SELECT t::text AS row FROM {name} t ORDER BY 1")]
            for name in names
        }


@pytest.fixture(scope="session")
def account_id(web: Process, token: str) -> str:
    """An account with money at a market of 99.99 to 100.01, on whose books nothing works."""

    async def make() -> str:
        async with Client(web.address, token) as client:
            desk = Desk(client)
            await desk.create_instrument(SYMBOL)
            await desk.publish(SYMBOL, "99.99", "100.01")
            return await desk.open_account("10000")

    return asyncio.run(make())


@pytest.fixture
async def stage(shared: Installation, admin: Desk, account_id: str) -> AsyncIterator[Stage]:
    database = await asyncpg.connect(shared.database_url)
    yield Stage(admin, account_id, database)
    database.terminate()


@pytest.fixture(scope="module", autouse=True)
def no_traceback(shared: Installation) -> Iterator[None]:
    """None of this is a surprise to the processes either."""
    yield
    for process in shared.processes:
        assert process.output.partition("Traceback")[1:] == ("", "")


# ------------------------------------------------------------------ orders


@pytest.mark.parametrize(
    ("terms", "code", "field"),
    [
        ({"symbol": "NOPE"}, "NOT_FOUND", "symbol"),
        ({"symbol": ""}, "NOT_FOUND", "symbol"),
        ({"accountId": NOBODY}, "NOT_FOUND", None),
        ({"accountId": "nonsense"}, "NOT_FOUND", None),
        ({"quantity": "0"}, "BAD_USER_INPUT", "quantity"),
        ({"quantity": "-1"}, "BAD_USER_INPUT", "quantity"),
        ({"quantity": "1.0000000000000000001"}, "BAD_USER_INPUT", None),
        ({"quantity": "1000000000000000000"}, "BAD_USER_INPUT", None),
        ({"quantity": "1e400"}, "BAD_USER_INPUT", None),
        ({"quantity": "1e-400"}, "BAD_USER_INPUT", None),
        ({"quantity": 1e300}, "BAD_USER_INPUT", None),
        ({"quantity": "NaN"}, "BAD_USER_INPUT", None),
        ({"quantity": "Infinity"}, "BAD_USER_INPUT", None),
        ({"quantity": "one"}, "BAD_USER_INPUT", None),
        ({"quantity": ""}, "BAD_USER_INPUT", None),
        ({"quantity": True}, "BAD_USER_INPUT", None),
        ({"quantity": None}, "BAD_USER_INPUT", None),
        ({"quantity": []}, "BAD_USER_INPUT", None),
        ({"type": "LIMIT"}, "BAD_USER_INPUT", "limitPrice"),
        ({"type": "LIMIT", "limitPrice": "NaN"}, "BAD_USER_INPUT", None),
        ({"limitPrice": "100"}, "BAD_USER_INPUT", "limitPrice"),
        ({"type": "STOP"}, "BAD_USER_INPUT", "stopPrice"),
        ({"type": "STOP", "stopPrice": "101", "timeInForce": "IOC"}, "BAD_USER_INPUT", "timeInForce"),
        ({"timeInForce": "GTD"}, "BAD_USER_INPUT", "expiresAt"),
        ({"timeInForce": "GTD", "expiresAt": "2020-01-01T00:00:00Z"}, "BAD_USER_INPUT", "expiresAt"),
        ({"timeInForce": "GTD", "expiresAt": "tomorrow"}, "BAD_USER_INPUT", None),
        ({"clientOrderId": ""}, "BAD_USER_INPUT", "clientOrderId"),
        ({"clientOrderId": "x" * 65}, "BAD_USER_INPUT", "clientOrderId"),
        ({"clientOrderId": "a\u0000b"}, "BAD_USER_INPUT", "clientOrderId"),
        ({"tags": ["x"] * 21}, "BAD_USER_INPUT", "tags"),
        ({"side": "HOLD"}, "BAD_USER_INPUT", None),
        ({"nonsense": 1}, "BAD_USER_INPUT", None),
    ],
    ids=str,
)
async def test_an_invalid_order_is_bad_input(stage: Stage, terms: dict[str, Any], code: str, field: str | None) -> None:
    found = await stage.refused(PLACE, **(order_input(stage.account_id, SYMBOL, "BUY", "1") | terms))
    assert found["code"] == code
    if field is not None:
        assert found["field"] == f"input.{field}"


async def test_one_invalid_order_refuses_its_batch(stage: Stage) -> None:
    good = order_input(stage.account_id, SYMBOL, "BUY", "1")
    found = await stage.refused(PLACE_ALL, orders=[good, good | {"quantity": "0"}, good])
    assert found == {"code": "BAD_USER_INPUT", "field": "input.orders.1.quantity", "index": 1}
    assert (await stage.refused(PLACE_ALL, orders=[]))["code"] == "BAD_USER_INPUT"
    assert (await stage.refused(PLACE_ALL, orders=[good] * 1_001))["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"type": "LIMIT", "limitPrice": "100.001"}, "INVALID_TICK"),
        ({"type": "LIMIT", "limitPrice": "-100"}, "INVALID_TICK"),
        ({"quantity": "0.0001"}, "INVALID_LOT"),
        ({"quantity": "999999999999999999"}, "INSUFFICIENT_FUNDS"),
        ({"side": "SELL"}, "INSUFFICIENT_POSITION"),
    ],
    ids=str,
)
async def test_a_rejected_order_is_stored_and_reserves_nothing(
    stage: Stage, terms: dict[str, Any], reason: str
) -> None:
    before = await stage.stored()
    given = order_input(stage.account_id, SYMBOL, "BUY", "1") | terms
    order = (await stage.desk.client.ask(PLACE, input=given))["placeOrder"]["order"]
    assert (order["status"], order["rejectReason"], order["reserved"]) == ("REJECTED", reason, "0")
    after = await stage.stored()
    for name in before.keys() - {"orders", "accounts", "account_events"}:
        assert after[name] == before[name]
    assert len(after["orders"]) == len(before["orders"]) + 1


@pytest.mark.parametrize(
    ("key", "code"),
    [({"id": NOBODY}, "NOT_FOUND"), ({"id": "nonsense"}, "NOT_FOUND"), ({}, "BAD_USER_INPUT")],
    ids=str,
)
async def test_cancelling_an_unknown_order_is_not_found(stage: Stage, key: dict[str, Any], code: str) -> None:
    assert (await stage.refused(CANCEL, **key))["code"] == code


# ------------------------------------------------------------------ money, markets, people


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "1e40", "money"])
async def test_an_invalid_amount_moves_no_money(stage: Stage, amount: str) -> None:
    for document in (DEPOSIT, WITHDRAW):
        found = await stage.refused(document, accountId=stage.account_id, amount=amount, reference="bad")
        assert found["code"] == "BAD_USER_INPUT"


async def test_money_of_a_foreign_account_cannot_be_moved(stage: Stage) -> None:
    given = {"amount": "10000.01", "reference": "too much"}
    found = await stage.refused(WITHDRAW, accountId=stage.account_id, **given)
    assert found == {"code": "REJECTED", "reason": "INSUFFICIENT_FUNDS"}
    assert (await stage.refused(DEPOSIT, accountId=NOBODY, **given))["code"] == "NOT_FOUND"
    opening = {"accountId": stage.account_id, "reference": "opening"}
    assert (await stage.refused(DEPOSIT, **opening, amount="1"))["code"] == "CONFLICT"
    account = {"name": "x", "currency": "USD"}
    for wrong in ({"currency": "usd"}, {"venue": "moon"}, {"name": ""}, {"positionMode": "HEDGING"}):
        assert (await stage.refused(OPEN_ACCOUNT, **(account | wrong)))["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "quote",
    [
        {"symbol": "NOPE", "bid": "1"},
        {"symbol": SYMBOL},
        {"symbol": SYMBOL, "bid": "0"},
        {"symbol": SYMBOL, "bid": "-1"},
        {"symbol": SYMBOL, "bid": "NaN"},
        {"symbol": SYMBOL, "bid": "1", "bidSize": "-1"},
        {"symbol": SYMBOL, "bidSize": "1"},
        {"symbol": SYMBOL, "bid": "1", "at": "2999-01-01T00:00:00Z"},
    ],
    ids=str,
)
async def test_invalid_quotes_are_not_published(stage: Stage, quote: dict[str, str]) -> None:
    good = {"symbol": SYMBOL, "bid": "1", "ask": "2"}
    assert (await stage.refused(PUBLISH, quotes=[good, quote]))["code"] == "BAD_USER_INPUT"
    quotes = await stage.desk.client.ask("query ($s: [String!]!) { quotes(symbols: $s) { bid ask } }", s=[SYMBOL])
    assert quotes == {"quotes": [{"bid": "99.99", "ask": "100.01"}]}


async def test_invalid_instruments_are_not_created(stage: Stage) -> None:
    good = {"symbol": "NEW.LAB", "exchange": "LAB", "assetClass": "CRYPTO", "currency": "USD"}
    grid = {"tickSize": "0.01", "lotSize": "1"}
    for wrong in ({"tickSize": "0"}, {"lotSize": "-1"}, {"calendar": "MOON"}, {"symbol": "with space"}):
        found = await stage.refused(CREATE_INSTRUMENT, **(good | grid | wrong))
        assert (found["code"], found["field"]) == ("BAD_USER_INPUT", *(f"input.{name}" for name in wrong))
    assert (await stage.refused(CREATE_INSTRUMENT, **(good | grid | {"symbol": SYMBOL})))["code"] == "CONFLICT"


async def test_a_foreign_account_is_not_found(stage: Stage, web: Process) -> None:
    person = {"email": "eve@example.com", "name": "Eve", "password": "nobody's account", "role": "TRADER"}
    await stage.desk.client.ask(CREATE_USER, input=person)
    async with signed_in(web.address, "eve@example.com", "nobody's account") as eve:
        foreign = Stage(eve, stage.account_id, stage.database)
        order = order_input(stage.account_id, SYMBOL, "BUY", "1")
        assert (await foreign.refused(PLACE, **order))["code"] == "NOT_FOUND"
        cash = {"accountId": stage.account_id, "amount": "1", "reference": "eve"}
        for document in (DEPOSIT, WITHDRAW):
            assert (await foreign.refused(document, **cash))["code"] == "NOT_FOUND"
        account = await eve.client.ask("query ($id: ID!) { account(id: $id) { cash } }", id=stage.account_id)
        assert account == {"account": None}
        async with eve.client.socket() as socket:
            document = "subscription ($id: ID!) { orderEvents(accountId: $id) { kind } }"
            stream = await socket.subscribe(document, id=stage.account_id)
            await stream.wait(lambda: stream.end is not None)
            assert stream.end is not None
            assert '"NOT_FOUND"' in stream.end
        # What she may see and not do is another matter.
        assert (await foreign.refused(CREATE_USER, **person))["code"] == "FORBIDDEN"


# ------------------------------------------------------------------ who asks


async def test_a_wrong_password_is_refused(stage: Stage, web: Process) -> None:
    before = await stage.stored()
    async with Client(web.address) as client:
        for email, password in ((EMAIL, "not the password"), ("nobody@example.com", PASSWORD)):
            with pytest.raises(ApiError) as error:
                await client.sign_in(email, password)
            assert error.value.code == "UNAUTHENTICATED"
    assert await stage.stored() == before


def _expired(token: str) -> str:
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iss": False})
    past = int(time.time()) - 3_600
    return jwt.encode(claims | {"iat": past - 900, "exp": past}, SECRET, algorithm="HS256")


def _foreign(token: str) -> str:
    claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iss": False})
    return jwt.encode(claims, "f" * 64, algorithm="HS256")


@pytest.mark.parametrize("spoil", [_expired, _foreign, lambda token: token[:-1], lambda _: "x" * 5_000, lambda _: ""])
async def test_an_invalid_token_is_refused(stage: Stage, web: Process, spoil: Any) -> None:
    token = stage.desk.client.token
    assert token is not None
    async with Client(web.address, spoil(token)) as client:
        nobody = Stage(Desk(client), stage.account_id, stage.database)
        order = order_input(stage.account_id, SYMBOL, "BUY", "1")
        assert (await nobody.refused(PLACE, **order))["code"] == "UNAUTHENTICATED"


# ------------------------------------------------------------------ what is no request


async def _answer(web: Process, token: str, content: bytes, **headers: str) -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        sent = {"content-type": "application/json", "authorization": f"Bearer {token}"} | headers
        response = await client.post(web.endpoint, content=content, headers=sent)
    error = response.json()["errors"][0]
    assert "Traceback" not in response.text
    return response.status_code, error["extensions"]["code"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"nonsense", b"[]", b"{}", b"\xff\xfe", b'{"query": 7}', b"[" * 100_000]
)
async def test_an_invalid_json_request_is_refused(web: Process, token: str, content: bytes) -> None:
    assert await _answer(web, token, content) == (400, "BAD_USER_INPUT")


async def test_a_huge_request_body_is_refused(web: Process, token: str) -> None:
    body = orjson.dumps({"query": VIEWER, "variables": {"x": "x" * 10_000_000}})
    assert await _answer(web, token, body) == (413, "BAD_USER_INPUT")


async def test_an_endless_query_is_refused(web: Process, token: str) -> None:
    deep = "{ accounts " + "{ owner { grants { account " * 33 + "{ id }" + " } } }" * 33 + " }"
    body = orjson.dumps({"query": deep})
    accept = "application/graphql-response+json"
    assert await _answer(web, token, body, accept=accept) == (400, "GRAPHQL_VALIDATION_FAILED")
    nested = "{ viewer { email } " + "... on Query { " * 5_000 + "}" * 5_001
    status, code = await _answer(web, token, orjson.dumps({"query": nested}), accept=accept)
    assert (status, code) == (400, "GRAPHQL_PARSE_FAILED")


# ------------------------------------------------------------------ servers that are away


@asynccontextmanager
async def _without(server: Any) -> AsyncIterator[None]:
    """A server is down, and comes back."""
    server.kill()
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


async def test_an_unreachable_database_is_reported_as_unavailable(
    stage: Stage, web: Process, services: EmbeddedServices
) -> None:
    terms = {"type": "LIMIT", "limitPrice": "50", "clientOrderId": "patience"}
    order = order_input(stage.account_id, SYMBOL, "BUY", "1", **terms)
    async with _without(services.postgres):
        for document, given in (
            (PLACE, order),
            (DEPOSIT, {"accountId": stage.account_id, "amount": "1", "reference": "x"}),
        ):
            with pytest.raises(ApiError) as error:
                await stage.desk.client.ask(document, input=given)
            assert error.value.code == "UNAVAILABLE"
        async with httpx.AsyncClient(trust_env=False, base_url=web.address) as client:
            assert (await client.get("/healthz")).status_code == 200
            # What it has found out is remembered for a moment.
            await until(lambda: _is_unready(client))
    placed = await stage.desk.place(**_named(order))
    await stage.desk.settled(placed["id"], "NEW")
    await stage.desk.cancel(placed["id"])
    await stage.desk.settled(placed["id"], "CANCELED")
    await stage.desk.check_books()


async def _is_unready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 503


def _named(order: dict[str, Any]) -> dict[str, Any]:
    return {"account_id": order["accountId"]} | {name: value for name, value in order.items() if name != "accountId"}


async def test_trading_continues_without_valkey(stage: Stage, services: EmbeddedServices) -> None:
    async with _without(services.valkey):
        order = await stage.desk.place(stage.account_id, SYMBOL, "BUY", "1", type="LIMIT", limitPrice="100.01")
        filled = await stage.desk.settled(order["id"], "FILLED")
        assert [item["price"] for item in filled["executions"]] == ["100.01"]
        with pytest.raises(ApiError) as error:
            await stage.desk.publish(SYMBOL, "99.98", "100.02")
        assert error.value.code == "UNAVAILABLE"
    sold = await stage.desk.place(stage.account_id, SYMBOL, "SELL", "1", type="LIMIT", limitPrice="99.99")
    await stage.desk.settled(sold["id"], "FILLED")
