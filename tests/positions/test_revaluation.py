"""Valuing only what a quote touches gives what valuing everything gives, exactly."""

from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.costs import cost_at
from domain.market.rates import InstrumentIndex
from domain.market.types import AssetClass, Quote
from domain.positions.revaluation import Revaluation
from domain.positions.types import Bucket, PositionBook
from domain.positions.valuation import value_all, worth_of
from tests.orders.factories import INVERSE, PERPETUAL, SPOT, account

D = Decimal
COIN_PAIR = replace(SPOT, id=UUID(int=13), symbol="COIN/USD")
EURO_PAIR = replace(SPOT, id=UUID(int=14), symbol="EUR/USD", asset_class=AssetClass.FX)
INSTRUMENTS = InstrumentIndex({row.id: row for row in (SPOT, PERPETUAL, INVERSE, COIN_PAIR, EURO_PAIR)})
SYMBOLS = [row.symbol for row in INSTRUMENTS.values()]


class Market:
    """Quotes that a test sets."""

    def __init__(self) -> None:
        self.quotes: dict[str, Quote] = {}

    def quote_of(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)

    def quote(self, symbol: str, price: Decimal) -> None:
        self.quotes[symbol] = Quote(symbol, Nanos(0), bid=price, ask=price)


def book(number: int, **others: Any) -> AccountBook:
    return account(id=UUID(int=number), **others)


def position(account_id: UUID, instrument_id: UUID, quantity: str, bucket: Bucket = Bucket.NET) -> PositionBook:
    number = UUID(int=account_id.int * 1000 + instrument_id.int)
    return PositionBook(
        number,
        account_id,
        instrument_id,
        bucket,
        quantity=D(quantity),
        average_price=D(100),
        fx_rate=D("0.9"),
        cost=cost_at(INSTRUMENTS[instrument_id], D(quantity), D(100)),
    )


def test_a_quote_revalues_the_positions_of_its_symbol_only() -> None:
    market = Market()
    for symbol in ("COIN", "COIN-PERP"):
        market.quote(symbol, D(100))
    revaluation = Revaluation(INSTRUMENTS, market.quote_of)
    first, second = book(1), book(2, kind=AccountKind.MARGIN)
    revaluation.put(first, [position(first.id, SPOT.id, "2")])
    revaluation.put(second, [position(second.id, SPOT.id, "1"), position(second.id, PERPETUAL.id, "-3")])
    assert revaluation.symbols == {"COIN", "COIN-PERP"}
    untouched = revaluation.value(first.id)
    market.quote("COIN-PERP", D(110))
    assert [row.account.id for row in revaluation.on_quote("COIN-PERP")] == [second.id]
    assert revaluation.value(first.id) == untouched
    assert revaluation.figures(second.id).unrealized_pnl == D(-30)
    # The same mark again moves nothing, and neither does what nobody holds.
    assert not revaluation.on_quote("COIN-PERP")
    assert not revaluation.on_quote("EUR/USD")
    revaluation.update(second.id, [position(second.id, PERPETUAL.id, "0")])
    assert revaluation.symbols == {"COIN"}
    assert revaluation.value(second.id).unrealized_pnl == 0
    revaluation.remove(first.id)
    revaluation.remove(second.id)
    assert revaluation.symbols == set()


def test_an_exchange_rate_revalues_the_positions_that_it_converts() -> None:
    market = Market()
    market.quote("COIN", D(100))
    market.quote("EUR/USD", D("1.25"))
    revaluation = Revaluation(INSTRUMENTS, market.quote_of)
    euros = book(1, currency="EUR")
    revaluation.put(euros, [position(euros.id, SPOT.id, "2")])
    assert revaluation.symbols == {"COIN", "EUR/USD"}
    assert revaluation.figures(euros.id).market_value == D(160)
    market.quote("EUR/USD", D(1))
    assert [row.account.id for row in revaluation.on_quote("EUR/USD")] == [euros.id]
    assert revaluation.figures(euros.id).equity == D(1200)


