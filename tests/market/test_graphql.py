"""Instruments, quotes and bars through the API: what clients send, see and are refused."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from graphql import parse, subscribe

from adapters.redis.bus import RedisBus
from adapters.redis.tick_stream import RedisTickStream
from api.errors import RequestError
from api.graphql.encoding import encode
from api.graphql.runner import Caller, OperationRequest, OperationRunner, refusal_of
from api.limits import RequestLimits
from api.market.mutations import MarketMutation
from api.market.queries import MarketQuery
from api.market.subscriptions import MarketSubscription
from api.metrics import ApiMetrics
from api.schema import build_schema
from domain.access.types import Role
from domain.kernel.database import fetch
from domain.market.market import Market
from domain.market.recording import Recorder
from tests.support.people import ADDRESS, Person, join, quick_access

SCHEMA = build_schema([MarketQuery], [MarketMutation], [MarketSubscription])
CREATE = "mutation ($input: CreateInstrumentInput!) { createInstrument(input: $input) { %s } }"
UPDATE = "mutation ($input: UpdateInstrumentInput!) { updateInstrument(input: $input) { %s } }"
PUBLISH = "mutation ($quotes: [QuoteInput!]!) { publishQuotes(input: { quotes: $quotes }) }"
REPLAY = 'mutation ($quotes: [QuoteInput!]!) { publishQuotes(input: { quotes: $quotes, replay: "august" }) }'
TERMS = """
  symbol name exchange assetClass currency tickSize lotSize minQuantity maxQuantity minNotional multiplier inverse
  initialMarginRate maintenanceMarginRate fees { makerRate takerRate perUnit minimum sellTaxRate } settlementCycle
  priceLimitRate shortable tradable calendar sessionOpen quote { symbol }
"""
QUOTE = "symbol bid ask bidSize askSize last lastSize previousClose volume at stale"
SMALL = {
    "symbol": "TEST", "exchange": "LAB", "assetClass": "CRYPTO", "currency": "USD", "tickSize": "0.01", "lotSize": "1",
}  # fmt: skip


class Client:
    """Asks as the transports do, without one."""

    def __init__(self, person: Person, **services: Any) -> None:
        self.runner = OperationRunner(SCHEMA, cast("Any", SimpleNamespace(**services)), RequestLimits(), ApiMetrics())
        self.person = person

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer, through its encoding."""
        try:
            caller = await self._caller()
            operation = self.runner.prepare(OperationRequest(query), caller)
            answer = await self.runner.answer(operation, variables, caller)
        except RequestError as error:
            answer = refusal_of(error)
        content: dict[str, Any] = orjson.loads(encode(answer.content))
        return content

    async def data(self, query: str, **variables: Any) -> Any:
        """The value of the only field of an answer without errors."""
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    async def refusal(self, query: str, **variables: Any) -> dict[str, Any]:
        """Extensions of the one error."""
        (error,) = (await self.ask(query, **variables))["errors"]
        extensions: dict[str, Any] = error["extensions"]
        return extensions

    async def follow(self, document: str, **variables: Any) -> AsyncIterator[Any]:
        """The values of a subscription, or its refusal."""
        context = self.runner.context(await self._caller())
        stream: Any = subscribe(SCHEMA, parse(document), context_value=context, variable_values=variables)
        stream = await stream if not hasattr(stream, "__aiter__") and hasattr(stream, "__await__") else stream
        if not hasattr(stream, "__aiter__"):
            raise stream.errors[0].original_error
        async with aclosing(stream):
            async for result in stream:
                assert result.errors is None
                (value,) = result.data.values()
                yield value

    async def _caller(self) -> Caller:
        return await self.runner.identify(self.person.session.access_token, ADDRESS)


@pytest.fixture
async def parts(market: Market, bus: RedisBus) -> dict[str, Any]:
    return {"access": quick_access(), "market": market, "bus": bus}


