"""The simulated market: the same for the same seed, on the grid, and never far from home."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.demo import Demo, demo_instruments
from adapters.feeds.walk import Walk
from domain.kernel.numbers import is_multiple
from domain.kernel.time import Nanos
from domain.market.rules import check_instrument, check_quote
from domain.market.types import AssetClass, QuoteTick, SettlementCycle, Tick, TradeTick

DEMOS = {demo.instrument.symbol: demo for demo in demo_instruments()}


def steps(demo: Demo, seed: int, count: int) -> list[Tick]:
    walk = Walk(demo, seed, demo.motion.price)
    return [walk.first(Nanos(0)), *(tick for at in range(count) for tick in walk.step(Nanos(at)))]


def test_each_kind_has_a_demo_instrument() -> None:
    instruments = [check_instrument(demo.instrument) for demo in DEMOS.values()]
    assert {instrument.asset_class for instrument in instruments} == set(AssetClass)
    assert any(instrument.inverse for instrument in instruments)
    assert any(
        instrument.settlement_cycle is SettlementCycle.T1
        and instrument.price_limit_rate
        and instrument.fees.sell_tax_rate
        for instrument in instruments
    )


@pytest.mark.parametrize("symbol", DEMOS)
def test_the_same_seed_gives_the_same_market(symbol: str) -> None:
    first, again, other = (steps(DEMOS[symbol], seed, 200) for seed in (1, 1, 2))
    assert first == again != other


@settings(max_examples=20)
@given(st.sampled_from(sorted(DEMOS)), st.integers(0, 2**32))
def test_every_simulated_tick_is_valid_for_its_instrument(symbol: str, seed: int) -> None:
    demo = DEMOS[symbol]
    instrument, home = demo.instrument, demo.motion.price
    quoted: QuoteTick | None = None
    for tick in steps(demo, seed, 300):
        if isinstance(tick, QuoteTick):
            check_quote(tick, {symbol: instrument}.get, 0, Nanos(10**9))
            prices, sizes = (tick.bid, tick.ask), (tick.bid_size, tick.ask_size)
            assert tick.bid is not None
            assert tick.ask is not None
            assert tick.bid < tick.ask
            quoted = tick
        else:
            assert isinstance(tick, TradeTick)
            assert quoted is not None
            assert instrument.asset_class is not AssetClass.FX
            assert tick.price in (quoted.bid, quoted.ask)
            prices, sizes = (tick.price, tick.price), (tick.size, tick.size)
        for price in prices:
            assert price is not None
            assert is_multiple(price, instrument.tick_size)
            assert abs(price / home - 1) < Decimal("0.05")
        for size in sizes:
            assert size is not None
            assert size > 0
            assert is_multiple(size, instrument.lot_size)
