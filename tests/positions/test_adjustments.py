"""Changes of a position without an execution: examples and invariants."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.money import to_cash, to_cash_down
from domain.kernel.numbers import ZERO
from domain.market.costs import cost_at, gain, realized_pnl, to_average
from domain.market.types import AssetClass, Instrument
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment, adjust, floor_to, smallest_unit
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import INVERSE, PERPETUAL, SPOT

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SHARE = replace(SPOT, asset_class=AssetClass.EQUITY, lot_size=Decimal(1))
A_SHARE = replace(SHARE, lot_size=Decimal(100))
FUTURE = replace(PERPETUAL, asset_class=AssetClass.FUTURE, multiplier=Decimal(50))
INVERSE_FUTURE = replace(INVERSE, asset_class=AssetClass.FUTURE)
K = AdjustmentKind


def position(instrument: Instrument, quantity: str, average: str, **others: Decimal) -> PositionBook:
    held, price = Decimal(quantity), Decimal(average)
    cost = cost_at(instrument, held, price) if held else ZERO
    return PositionBook(SPOT.id, SPOT.id, instrument.id, Bucket.NET, held, price, cost=cost, **others)


def adjustment(kind: AdjustmentKind, **terms: Decimal | None) -> PositionAdjustment:
    return PositionAdjustment(SPOT.id, SPOT.id, SPOT.id, Bucket.NET, kind, date(2026, 6, 1), **terms)


def applied(
    book: PositionBook, instrument: Instrument, kind: AdjustmentKind, **terms: str | None
) -> PositionAdjustment:
    numbers = {name: None if value is None else Decimal(value) for name, value in terms.items()}
    if kind is K.SPLIT:
        numbers["unit"] = smallest_unit(instrument)
    done = adjustment(kind, **numbers)
    adjust(book, instrument, done, NOW, currency="USD")
    return done


@pytest.mark.parametrize(
    ("instrument", "before", "kind", "terms", "after", "realized", "cash"),
    [
        # Settlement: the day's profit or loss moves, and the price becomes the average.
        (FUTURE, ("2", "100"), K.SETTLEMENT, {"price": "101.5"}, ("2", "101.5"), "150", "150"),
        (FUTURE, ("-2", "100"), K.SETTLEMENT, {"price": "101.5"}, ("-2", "101.5"), "-150", "-150"),
        (FUTURE, ("1", "10"), K.SETTLEMENT, {"price": "-37.63"}, ("1", "-37.63"), "-2381.5", "-2381.5"),
        (INVERSE_FUTURE, ("3", "100"), K.SETTLEMENT, {"price": "200"}, ("3", "200"), "1.5", "1.5"),
        # Splits: seven for one, one for twenty, with what is no whole share paid out.
        (SHARE, ("10", "645.57"), K.SPLIT, {"factor": "7", "price": "92.22"}, ("70", "92.224285714286"), "0", "0"),
        (SHARE, ("50", "1"), K.SPLIT, {"factor": "0.05", "price": "24"}, ("2", "20"), "2", "12"),
        (SHARE, ("-50", "1"), K.SPLIT, {"factor": "0.05", "price": "24"}, ("-2", "20"), "-2", "-12"),
        (SHARE, ("19", "1"), K.SPLIT, {"factor": "0.05", "price": "24"}, ("0", "0"), "3.8", "22.8"),
        (SHARE, ("50", "1"), K.SPLIT, {"factor": "0.05", "price": None}, ("2", "20"), "0", "10"),
        (A_SHARE, ("300", "11"), K.SPLIT, {"factor": "1.1", "price": "10"}, ("330", "10"), "0", "0"),
        (SPOT, ("0.5", "3"), K.SPLIT, {"factor": "3", "price": "1"}, ("1.5", "1"), "0", "0"),
        # Dividends: a short pays.
        (SHARE, ("10", "100"), K.DIVIDEND, {"amount_per_unit": "2.65"}, ("10", "100"), "0", "26.50"),
        (SHARE, ("-10", "100"), K.DIVIDEND, {"amount_per_unit": "2.65"}, ("-10", "100"), "0", "-26.50"),
        # Delistings: closed at a price, settled where it is a derivative, or frozen.
        (SHARE, ("10", "100"), K.DELISTED, {"price": "0"}, ("0", "0"), "-1000", "0"),
        (SHARE, ("-10", "100"), K.DELISTED, {"price": "4"}, ("0", "0"), "960", "-40"),
        (FUTURE, ("2", "100"), K.DELISTED, {"price": "104"}, ("0", "0"), "400", "400"),
        (SHARE, ("10", "100"), K.DELISTED, {"price": None}, ("10", "100"), "0", "0"),
        (SHARE, ("10", "100"), K.RENAMED, {}, ("10", "100"), "0", "0"),
        # In another currency.
        (SHARE, ("10", "100"), K.DIVIDEND, {"amount_per_unit": "2", "fx_rate": "1.25"}, ("10", "100"), "0", "25"),
        (FUTURE, ("1", "100"), K.SETTLEMENT, {"price": "102", "fx_rate": "0.5"}, ("1", "102"), "50", "50"),
        # Where nothing is held nothing happens.
        (SHARE, ("0", "0"), K.DIVIDEND, {"amount_per_unit": "2.65"}, ("0", "0"), "0", "0"),
    ],
)  # fmt: skip
def test_each_action_adjusts_the_position_and_cash(
    instrument: Instrument,
    before: tuple[str, str],
    kind: AdjustmentKind,
    terms: dict[str, str | None],
    after: tuple[str, str],
    realized: str,
    cash: str,
) -> None:
    book = position(instrument, *before)
    done = applied(book, instrument, kind, **terms)
    assert (book.quantity, book.average_price) == (Decimal(after[0]), Decimal(after[1]))
    assert (done.realized_pnl, done.cash) == (Decimal(realized), Decimal(cash))
    assert (done.quantity_before, done.quantity_after) == (Decimal(before[0]), book.quantity)
    assert book.realized_pnl == done.realized_pnl


def test_frozen_units_follow_a_split_and_never_exceed_the_position() -> None:
    book = position(SHARE, "45", "2", today_quantity=Decimal(30), held_quantity=Decimal(45))
    applied(book, SHARE, K.SPLIT, factor="0.5", price="4")
    assert (book.quantity, book.today_quantity, book.held_quantity) == (Decimal(22), Decimal(15), Decimal(22))
    applied(book, SHARE, K.DELISTED, price=None)
    assert book.held_quantity == Decimal(22)
    applied(book, SHARE, K.DELISTED, price="1")
    assert (book.quantity, book.today_quantity, book.held_quantity, book.closed_at) == (ZERO, ZERO, ZERO, NOW)


prices = st.decimals(min_value="0.01", max_value=10_000, places=2)
quantities = st.integers(-(10**6), 10**6).map(Decimal)
factors = st.sampled_from([Decimal(text) for text in ("7", "2", "1.5", "1.1", "0.5", "0.05", "0.1")])
instruments = st.sampled_from([FUTURE, INVERSE_FUTURE])


@given(instruments, quantities, prices, st.lists(prices, min_size=1, max_size=6))
def test_daily_settlements_add_up_to_the_pnl_of_one_trade(
    instrument: Instrument, quantity: Decimal, entry: Decimal, path: list[Decimal]
) -> None:
    book = position(instrument, str(quantity), str(entry))
    moved = sum((applied(book, instrument, K.SETTLEMENT, price=str(price)).cash for price in path), ZERO)
    whole = realized_pnl(instrument, quantity, entry, path[-1])
    # However often it is settled: rounded once, against the account.
    assert moved == book.realized_pnl == to_cash_down(whole, "USD")
    assert to_cash(gain(instrument, book.quantity, book.cost, path[-1]), "USD") == ZERO


@given(quantities, prices, factors, prices)
def test_a_split_does_not_change_equity(quantity: Decimal, average: Decimal, factor: Decimal, price: Decimal) -> None:
    book = position(SHARE, str(quantity), str(average))
    after = price / factor
    done = applied(book, SHARE, K.SPLIT, factor=str(factor), price=str(to_average(after)))
    worth = book.quantity * after + done.cash
    # What is paid out is rounded down.
    assert Decimal("-1e-11") <= quantity * price - worth < Decimal("0.0100001")
    assert abs(book.quantity) <= abs(quantity) * factor
    assert book.quantity == floor_to(quantity * factor, Decimal(1))
    gained = gain(SHARE, book.quantity, book.cost, after) + done.realized_pnl
    assert abs(gained - quantity * (price - average)) < Decimal("0.0100001")


@given(quantities, prices, prices)
def test_a_dividend_in_cash_replaces_the_fall_of_the_price(quantity: Decimal, price: Decimal, amount: Decimal) -> None:
    book = position(SHARE, str(quantity), "1")
    done = applied(book, SHARE, K.DIVIDEND, amount_per_unit=str(amount))
    assert done.cash == to_cash_down(quantity * amount, "USD")
