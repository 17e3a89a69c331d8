"""Every price is read, silence is told in time, and what nobody can have seen is no silence."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from domain.anomalies.detectors.staleness import StaleMarketData
from domain.anomalies.facts import Fact, MarketChecked, Quoted
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from tests.orders.factories import SPOT
from tests.support.trading import Platform, platform
from workers import price_facts
from workers.price_facts import LEAST_PAUSE, PriceFacts

SYMBOL = SPOT.symbol


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        yield whole


async def test_each_price_is_kept_once_until_it_was_read(desk: Platform) -> None:
    prices, now = PriceFacts(desk.services.market), utc_now()
    for bid in ("99", "99", "100"):
        await desk.quote(SYMBOL, bid, "101")
        prices.look(utc_now())
        prices.look(utc_now())
    assert await prices.due(now) == []
    later = now + LEAST_PAUSE
    facts = await prices.due(later)
    quotes = [fact for fact in facts if isinstance(fact, Quoted)]
    assert [str(fact.price) for fact in quotes] == ["100", "100", "100.5"]
    # The receipt of a quote, from which its age may count, is known to the millisecond: two may have the same.
    assert all(now - timedelta(minutes=1) < quote.at <= utc_now() for quote in quotes)
    first, *_, last = facts
    assert (first, last) == (MarketChecked(SYMBOL, False, quotes[0].at), MarketChecked(SYMBOL, True, later))
    # A reading that fails is repeated with the same.
    assert await prices.due(later) == facts
    prices.were_read(later)
    assert await prices.due(later) == []
    assert await prices.due(later + LEAST_PAUSE) == [MarketChecked(SYMBOL, True, later + LEAST_PAUSE)]


async def test_the_number_of_kept_prices_is_bounded(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(price_facts, "MAX_FACTS", 4)
    prices, now = PriceFacts(desk.services.market), utc_now()
    for bid in range(90, 96):
        await desk.quote(SYMBOL, str(bid), "101")
        prices.look(utc_now())
    await prices.due(now)
    facts = [fact for fact in await prices.due(now + LEAST_PAUSE) if fact.at < now + LEAST_PAUSE]
    assert len(facts) <= 4
    # Before what is left something was not seen.
    assert isinstance(facts[0], MarketChecked)
    assert facts[0].is_open is False


def told(facts: list[Fact]) -> list[float]:
    """The lengths of the silences that a detector reports."""
    detector = StaleMarketData()
    return [found.observed for fact in sorted(facts, key=lambda one: one.at) for found in detector.observe(fact)]  # type: ignore[arg-type]  # these two kinds


def two_seconds(begins: datetime, seconds: int) -> list[Fact]:
    """A feed that sends a price every two seconds."""
    return [Quoted(SYMBOL, begins + timedelta(seconds=2 * number)) for number in range(seconds // 2)]


def test_a_minute_without_prices_of_a_two_second_feed_is_found_while_it_lasts() -> None:
    begins = datetime.fromisoformat("2026-03-02T10:00:00+00:00")
    usual, end = two_seconds(begins, 7_200), begins + timedelta(seconds=7_198)
    looks: list[Fact] = [MarketChecked(SYMBOL, True, end + timedelta(seconds=number)) for number in (20, 40, 60)]
    (silence,) = told(usual + looks)
    assert silence <= 60
    # As long as somebody looked: a restart in between is nobody's silence.
    again = end + timedelta(seconds=300)
    assert told([*usual, MarketChecked(SYMBOL, False, again), Quoted(SYMBOL, again)]) == []
    assert told([*usual, *two_seconds(begins + timedelta(seconds=7_200), 600)]) == []
