"""The client's rules, without a server: what is sent, what an answer means, what is tried again, the time."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import FieldNode, NoDeprecatedCustomRule, OperationDefinitionNode, build_schema, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from tests.support.processes import ROOT
from tradegraph_client import (
    UNSET,
    ApiError,
    ApiKey,
    Client,
    Conflict,
    CursorsUnreadable,
    FileCursors,
    Forbidden,
    InvalidDocument,
    RateLimited,
    Rejected,
    RetryPolicy,
    ServerFailure,
    SyncClient,
    Unauthenticated,
    Unavailable,
)
from tradegraph_client.calls import Call, renewing
from tradegraph_client.clock import ServerClock
from tradegraph_client.credentials import Password, Tokens
from tradegraph_client.errors import error_of
from tradegraph_client.generated import documents
from tradegraph_client.streaming import Subscription
from tradegraph_client.types import (
    OrderLegInput,
    OrderStatus,
    OrderType,
    PlaceBracketInput,
    PlaceOcoInput,
    PlaceOrderInput,
    PlaceOrdersInput,
    Side,
)
from tradegraph_client.wire import encode, read_answer, retry_after

ORDER = PlaceOrderInput(
    account_id="A", symbol="X", side=Side.BUY, type=OrderType.MARKET, quantity=Decimal("1E+2"), strategy=None
)
QUERY, COMMAND = "query x { x }", "mutation haltTrading { x }"


def call(document: str, operation: str, **variables: object) -> tuple[Call, dict[str, Any]]:
    """A call that begins at zero, and its variables as they are sent."""
    made = Call(document, operation, variables, RetryPolicy(patience_seconds=10, jitter=0), 0.0)
    sent: dict[str, Any] = json.loads(made.body)["variables"]
    return made, sent


def lost() -> Unavailable:
    """The error of an answer that did not come."""
    error = Unavailable("cut")
    error.outcome_unknown = True
    return error


def test_values_are_sent_exactly_and_absent_ones_are_omitted() -> None:
    assert encode({"input": ORDER, "left": UNSET, "none": None}) == {
        "input": {
            "accountId": "A",
            "symbol": "X",
            "side": "BUY",
            "type": "MARKET",
            "quantity": "100",
            "strategy": None,
        },
        "none": None,
    }
    noon = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    assert encode([noon, date(2026, 1, 2), Decimal("0.000000000000000001")]) == [
        "2026-01-02T10:00:00+00:00",
        "2026-01-02",
        "0.000000000000000001",
    ]
    with pytest.raises(ValueError, match="zone"):
        encode(datetime(2026, 1, 2))  # noqa: DTZ001  # what is refused
    with pytest.raises(ValueError, match="NaN"):
        encode(Decimal("NaN"))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=18, min_value=-(10**17), max_value=10**17))
def test_decimals_round_trip_through_the_server(value: Decimal) -> None:
    assert Decimal(encode(value)) == value
    assert "E" not in encode(value)


def test_an_unknown_enum_value_of_a_newer_server_is_accepted() -> None:
    word = OrderStatus("SUSPENDED")
    assert (word, word.value, str(word)) == ("SUSPENDED", "SUSPENDED", "SUSPENDED")
    assert word not in set(OrderStatus)


def test_every_order_gets_an_id_before_it_is_sent_and_keeps_its_own() -> None:
    leg = OrderLegInput(type=OrderType.STOP, stop_price=Decimal("1"))
    own = ORDER.model_copy(update={"client_order_id": "mine"})
    _, one = call(documents.PLACE_ORDER_GQL, "placeOrder", input=ORDER)
    assert one["input"]["clientOrderId"].startswith("py-")
    _, several = call(documents.PLACE_ORDERS_GQL, "placeOrders", input=PlaceOrdersInput(orders=[ORDER, own, ORDER]))
    ids = [order["clientOrderId"] for order in several["input"]["orders"]]
    assert ids[1] == "mine"
    assert len(set(ids)) == 3
    _, bracket = call(documents.PLACE_BRACKET_GQL, "placeBracket", input=PlaceBracketInput(entry=ORDER, stop_loss=leg))
    assert bracket["input"]["entry"]["clientOrderId"]
    assert bracket["input"]["stopLoss"]["clientOrderId"]
    assert "takeProfit" not in bracket["input"]
    _, oco = call(documents.PLACE_OCO_GQL, "placeOco", input=PlaceOcoInput(first=ORDER, second=own))
    assert oco["input"]["second"]["clientOrderId"] == "mine"
    assert "client_order_id" not in ORDER.model_fields_set


@pytest.mark.parametrize(
    ("document", "operation", "error", "is_tried_again"),
    [
        (QUERY, "x", lost(), True),
        (COMMAND, "haltTrading", lost(), False),
        (COMMAND, "haltTrading", Unavailable("refused"), True),
        (COMMAND, "haltTrading", RateLimited("slower"), True),
        (COMMAND, "placeOrder", lost(), True),
        (COMMAND, "deposit", lost(), True),
        (COMMAND, "createApiKey", lost(), False),
        (QUERY, "x", Rejected("no"), False),
        (QUERY, "x", ServerFailure("masked"), False),
    ],
)
def test_only_harmless_requests_are_retried(
    document: str, operation: str, error: ApiError, is_tried_again: bool
) -> None:
    made, _ = call(document, operation)
    if is_tried_again:
        assert made.wait_after(error, 0.0, 0.5) >= 0.1
    else:
        with pytest.raises(type(error)):
            made.wait_after(error, 0.0, 0.5)


def test_retry_delays_grow_up_to_the_deadline() -> None:
    made, _ = call(QUERY, "x")
    assert [made.wait_after(lost(), 0.0, 0.5) for _ in range(8)] == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    with pytest.raises(Unavailable):
        made.wait_after(lost(), 9.0, 0.5)
    patient, _ = call(QUERY, "x")
    assert patient.wait_after(RateLimited("", {"retryAfterSeconds": 7}), 0.0, 0.5) == 7
    with pytest.raises(RateLimited):
        patient.wait_after(RateLimited("", {"retryAfterSeconds": 60}), 0.0, 0.5)


def test_an_order_whose_answer_was_lost_stays_marked_as_uncertain() -> None:
    made, _ = call(documents.PLACE_ORDER_GQL, "placeOrder", input=ORDER)
    made.wait_after(lost(), 0.0, 0.5)
    with pytest.raises(Unavailable) as error:
        made.wait_after(RateLimited("", {"code": "RATE_LIMITED", "retryAfterSeconds": 60}), 1.0, 0.5)
    assert (error.value.outcome_unknown, len(error.value.client_order_ids)) == (True, 1)
    # A refusal of the repeat tells that the first one did nothing either.
    again, _ = call(documents.PLACE_ORDER_GQL, "placeOrder", input=ORDER)
    again.wait_after(lost(), 0.0, 0.5)
    with pytest.raises(Conflict):
        again.wait_after(Conflict("", {"code": "CONFLICT"}), 1.0, 0.5)


def test_each_error_code_has_its_exception() -> None:
    conflict = error_of({"message": "m", "extensions": {"code": "CONFLICT", "status": "FILLED", "version": 3}})
    assert isinstance(conflict, Conflict)
    assert (conflict.status, conflict.version) == ("FILLED", 3)
    told = error_of(
        {"message": "m", "path": ["a", 0], "extensions": {"code": "BAD_USER_INPUT", "field": "input.q", "index": 2}}
    )
    assert (told.field, told.index, told.path, str(told)) == ("input.q", 2, ("a", 0), "BAD_USER_INPUT (input.q): m")
    assert isinstance(error_of({"message": "m", "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}), InvalidDocument)
    assert error_of({"message": "m", "extensions": {"code": "NEW"}}).code == "NEW"
    assert error_of({"message": "m"}).code == "UNKNOWN"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, RateLimited),
        (502, Unavailable),
        (503, Unavailable),
        (500, ServerFailure),
        (403, Forbidden),
        (404, ApiError),
    ],
)
def test_error_pages_of_a_proxy_become_errors(status: int, kind: type[ApiError]) -> None:
    with pytest.raises(kind, match=f"status {status}: Go away"):
        read_answer(status, {}, b"<p>Go\n away</p>".replace(b"<p>", b"").replace(b"</p>", b""))


def test_retry_after_is_read_in_both_forms() -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    said = format_datetime(now + timedelta(seconds=9), usegmt=True)
    assert retry_after({"retry-after": "3"}) == 3
    assert retry_after({"retry-after": said, "date": format_datetime(now, usegmt=True)}) == 9
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None


@given(st.floats(-1e6, 1e6), st.lists(st.tuples(st.floats(0, 2), st.floats(0, 2), st.floats(0, 5)), min_size=1))
def test_the_server_time_lies_between_the_bounds_of_its_answers(
    ahead: float, rounds: list[tuple[float, float, float]]
) -> None:
    epoch, local, clock = datetime(2026, 1, 1, tzinfo=UTC), 1e6, ServerClock()
    for there, back, pause in rounds:
        sent, said = local, local + there
        local = said + back
        clock.observe(format_datetime(epoch + timedelta(seconds=said + ahead), usegmt=True), sent, local)
        local += pause
    wrong = abs((clock.now(local) - (epoch + timedelta(seconds=local + ahead))).total_seconds())
    assert wrong <= (clock.uncertainty_seconds or 0) + 1e-3
    assert (clock.uncertainty_seconds or 0) <= 2.5


def test_a_token_is_renewed_by_the_server_clock_before_it_expires() -> None:
    server = datetime(2030, 1, 1, tzinfo=UTC)
    session = {"accessToken": "a", "refreshToken": "r", "expiresAt": "2030-01-01T00:15:00.000Z"}
    assert Tokens.of(session, server, 1000.0).renew_at == 1000 + 900 - 60
    assert "a" not in repr(Tokens.of(session, server, 1.0)).replace("access", "").replace("at", "").replace(
        "Tokens", ""
    )


def test_sign_in_asks_for_a_code_only_when_required() -> None:
    codes = iter(["123456"])
    flow = renewing(Password("a@b.c", "secret", lambda: next(codes)), None)
    assert json.loads(next(flow))["variables"] == {"input": {"email": "a@b.c", "password": "secret"}}
    again = flow.throw(Unauthenticated("", {"reason": "CODE_REQUIRED"}))
    assert json.loads(again)["variables"]["input"]["code"] == "123456"
    with pytest.raises(StopIteration) as end:
        flow.send({"login": {"accessToken": "x"}})
    assert end.value.value == {"accessToken": "x"}


def test_a_refresh_token_whose_answer_was_lost_is_dropped() -> None:
    flow = renewing(Password("a@b.c", "secret"), Tokens("a", "r", 0.0))
    assert json.loads(next(flow))["operationName"] == "refreshSession"
    assert json.loads(flow.throw(lost()))["operationName"] == "login"


def test_secrets_are_not_in_representations() -> None:
    for value in (ApiKey("hidden"), Password("a@b.c", "hidden"), Tokens("hidden", "hidden", 0.0)):
        assert "hidden" not in repr(value)


async def test_both_clients_wait_as_long_as_the_server_says() -> None:
    told: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        told.append(0.0)
        if len(told) % 2:
            return httpx.Response(429, headers={"retry-after": "0"}, text="slower")
        return httpx.Response(200, json={"data": {"viewer": None}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        assert await Client("http://x", http=http).execute("query viewer { viewer }") == {"viewer": None}
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        assert SyncClient("http://x", http=http).execute("query viewer { viewer }") == {"viewer": None}
    assert len(told) == 4


def test_stream_positions_are_written_to_a_file_atomically(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cursors.json"
    FileCursors(path).save("orders", "c1")
    cursors = FileCursors(path)
    cursors.save("risk", "c2")
    assert (FileCursors(path).load("orders"), FileCursors(path).load("risk")) == ("c1", "c2")
    assert FileCursors(path).load("other") is None
    assert [file.name for file in path.parent.iterdir()] == ["cursors.json"]
    for broken in ("{", "[]", '{"a": 1}'):
        path.write_text(broken)
        with pytest.raises(CursorsUnreadable):
            FileCursors(path).load("orders")
    with pytest.raises(CursorsUnreadable, match="cannot be"):
        FileCursors(tmp_path).load("orders")


def test_a_stream_resumes_after_the_last_taken_event(tmp_path: Path) -> None:
    path = tmp_path / "cursors.json"

    def follow(name: str | None) -> Subscription:
        return Subscription(
            documents.WATCH_ORDER_EVENTS_GQL, "watchOrderEvents", {"accountId": "A"}, name, FileCursors(path), None
        )

    def variables(wanted: Subscription) -> Any:
        return json.loads(wanted.message())["payload"]["variables"]

    first = follow("bot")
    assert variables(first) == {"accountId": "A"}
    first.taken({"orderEvents": {"cursor": "c7"}})
    assert variables(first) == {"accountId": "A", "after": "c7"}
    assert variables(follow("bot")) == {"accountId": "A", "after": "c7"}
    assert variables(follow(None)) == {"accountId": "A"}
    with pytest.raises(ValueError, match="no position to store"):
        Subscription(documents.WATCH_QUOTES_GQL, "watchQuotes", {}, "quotes", FileCursors(path), None)


def test_the_client_has_an_operation_for_every_root_field_and_asks_for_nothing_deprecated() -> None:
    """`clients/python/operations` has one; `node` and `nodes` are for caches, which know what they ask for."""
    schema = build_schema((ROOT / "schema.graphql").read_text())
    written = "\n".join(file.read_text() for file in (ROOT / "clients/python/operations").rglob("*.graphql"))
    asked = {
        selection.name.value
        for definition in parse(written).definitions
        if isinstance(definition, OperationDefinitionNode)
        for selection in definition.selection_set.selections
        if isinstance(selection, FieldNode)
    }
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    found = [item for root in roots if root is not None for item in root.fields.items()]
    fields = {name for name, field in found if field.deprecation_reason is None}
    assert fields - asked == {"node", "nodes"}
    assert asked <= fields
    assert validate(schema, parse(written), [NoDeprecatedCustomRule]) == []
