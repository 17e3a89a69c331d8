"""The fee of an order does not depend on its fills."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.fees import NOTHING_DUE, Dues, Posted, estimated_fee, execution_fee, fee_total, posted
from domain.market.types import FeeSchedule, Instrument
from tests.orders.factories import SPOT

D = Decimal


def of(**fees: str) -> Instrument:
    return replace(SPOT, id=UUID(int=50), fees=FeeSchedule(**{name: D(value) for name, value in fees.items()}))


def charged(instrument: Instrument, fills: list[tuple[str, str]], *, maker: bool = False) -> list[Decimal]:
    """The fee of each fill (quantity, price) of one order."""
    dues, fees = NOTHING_DUE, []
    for quantity, price in fills:
        fee = execution_fee(instrument, quantity=D(quantity), price=D(price), maker=maker)
        after = dues.plus(Dues(fee=fee, minimum=instrument.fees.minimum))
        fees.append(fee_total(after, "USD") - fee_total(dues, "USD"))
        dues = after
    return fees


@pytest.mark.parametrize(
    ("fees", "maker", "fills", "charges"),
    [
        # The minimum is of the order: 1,000 at 10 come to 2.50 and pay 5 once.
        ({"taker_rate": "0.00025", "minimum": "5"}, False, [("1000", "10")], ["5"]),
        ({"taker_rate": "0.00025", "minimum": "5"}, False, [("250", "10")] * 4, ["5", "0", "0", "0"]),
        # It is in what the fills come to, and not on top of it.
        ({"taker_rate": "0.00025", "minimum": "5"}, False, [("1000", "10")] * 4, ["5", "0", "2.5", "2.5"]),
        ({"taker_rate": "0.001", "minimum": "0.01"}, False, [("1", "100"), ("1", "100")], ["0.1", "0.1"]),
        ({"per_unit": "0.005", "minimum": "1"}, False, [("100", "3"), ("100", "3"), ("100", "3")], ["1", "0", "0.5"]),
        # Ten tenths of a cent are a cent.
        ({"taker_rate": "0.001"}, False, [("1", "1")] * 10, ["0"] * 5 + ["0.01"] + ["0"] * 4),
        # A rebate is never more than it comes to, in however many fills.
        ({"maker_rate": "-0.001"}, True, [("1", "9")], ["0"]),
        ({"maker_rate": "-0.001"}, True, [("1", "9")] * 3, ["0", "-0.01", "-0.01"]),
        ({"maker_rate": "-0.001", "minimum": "2"}, True, [("1000", "9")], ["2"]),
        ({"taker_rate": "-0.001"}, False, [("1000", "9")], ["-9"]),
    ],
)
def test_a_fill_pays_the_increase_of_the_total_fee_of_its_order(
    fees: dict[str, str], maker: bool, fills: list[tuple[str, str]], charges: list[str]
) -> None:
    assert charged(of(**fees), fills, maker=maker) == [D(charge) for charge in charges]


@pytest.mark.parametrize(
    ("trade", "cash"),
    [
        ("-0.0496", "-0.05"),
        ("-0.0504", "-0.06"),
        ("0.0496", "0.04"),
        ("-0.05", "-0.05"),
        ("0.05", "0.05"),
        # What a quotient left behind is no cent.
        ("-0.0500000000000001", "-0.05"),
        ("0.0499999999999999", "0.05"),
    ],
)
def test_notional_is_rounded_against_the_account(trade: str, cash: str) -> None:
    assert posted(Dues(trade=D(trade)), "USD") == Posted(trade=D(cash))


quantities = st.integers(1, 10**6).map(lambda lots: D(lots) / 10**8)
prices = st.integers(1, 10**7).map(lambda ticks: D(ticks) / 10**4)


@given(
    fills=st.lists(st.tuples(quantities, prices), min_size=1, max_size=12),
    rate=st.integers(-1000, 1000).map(lambda tenths: D(tenths) / 10**4),
    minimum=st.sampled_from([D(0), D("0.01"), D(5)]),
)
def test_the_division_of_an_order_into_fills_does_not_change_its_fee(
    fills: list[tuple[Decimal, Decimal]], rate: Decimal, minimum: Decimal
) -> None:
    """The sum of the fees of its fills is the fee of one fill of the whole quantity."""
    dues, paid = NOTHING_DUE, Posted()
    for quantity, price in fills:
        before = posted(dues, "USD")
        dues = dues.plus(Dues(-quantity * price, quantity * price * rate, minimum, quantity * price / 2**10))
        more = posted(dues, "USD").minus(before)
        paid = Posted(paid.trade + more.trade, paid.fee + more.fee, paid.tax + more.tax)
    whole = sum((quantity * price for quantity, price in fills), D(0))
    assert paid == posted(Dues(-whole, whole * rate, minimum, whole / 2**10), "USD")
    assert D("-0.01") < paid.trade + whole <= D("1e-12")
    assert paid.fee >= min(whole * rate, minimum) - D("0.005")


def test_the_unfilled_part_reserves_the_fee_that_it_will_add() -> None:
    terms = of(taker_rate="0.00025", minimum="5")
    asked = {"price": D(10), "rate": D(1), "currency": "USD"}
    assert estimated_fee(terms, quantity=D(1000), dues=NOTHING_DUE, **asked) == D(5)
    half = Dues(fee=D("1.25"), minimum=D(5))
    assert estimated_fee(terms, quantity=D(500), dues=half, **asked) == 0
    assert estimated_fee(terms, quantity=D(1800), dues=half, **asked) == D("0.75")