def test_a_revaluation_does_not_change_earlier_results() -> None:
    market = Market()
    market.quote("COIN", D(100))
    revaluation = Revaluation(INSTRUMENTS, market.quote_of)
    held = book(1)
    revaluation.put(held, [position(held.id, SPOT.id, "2")])
    told = revaluation.value(held.id)
    before = deepcopy(told)
    held.cash += 5
    market.quote("COIN", D(120))
    revaluation.on_quote("COIN")
    revaluation.value(held.id)
    assert told == before


# Futures may be quoted at zero and below.
prices = st.decimals("-100", "100000", places=2)
averages = st.decimals("0.01", "100000", places=2)
quantities = st.decimals("-1000", "1000", places=3)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("quote"), st.sampled_from(SYMBOLS), prices),
        st.tuples(st.just("hold"), st.integers(1, 3), st.sampled_from(list(INSTRUMENTS)), quantities, averages),
        st.tuples(st.just("cash"), st.integers(1, 3), quantities),
        st.tuples(st.just("terms"), st.decimals("0.01", "1", places=2)),
    ),
    max_size=40,
)


@given(steps)
def test_incremental_sums_equal_a_full_valuation(steps: list[tuple[Any, ...]]) -> None:
    market, instruments = Market(), INSTRUMENTS
    revaluation = Revaluation(instruments, market.quote_of)
    accounts = {
        1: book(1),
        2: book(2, kind=AccountKind.MARGIN),
        3: book(3, kind=AccountKind.MARGIN, currency="EUR"),
    }
    held: dict[int, dict[UUID, PositionBook]] = {number: {} for number in accounts}
    for each in accounts.values():
        revaluation.put(each, [])
    for step in steps:
        if step[0] == "quote":
            market.quote(step[1], step[2])
            revaluation.on_quote(step[1])
        elif step[0] == "hold":
            _, number, instrument_id, quantity, price = step
            changed = replace(
                position(accounts[number].id, instrument_id, str(quantity)),
                average_price=price,
                cost=cost_at(instruments[instrument_id], quantity, price) if price else ZERO,
            )
            held[number][instrument_id] = changed
            revaluation.update(accounts[number].id, [changed])
        elif step[0] == "cash":
            accounts[step[1]].cash += step[2]
        else:
            changed_terms = replace(PERPETUAL, initial_margin_rate=step[1], maintenance_margin_rate=step[1])
            instruments = InstrumentIndex(instruments | {PERPETUAL.id: changed_terms})
            revaluation.relearn(instruments)
        for number, each in accounts.items():
            mine = sorted((row for row in held[number].values() if row.quantity), key=lambda row: row.id)
            whole, figures = value_all(each, mine, instruments, market.quote_of), revaluation.figures(each.id)
            value = revaluation.value(each.id)
            assert replace(value, positions=tuple(row for row in value.positions if row.quantity)) == whole
            worths = [
                (row, worth_of(each.kind, row.position, row.instrument, row.mark_price, row.fx_rate))
                for row in whole.positions
            ]
            for name in ("market_value", "unrealized_pnl", "initial_margin", "maintenance_margin"):
                assert getattr(figures, name) == sum((getattr(worth, name) for _, worth in worths), ZERO), name
            equity = each.cash + sum(
                (
                    worth.unrealized_pnl if row.instrument.asset_class.is_derivative else worth.market_value
                    for row, worth in worths
                ),
                ZERO,
            )
            assert figures.equity == equity
            # What is shown is rounded position by position.
            assert abs(whole.equity - equity) <= Decimal("0.005") * len(worths)
            assert whole.equity == each.cash + sum(
                (
                    row.unrealized_pnl if row.instrument.asset_class.is_derivative else row.market_value
                    for row in whole.positions
                ),
                ZERO,
            )
