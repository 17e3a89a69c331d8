"""The effect of flows on peak equity: the relative drawdown stays, by table and by property."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.rules import peak_after_flow
from domain.positions.performance import drawdown

D = Decimal


@pytest.mark.parametrize(
    ("peak", "equity", "flow", "after", "fall"),
    [
        # 600 of 1,000, and 9,000 more: still 40 % down, and not 4 %.
        ("1000", "600", "9000", "16000", "0.4"),
        # Who takes 400 of 1,000 out has lost nothing.
        ("1000", "1000", "-400", "600", "0"),
        ("1000", "800", "-400", "500", "0.2"),
        # What was never sampled counts as well: it is, at the flow.
        ("0", "1000", "1000", "2000", "0"),
        ("900", "1000", "-500", "500", "0"),
        ("1000", "600", "-600", "0", None),
        # Everything is lost: new money begins anew, unless it does not cover the debt.
        ("1000", "0", "500", "500", "0"),
        ("1000", "-100", "500", "400", "0"),
        ("1000", "-600", "500", "1000", "1.1"),
        ("0", "0", "500", "500", "0"),
        ("1000", "3", "1", "1333.333333333333333333333333", "0.997"),
    ],
)
def test_a_flow_scales_the_peak_equity(peak: str, equity: str, flow: str, after: str, fall: str | None) -> None:
    scaled = peak_after_flow(D(peak), D(equity), D(flow))
    assert scaled == D(after)
    assert drawdown(D(equity) + D(flow), scaled) == (None if fall is None else D(fall))


money = st.integers(1, 10**9).map(lambda cents: D(cents) / 100)


@given(peak=money, equity=money, flows=st.lists(st.integers(-(10**8), 10**9), max_size=8))
def test_no_flow_changes_the_drawdown(peak: Decimal, equity: Decimal, flows: list[int]) -> None:
    peak = max(peak, equity)
    before = drawdown(equity, peak)
    for cents in flows:
        flow = D(cents) / 100
        if equity + flow <= D(1):
            continue
        peak, equity = peak_after_flow(peak, equity, flow), equity + flow
    after = drawdown(equity, peak)
    assert before is not None
    assert after is not None
    assert abs(after - before) <= D("1e-11")