@pytest.fixture
async def admin(parts: dict[str, Any]) -> Client:
    return Client(await join(parts["access"], "root", Role.ADMIN), **parts)


@pytest.fixture
async def viewer(parts: dict[str, Any]) -> Client:
    return Client(await join(parts["access"], "ann", Role.VIEWER), **parts)


async def instruments() -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await fetch("SELECT * FROM instruments")]


async def test_an_instrument_is_created_with_all_defaults(admin: Client, viewer: Client) -> None:
    expected = {
        "symbol": "TEST", "name": "TEST", "exchange": "LAB", "assetClass": "CRYPTO", "currency": "USD",
        "tickSize": "0.01", "lotSize": "1", "minQuantity": "1", "maxQuantity": None, "minNotional": None,
        "multiplier": "1", "inverse": False, "initialMarginRate": "1", "maintenanceMarginRate": "1",
        "fees": {"makerRate": "0", "takerRate": "0", "perUnit": "0", "minimum": "0", "sellTaxRate": "0"},
        "settlementCycle": "T0", "priceLimitRate": None, "shortable": False, "tradable": True, "calendar": "24/7",
        "sessionOpen": True, "quote": None,
    }  # fmt: skip
    assert await admin.data(CREATE % TERMS, input=SMALL) == expected
    assert await viewer.data(f'{{ instrument(symbol: "TEST") {{ {TERMS} }} }}') == expected


async def test_an_instrument_is_created_with_every_field(admin: Client) -> None:
    given = {
        "symbol": "600000.SSE", "name": "Pudong Bank", "exchange": "SSE", "assetClass": "EQUITY", "currency": "CNY",
        "tickSize": "0.01", "lotSize": "100", "minQuantity": "200", "maxQuantity": "1000000", "minNotional": "5.5",
        "multiplier": "2", "inverse": False, "initialMarginRate": "0.5", "maintenanceMarginRate": "0.25",
        "fees": {"makerRate": "-0.0001", "takerRate": "0.00025", "perUnit": "0.1", "minimum": "5",
                 "sellTaxRate": "0.0005"},
        "settlementCycle": "T1", "priceLimitRate": "0.1", "shortable": True, "calendar": "XSHG",
    }  # fmt: skip
    shown = await admin.data(CREATE % TERMS, input=given)
    assert {name: shown[name] for name in given} == given


async def test_invalid_terms_are_refused(admin: Client, viewer: Client) -> None:
    await admin.data(CREATE % "id", input=SMALL)
    before = await instruments()
    for given, extensions in (
        ({"symbol": "A B"}, {"code": "BAD_USER_INPUT", "field": "input.symbol"}),
        ({"symbol": "NEW", "tickSize": "0"}, {"code": "BAD_USER_INPUT", "field": "input.tickSize"}),
        ({"symbol": "NEW", "calendar": "MOON"}, {"code": "BAD_USER_INPUT", "field": "input.calendar"}),
        ({"symbol": "NEW", "fees": {"takerRate": "-1"}}, {"code": "BAD_USER_INPUT", "field": "input.fees.takerRate"}),
        ({}, {"code": "CONFLICT"}),
    ):
        assert await admin.refusal(CREATE % "id", input=SMALL | given) == extensions
    assert await viewer.refusal(CREATE % "id", input=SMALL | {"symbol": "NEW"}) == {"code": "FORBIDDEN"}
    assert await instruments() == before


async def test_an_instrument_is_changed_and_invalid_changes_are_refused(admin: Client) -> None:
    await admin.data(CREATE % "id", input=SMALL | {"priceLimitRate": "0.1"})
    shown = "name tradable priceLimitRate fees { takerRate makerRate }"
    changed = await admin.data(
        UPDATE % shown, input={"symbol": "TEST", "tradable": False, "fees": {"takerRate": "0.01"}}
    )
    fees = {"takerRate": "0.01", "makerRate": "0"}
    assert changed == {"name": "TEST", "tradable": False, "priceLimitRate": "0.1", "fees": fees}
    # Null is the same as left out, but takes a price limit away.
    changed = await admin.data(UPDATE % shown, input={"symbol": "TEST", "name": None, "priceLimitRate": None})
    assert changed == {"name": "TEST", "tradable": False, "priceLimitRate": None, "fees": fees}
    assert await admin.refusal(UPDATE % shown, input={"symbol": "NONE"}) == {
        "code": "NOT_FOUND",
        "field": "input.symbol",
    }


