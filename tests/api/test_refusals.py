"""Refusals say what to do."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx
import orjson
import pytest

from api.errors import RequestError
from api.graphql.runner import OperationRequest, OperationRunner, bearer_token
from api.limits import RequestLimits
from api.metrics import ApiMetrics
from api.root import platform_schema
from api.schema import export_schema
from domain.kernel.ids import new_id
from domain.orders.model.types import OrderType
from tests.orders.factories import SPOT, command
from tests.support.api import Running
from tests.support.asking import Asking
from tests.support.trading import Platform, platform
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
async def whole(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as made:
        await made.add_instrument(replace(SPOT, id=new_id()))
        await made.quote("COIN", "99.99", "100.01")
        yield made


async def test_a_conflict_shows_the_current_state_of_the_order(whole: Platform) -> None:
    owner, book = await whole.open_account("10000")
    (placed,) = await whole.place(
        owner, command(account_id=book.id, symbol="COIN", type=OrderType.MARKET, quantity=Decimal("0.1"))
    )
    (order,) = await whole.settled(placed.id)
    expected = {"code": "CONFLICT", "status": "FILLED", "version": order.version}
    for document in (
        "mutation ($id: ID!) { cancelOrder(input: { id: $id }) { replayed } }",
        'mutation ($id: ID!) { modifyOrder(input: { id: $id, quantity: "1" }) { replayed } }',
    ):
        refusal = await Asking(whole, owner).refusal(document, id=str(order.id))
        assert {name: refusal[name] for name in expected} == expected


async def test_a_credential_without_its_scheme_is_refused_with_an_example(whole: Platform) -> None:
    runner = OperationRunner(platform_schema(), whole.services, RequestLimits(), ApiMetrics())
    for header in ("tg_something", "Basic abc", "tg_ 1"):
        caller = await runner.identify(bearer_token(header), "127.0.0.1")
        with pytest.raises(RequestError) as caught:
            runner.prepare(OperationRequest("{ viewer { id } }"), caller)
        assert caught.value.code == "UNAUTHENTICATED"
        assert "Authorization: Bearer" in caught.value.errors[0]["message"]
    assert [bearer_token(header) for header in (None, "", "Bearer x", "bearer  x ")] == [None, None, "x", "x"]


async def test_a_failing_field_leaves_the_other_fields_of_a_dashboard(whole: Platform) -> None:
    owner, book = await whole.open_account("10000")
    api, fields = Asking(whole, owner), "viewer { role } riskMetrics(accountId: $other) { equity }"
    ids = {"other": str(new_id())}
    whole = await api.answer(f"query ($other: ID!) {{ {fields} }}", **ids)
    assert whole["data"] is None
    apart = await api.answer(f"query ($other: ID!) @experimental_disableErrorPropagation {{ {fields} }}", **ids)
    assert orjson.loads(orjson.dumps(apart["data"], default=str))["riskMetrics"] is None
    assert apart["data"]["viewer"]["role"] == "TRADER"
    (error,) = apart["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["riskMetrics"], "NOT_FOUND")
    assert book.id is not None


async def test_the_schema_is_served_as_text_to_signed_in_callers(server: Running) -> None:
    address = server.endpoint.replace("/graphql", "/schema.graphql")
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_SECONDS) as client:
        for unsigned in ({}, {"authorization": "tg_ada"}):
            refused = await client.get(address, headers=unsigned)
            assert (refused.status_code, "`Authorization: Bearer" in refused.text) == (401, True)
        headers = {"authorization": "Bearer ada"}
        answer = await client.get(address, headers=headers)
        assert answer.status_code == 200
        assert answer.text == export_schema(server.api.serving.runner.documents.schema)
        again = await client.get(address, headers=headers | {"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
