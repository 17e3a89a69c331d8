"""The use cases: their effect, their refusal, their repeat."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from adapters.embedded import EmbeddedServices
from adapters.redis.bus import RedisBus
from adapters.redis.tick_stream import RedisTickStream
from domain.access.types import SYSTEM, Actor, Role
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, Unavailable
from domain.kernel.pages import encode_cursor, page_request
from domain.kernel.time import Nanos, utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.market import instrument_store, queries
from domain.market.market import Market
from domain.market.rules import InstrumentChange
from domain.market.service import (
    InstrumentFilter,
    count_instruments,
    create_instrument,
    find_bars,
    find_quotes,
    page_instruments,
    publish_quotes,
    update_instrument,
)
from domain.market.types import AssetClass, Bar, BarInterval, FeeSchedule, SettlementCycle
from tests.support.market import an_instrument, nanos, quote

TRADER = Actor(user_id=UUID(int=7), email="trader@example.com", role=Role.TRADER)
RISK_MANAGER = Actor(user_id=UUID(int=8), email="risk@example.com", role=Role.RISK_MANAGER)


async def stored() -> list[tuple[object, ...]]:
    """All instruments, with their audit entries and their messages on the bus."""
    tables = "instruments", "audit_entries", "topic_versions", "quotes", "bars"
    return [tuple(row) for table in tables for row in await fetch(f"SELECT * FROM {table} ORDER BY 1")]


async def audited() -> list[tuple[str, str, str | None]]:
    rows = await fetch("SELECT actor, action, target, detail::text AS detail FROM audit_entries ORDER BY id")
    return [(row["action"], row["target"], row["detail"]) for row in rows]


FULL = an_instrument(
    "600000.SSE",
    name="Pudong Bank",
    exchange="SSE",
    asset_class=AssetClass.EQUITY,
    currency="CNY",
    tick_size=Decimal("0.01"),
    lot_size=Decimal(100),
    min_quantity=Decimal(100),
    max_quantity=Decimal("1000000.000000000000000001"),
    min_notional=Decimal("0.5"),
    multiplier=Decimal("1.5"),
    initial_margin_rate=Decimal("0.5"),
    maintenance_margin_rate=Decimal("0.25"),
    fees=FeeSchedule(Decimal("-0.0001"), Decimal("0.00025"), Decimal("0.001"), Decimal(5), Decimal("0.0005")),
    settlement_cycle=SettlementCycle.T1,
    price_limit_rate=Decimal("0.1"),
    shortable=True,
    calendar="XSHG",
)


async def test_an_instrument_is_stored_with_every_digit(market: Market, bus: RedisBus) -> None:
    assert await create_instrument(bus, market, SYSTEM, FULL) == FULL
    assert await instrument_store.read_instruments() == [FULL]
    assert market.instrument("600000.SSE") == FULL
    assert await audited() == [("createInstrument", "instrument:600000.SSE", None)]


async def test_only_an_administrator_creates_instruments(market: Market, bus: RedisBus) -> None:
    before = await stored()
    for actor in (TRADER, RISK_MANAGER):
        with pytest.raises(Forbidden):
            await create_instrument(bus, market, actor, FULL)
    assert await stored() == before


@pytest.mark.parametrize(
    ("terms", "field"), [({"calendar": "MOON"}, "calendar"), ({"tick_size": Decimal(0)}, "tickSize")]
)
async def test_invalid_terms_are_refused(market: Market, bus: RedisBus, terms: dict[str, object], field: str) -> None:
    before = await stored()
    with pytest.raises(BadInput) as refusal:
        await create_instrument(bus, market, SYSTEM, replace(FULL, **terms))
    assert refusal.value.field == field
    assert await stored() == before


async def test_a_used_symbol_is_refused(market: Market, bus: RedisBus) -> None:
    await create_instrument(bus, market, SYSTEM, FULL)
    before = await stored()
    with pytest.raises(Conflict):
        await create_instrument(bus, market, SYSTEM, an_instrument("600000.SSE"))
    assert await stored() == before
    assert market.instrument("600000.SSE") == FULL


async def test_a_change_is_stored_published_and_audited(market: Market, bus: RedisBus) -> None:
    await create_instrument(bus, market, SYSTEM, FULL)
    fees = FeeSchedule(taker_rate=Decimal("0.001"))
    change = InstrumentChange(tradable=False, fees=fees, removed=frozenset({"price_limit_rate"}))
    changed = await update_instrument(bus, market, SYSTEM, "600000.SSE", change)
    assert changed == replace(FULL, tradable=False, fees=fees, price_limit_rate=None)
    assert await instrument_store.read_instruments() == [changed]
    assert market.instrument("600000.SSE") == changed
    action, target, detail = (await audited())[-1]
    assert (action, target) == ("updateInstrument", "instrument:600000.SSE")
    assert detail is not None
    assert '"tradable": "False"' in detail
    assert '"name"' not in detail


async def test_an_empty_change_changes_nothing(market: Market, bus: RedisBus) -> None:
    await create_instrument(bus, market, SYSTEM, FULL)
    before = await stored()
    assert await update_instrument(bus, market, SYSTEM, "600000.SSE", InstrumentChange(tradable=True)) == FULL
    assert await stored() == before


async def test_invalid_changes_are_refused(market: Market, bus: RedisBus) -> None:
    await create_instrument(bus, market, SYSTEM, FULL)
    before = await stored()
    with pytest.raises(Forbidden):
        await update_instrument(bus, market, TRADER, "600000.SSE", InstrumentChange(name="Mine"))
    with pytest.raises(NotFound):
        await update_instrument(bus, market, SYSTEM, "NONE", InstrumentChange(name="New"))
    with pytest.raises(BadInput) as refusal:
        await update_instrument(bus, market, SYSTEM, "600000.SSE", InstrumentChange(initial_margin_rate=Decimal(2)))
    assert refusal.value.field == "initialMarginRate"
    assert await stored() == before


async def test_published_quotes_are_visible_at_once(market: Market, bus: RedisBus, ticks: RedisTickStream) -> None:
    for symbol in ("A", "B"):
        await create_instrument(bus, market, SYSTEM, an_instrument(symbol))
    now = Nanos.now()
    batch = [quote("A", now, "1.5", "2.5"), quote("B", now, last="7"), quote("A", now, bid="1.6")]
    assert await publish_quotes(market, SYSTEM, batch) == 3
    assert [(each.symbol, each.bid, each.last) for each in await find_quotes(market, ["B", "A"])] == [
        ("B", None, 7),
        ("A", Decimal("1.6"), None),
    ]
    assert [tick for _, tick in await ticks.drain("0-0")] == batch


async def test_a_batch_of_quotes_is_accepted_whole_or_refused_whole(
    market: Market, bus: RedisBus, ticks: RedisTickStream
) -> None:
    await create_instrument(bus, market, SYSTEM, an_instrument("A"))
    good, now = quote("A", Nanos.now(), "1", "2"), Nanos.now()
    for bad, field in (
        (quote("A", now, bid="-1"), "bid"),
        (quote("A", now, ask="1", ask_size="-1"), "askSize"),
        (quote("NONE", now, bid="1"), "symbol"),
    ):
        with pytest.raises(BadInput) as refusal:
            await publish_quotes(market, SYSTEM, [good, good, bad])
        assert (refusal.value.field, refusal.value.index) == (field, 2)
    with pytest.raises(BadInput) as refusal:
        await publish_quotes(market, SYSTEM, [good] * 1_001)
    assert refusal.value.field == "quotes"
    with pytest.raises(Forbidden):
        await publish_quotes(market, TRADER, [good])
    assert await publish_quotes(market, SYSTEM, []) == 0
    assert await ticks.drain("0-0") == []
    assert market.quote("A") is None


async def test_publishing_without_the_tick_stream_is_unavailable(
    market: Market, bus: RedisBus, services: EmbeddedServices
) -> None:
    await create_instrument(bus, market, SYSTEM, an_instrument("A"))
    services.valkey.kill()
    try:
        with pytest.raises(Unavailable):
            await publish_quotes(market, SYSTEM, [quote("A", Nanos.now(), "1", "2")])
    finally:
        services.valkey.start()
    assert await publish_quotes(market, SYSTEM, [quote("A", Nanos.now(), "1", "2")]) == 1
    assert market.quote("A") is not None


async def test_quotes_are_read_by_symbols(market: Market, bus: RedisBus) -> None:
    await create_instrument(bus, market, SYSTEM, an_instrument("A"))
    assert await find_quotes(market, ["A"]) == []
    assert await find_quotes(market, []) == []
    with pytest.raises(NotFound):
        await find_quotes(market, ["A", "NONE"])
    with pytest.raises(BadInput):
        await find_quotes(market, ["A"] * 501)


async def some_instruments(market: Market, bus: RedisBus) -> None:
    for symbol, terms in (
        ("AAPL", {"name": "Apple", "exchange": "NASDAQ", "asset_class": AssetClass.EQUITY}),
        ("BTC", {"name": "Bitcoin"}),
        ("ETH", {"name": "Ether"}),
        ("MSFT", {"name": "Microsoft", "exchange": "NASDAQ", "asset_class": AssetClass.EQUITY}),
    ):
        await create_instrument(bus, market, SYSTEM, an_instrument(symbol, **terms))
    await update_instrument(bus, market, SYSTEM, "ETH", InstrumentChange(tradable=False))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (InstrumentFilter(), ["AAPL", "BTC", "ETH", "MSFT"]),
        (InstrumentFilter(search="ap"), ["AAPL"]),
        (InstrumentFilter(search="COIN"), ["BTC"]),
        (InstrumentFilter(search="t"), ["BTC", "ETH", "MSFT"]),
        (InstrumentFilter(search="%"), []),
        (InstrumentFilter(exchange="NASDAQ"), ["AAPL", "MSFT"]),
        (InstrumentFilter(asset_class=AssetClass.CRYPTO, tradable=True), ["BTC"]),
        (InstrumentFilter(tradable=False), ["ETH"]),
    ],
)
async def test_instruments_are_filtered(
    market: Market, bus: RedisBus, wanted: InstrumentFilter, expected: list[str]
) -> None:
    await some_instruments(market, bus)
    page = await page_instruments(market, page_request(parts=1), wanted)
    assert [instrument.symbol for instrument in page.nodes] == expected
    assert (page.has_next, page.has_previous) == (False, False)
    assert await count_instruments(market, wanted) == len(expected)


async def test_instruments_are_paged(market: Market, bus: RedisBus) -> None:
    await some_instruments(market, bus)
    seen, after, more = [], None, True
    while more:
        page = await page_instruments(market, page_request(1, after, parts=1), InstrumentFilter(search="t"))
        seen += [instrument.symbol for instrument in page.nodes]
        assert page.has_previous is (after is not None)
        after, more = page.end_cursor, page.has_next
    assert seen == ["BTC", "ETH", "MSFT"]
    request = page_request(last=2, before=encode_cursor("MSFT"), parts=1)
    back = await page_instruments(market, request, InstrumentFilter())
    assert [instrument.symbol for instrument in back.nodes] == ["BTC", "ETH"]
    assert (back.has_next, back.has_previous) == (True, True)


async def store_bars(bus: RedisBus, owner: UUID, symbol: str, count: int) -> list[Bar]:
    first = nanos("2024-08-08T00:00:00Z")
    bars = [
        Bar(symbol, BarInterval.MINUTE, Nanos(first + 60 * 10**9 * number), *[Decimal(number)] * 5)
        for number in range(count)
    ]
    async with unit_of_work(bus) as work:
        await queries.grow_bars(work, [(owner, bar) for bar in bars])
    return bars


async def test_bars_are_read_by_time_window(market: Market, bus: RedisBus) -> None:
    instrument = await create_instrument(bus, market, SYSTEM, an_instrument("A"))
    bars = await store_bars(bus, instrument.id, "A", 10)
    minute, third = timedelta(minutes=1), bars[3].at.to_datetime()

    async def found(since: object = None, until: object = None, limit: int = 500) -> list[Bar]:
        return await find_bars(market, "A", BarInterval.MINUTE, since, until, limit)  # type: ignore[arg-type]

    assert await found() == bars
    assert await found(limit=4) == bars[6:]
    assert await found(since=third) == bars[3:]
    assert await found(since=third, limit=2) == bars[3:5]
    assert await found(until=third) == bars[:3]
    assert await found(until=third, limit=2) == bars[1:3]
    assert await found(since=third, until=third + 2 * minute) == bars[3:5]
    assert await found(since=third, until=third) == []
    assert await find_bars(market, "A", BarInterval.HOUR, None, None, 5) == []


async def test_invalid_bar_queries_are_refused(market: Market, bus: RedisBus) -> None:
    await create_instrument(bus, market, SYSTEM, an_instrument("A"))
    now = utc_now()
    for limit in (0, -1, 501):
        with pytest.raises(BadInput) as refusal:
            await find_bars(market, "A", BarInterval.DAY, None, None, limit)
        assert refusal.value.field == "limit"
    with pytest.raises(BadInput) as refusal:
        await find_bars(market, "A", BarInterval.DAY, now, now - timedelta(seconds=1), 5)
    assert refusal.value.field == "to"
    with pytest.raises(NotFound):
        await find_bars(market, "NONE", BarInterval.DAY, None, None, 5)