async def test_instruments_have_symbols_at_their_venues(admin: Client) -> None:
    created = await admin.data(CREATE % "venueSymbol", input=SMALL | {"venueSymbol": "TEST/USDT"})
    assert created == {"venueSymbol": "TEST/USDT"}
    update = UPDATE % "tradable venueSymbol"
    # Null is the same as left out.
    for given, expected in ({"venueSymbol": "TESTUSDT"}, "TESTUSDT"), ({"venueSymbol": None}, "TESTUSDT"):
        changed = await admin.data(update, input={"symbol": "TEST", "tradable": False} | given)
        assert changed == {"tradable": False, "venueSymbol": expected}
    refusal = {"code": "BAD_USER_INPUT", "field": "input.venueSymbol"}
    for wrong in ("", "two words", "x" * 41):
        assert await admin.refusal(update, input={"symbol": "TEST", "venueSymbol": wrong}) == refusal
        assert await admin.refusal(CREATE % "id", input=SMALL | {"symbol": "N", "venueSymbol": wrong}) == refusal
    assert (await admin.data(update, input={"symbol": "TEST"}))["venueSymbol"] == "TESTUSDT"


async def test_an_unknown_instrument_is_null(viewer: Client) -> None:
    assert await viewer.data('{ instrument(symbol: "NONE") { id } }') is None


