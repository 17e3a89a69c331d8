"""The terms of an instrument after a split."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from domain.kernel.numbers import is_multiple
from domain.market.rules import check_instrument
from domain.market.splits import after_split
from domain.market.types import AssetClass
from tests.orders.factories import SPOT

SHARE = replace(SPOT, asset_class=AssetClass.EQUITY)


@pytest.mark.parametrize(
    ("before", "ratio", "after"),
    [
        # Tick, lot, smallest and largest quantity; a share's lot is the exchange's, its tick the currency's cent.
        (("0.01", "1", "1", "1000"), "4", ("0.01", "1", "1", "4000")),
        (("0.01", "100", "100", "1000000"), "1.5", ("0.01", "100", "100", "1500000")),
        (("0.01", "100", "100", "1000"), "0.33", ("0.01", "100", "100", "400")),
        (("0.01", "1", "10", "1000"), "0.05", ("0.01", "1", "1", "50")),
        (("0.01", "1", "10", None), "3", ("0.01", "1", "30", None)),
        (("0.01", "1", "10", "15"), "0.01", ("0.01", "1", "1", "1")),
        (("0.05", "1", "1", None), "5", ("0.01", "1", "1", None)),
        (("0.05", "1", "1", None), "2", ("0.01", "1", "1", None)),
        (("0.5", "1", "1", None), "2", ("0.25", "1", "1", None)),
        (("0.5", "1", "1", None), "0.5", ("0.5", "1", "1", None)),
        (("0.001", "1", "1", None), "10", ("0.001", "1", "1", None)),
    ],
)
def test_order_bounds_of_a_share_scale_with_a_split_in_whole_lots(
    before: tuple[str | None, ...], ratio: str, after: tuple[str | None, ...]
) -> None:
    made = after_split(terms(SHARE, before), Decimal(ratio))
    assert (made.tick_size, made.lot_size, made.min_quantity, made.max_quantity) == numbers(after)
    assert (made.min_notional, made.multiplier, made.initial_margin_rate) == (Decimal(10), 1, 1)


@pytest.mark.parametrize(
    ("before", "ratio", "after"),
    [
        (("0.01", "0.001", "0.002", "50"), "1000", ("0.00001", "1", "2", "50000")),
        (("0.01", "0.001", "0.002", "50"), "0.001", ("10", "0.000001", "0.000002", "0.05")),
        (("0.01", "0.001", "0.001", None), "3", ("0.01", "0.003", "0.003", None)),
        # Finer than quantities can be: the bounds lie on the grid that there is.
        (("0.01", "1e-18", "1e-18", "1"), "0.5", ("0.02", "1e-18", "1e-18", "0.5")),
    ],
)
def test_the_lot_of_a_divisible_instrument_scales_with_a_split(
    before: tuple[str | None, ...], ratio: str, after: tuple[str | None, ...]
) -> None:
    made = after_split(terms(SPOT, before), Decimal(ratio))
    assert (made.tick_size, made.lot_size, made.min_quantity, made.max_quantity) == numbers(after)


def terms(instrument, before):
    tick, lot, smallest, largest = numbers(before)
    bounds = {"min_quantity": smallest, "max_quantity": largest, "min_notional": Decimal(10)}
    return replace(instrument, tick_size=tick, lot_size=lot, **bounds)


def numbers(values):
    return tuple(None if value is None else Decimal(value) for value in values)


@given(
    some.sampled_from([SPOT, SHARE]),
    some.sampled_from(["2", "3", "1.5", "7", "0.5", "0.05", "0.1", "1000", "1.1"]),
    some.integers(1, 100),
    some.integers(0, 1000),
)
def test_split_terms_stay_valid_and_the_former_largest_order_stays_allowed(instrument, ratio, lots, more) -> None:
    lot = Decimal(1) if instrument is SHARE else instrument.lot_size
    smallest, largest = lots * lot, (lots + more) * lot
    before = replace(instrument, lot_size=lot, min_quantity=smallest, max_quantity=largest)
    after = after_split(before, Decimal(ratio))
    assert check_instrument(after) == after
    assert after.max_quantity >= largest * Decimal(ratio)
    assert is_multiple(after.min_quantity, after.lot_size)
    assert is_multiple(after.max_quantity, after.lot_size)