async def test_instruments_are_listed_in_pages(admin: Client, viewer: Client) -> None:
    for symbol in ("C", "A", "B"):
        await admin.data(CREATE % "id", input=SMALL | {"symbol": symbol})
    query = """query ($after: String, $filter: InstrumentFilter) {
      instruments(first: 2, after: $after, filter: $filter) {
        totalCount edges { node { symbol } } pageInfo { hasNextPage hasPreviousPage endCursor }
      }
    }"""
    first = await viewer.data(query)
    assert [edge["node"]["symbol"] for edge in first["edges"]] == ["A", "B"]
    assert first["totalCount"] == 3
    end = first["pageInfo"]["endCursor"]
    assert first["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False, "endCursor": end}
    second = await viewer.data(query, after=end)
    assert [edge["node"]["symbol"] for edge in second["edges"]] == ["C"]
    found = await viewer.data(
        query, filter={"search": "b", "assetClass": "CRYPTO", "exchange": "LAB", "tradable": True}
    )
    assert (found["totalCount"], [edge["node"]["symbol"] for edge in found["edges"]]) == (1, ["B"])
    assert await viewer.refusal(query, after="nonsense") == {"code": "BAD_USER_INPUT", "field": "after"}
    assert await viewer.refusal("{ instruments(first: 501) { totalCount } }") == {
        "code": "BAD_USER_INPUT",
        "field": "first",
    }


async def test_published_quotes_keep_their_nanoseconds(admin: Client, viewer: Client) -> None:
    await admin.data(CREATE % "id", input=SMALL)
    quotes = [
        {"symbol": "TEST", "last": "9.5", "lastSize": "2", "at": "2024-08-07T12:00:00Z"},
        {"symbol": "TEST", "bid": "10.01", "ask": "10.02", "bidSize": "3", "askSize": "4", "last": "10.015",
         "lastSize": "5", "at": "2024-08-08T23:59:58.372181179Z"},
    ]  # fmt: skip
    assert await admin.data(REPLAY, quotes=quotes) == 2
    expected = {
        "symbol": "TEST", "bid": "10.01", "ask": "10.02", "bidSize": "3", "askSize": "4", "last": "10.015",
        "lastSize": "5", "previousClose": "9.5", "volume": "5", "at": "2024-08-08T23:59:58.372181179Z", "stale": False,
    }  # fmt: skip
    assert await viewer.data(f'{{ quotes(symbols: ["TEST"]) {{ {QUOTE} }} }}') == [expected]
    assert await viewer.data(f'{{ instrument(symbol: "TEST") {{ quote {{ {QUOTE} }} }} }}') == {"quote": expected}


async def test_a_quote_without_a_time_gets_the_current_time(admin: Client) -> None:
    await admin.data(CREATE % "id", input=SMALL)
    assert await admin.data(PUBLISH, quotes=[{"symbol": "TEST", "bid": 1}]) == 1
    (shown,) = await admin.data('{ quotes(symbols: ["TEST"]) { at ask } }')
    assert abs((datetime.fromisoformat(shown["at"]) - datetime.now(UTC)).total_seconds()) < 60
    assert shown["ask"] is None


async def test_invalid_quotes_are_refused(admin: Client, viewer: Client, ticks: RedisTickStream) -> None:
    await admin.data(CREATE % "id", input=SMALL)
    good = {"symbol": "TEST", "bid": "1"}
    for bad, field in (
        ({"symbol": "NONE", "bid": "1"}, "symbol"),
        ({"symbol": "TEST"}, "bid"),
        ({"symbol": "TEST", "bid": "-1"}, "bid"),
        ({"symbol": "TEST", "bid": "1", "bidSize": "-1"}, "bidSize"),
        ({"symbol": "TEST", "bid": "1", "at": "2999-01-01T00:00:00Z"}, "at"),
    ):
        assert await admin.refusal(PUBLISH, quotes=[good, bad]) == {
            "code": "BAD_USER_INPUT",
            "field": f"input.quotes.1.{field}",
            "index": 1,
        }
    for number in ("NaN", "Infinity", "1" * 19, "one"):
        assert (await admin.refusal(PUBLISH, quotes=[{"symbol": "TEST", "bid": number}]))["code"] == "BAD_USER_INPUT"
    assert await viewer.refusal(PUBLISH, quotes=[good]) == {"code": "FORBIDDEN"}
    assert await ticks.drain("0-0") == []
    assert await viewer.data('{ quotes(symbols: ["TEST"]) { at } }') == []
    assert await viewer.refusal('{ quotes(symbols: ["NONE"]) { at } }') == {
        "code": "NOT_FOUND",
        "field": "symbols",
    }


BARS = """query ($from: DateTime, $to: DateTime, $limit: Int! = 500) {
  bars(symbol: "TEST", interval: MINUTE, from: $from, to: $to, limit: $limit) {
    symbol interval at open high low close volume
  }
}"""


async def recorded(ticks: RedisTickStream, market: Market, bus: RedisBus) -> None:
    recorder = Recorder(market, ticks, bus)
    await recorder.load()
    recorder.take_in(await ticks.drain("0-0"))
    await recorder.flush()


async def test_published_quotes_make_bars(
    admin: Client, viewer: Client, ticks: RedisTickStream, market: Market, bus: RedisBus
) -> None:
    await admin.data(CREATE % "id", input=SMALL)
    trades = (("10", "1", "00:00"), ("12", "2", "00:30"), ("9", "3", "00:59.999999999"), ("11", "4", "01:00"))
    quotes = [
        {"symbol": "TEST", "last": price, "lastSize": size, "at": f"2024-08-08T12:{at}Z"} for price, size, at in trades
    ]
    assert await admin.data(PUBLISH, quotes=quotes) == 4
    await recorded(ticks, market, bus)
    first = {"symbol": "TEST", "interval": "MINUTE", "at": "2024-08-08T12:00:00Z", "open": "10", "high": "12",
             "low": "9", "close": "9", "volume": "6"}  # fmt: skip
    second = {"symbol": "TEST", "interval": "MINUTE", "at": "2024-08-08T12:01:00Z", "open": "11", "high": "11",
              "low": "11", "close": "11", "volume": "4"}  # fmt: skip
    assert await viewer.data(BARS) == [first, second]
    assert await viewer.data(BARS, limit=1) == [second]
    assert await viewer.data(BARS, **{"from": "2024-08-08T12:00:00Z", "limit": 1}) == [first]
    assert await viewer.data(BARS, to="2024-08-08T12:01:00Z") == [first]
    assert await viewer.refusal(BARS, limit=0) == {"code": "BAD_USER_INPUT", "field": "limit"}
    assert await viewer.refusal('{ bars(symbol: "NONE", interval: DAY) { at } }') == {
        "code": "NOT_FOUND",
        "field": "symbol",
    }


async def test_quotes_are_streamed(admin: Client, viewer: Client) -> None:
    for symbol in ("TEST", "OTHER"):
        await admin.data(CREATE % "id", input=SMALL | {"symbol": symbol})
    await admin.data(PUBLISH, quotes=[{"symbol": "TEST", "bid": "1"}])
    document = "subscription ($symbols: [String!]!) { quotes(symbols: $symbols) { symbol bid stale } }"
    async with aclosing(cast("Any", viewer.follow(document, symbols=["TEST", "OTHER"]))) as quotes:
        assert await anext(quotes) == {"symbol": "TEST", "bid": "1", "stale": False}
        await admin.data(PUBLISH, quotes=[{"symbol": "OTHER", "bid": "2"}])
        assert await anext(quotes) == {"symbol": "OTHER", "bid": "2", "stale": False}
        for bid in range(3, 30):
            await admin.data(PUBLISH, quotes=[{"symbol": "TEST", "bid": bid}])
        assert await anext(quotes) == {"symbol": "TEST", "bid": "29", "stale": False}


async def test_bars_are_streamed(
    admin: Client, viewer: Client, ticks: RedisTickStream, market: Market, bus: RedisBus
) -> None:
    await admin.data(CREATE % "id", input=SMALL)
    said = {"symbol": "TEST", "lastSize": "1"}
    await admin.data(PUBLISH, quotes=[said | {"last": "10", "at": "2024-08-08T12:00:00Z"}])
    await recorded(ticks, market, bus)
    document = 'subscription { bars(symbol: "TEST", interval: MINUTE) { at close volume } }'
    async with aclosing(cast("Any", viewer.follow(document))) as bars:
        assert await anext(bars) == {"at": "2024-08-08T12:00:00Z", "close": "10", "volume": "1"}
        position = await ticks.last_position()
        await admin.data(PUBLISH, quotes=[said | {"last": "11", "at": "2024-08-08T12:00:30Z"}])
        recorder = Recorder(market, ticks, bus)
        await recorder.load()
        recorder.take_in(await ticks.drain(position))
        await recorder.flush()
        assert await anext(bars) == {"at": "2024-08-08T12:00:00Z", "close": "11", "volume": "2"}


@pytest.mark.parametrize(
    ("document", "extensions"),
    [
        ('subscription { quotes(symbols: ["NONE"]) { at } }', "NOT_FOUND"),
        ("subscription { quotes(symbols: []) { at } }", "BAD_USER_INPUT"),
        ('subscription { quotes(symbols: ["NONE"], intervalMs: -1) { at } }', "BAD_USER_INPUT"),
        ('subscription { bars(symbol: "NONE", interval: DAY) { at } }', "NOT_FOUND"),
    ],
)
async def test_invalid_stream_arguments_are_refused(viewer: Client, document: str, extensions: str) -> None:
    with pytest.raises(Exception) as refusal:  # noqa: PT011  the domain's error of each case, told by its code
        await anext(viewer.follow(document))
    assert getattr(refusal.value, "code", None) == extensions
