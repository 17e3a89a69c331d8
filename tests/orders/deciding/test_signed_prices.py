"""Pre-trade decisions on prices above zero, at zero and below it: daily limits, reservations, notional, collars."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.accounts.types import AccountKind
from domain.market.types import AssetClass
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.reservations import reservation_price
from domain.orders.model.types import OrderType, RejectReason, Side
from domain.risk.rules.before import CHECKS
from domain.risk.snapshot import AccountView, Activity, MarketView, ProposedOrder, RiskSnapshot
from domain.risk.types import RiskRuleKind
from tests.orders.factories import ACCOUNT_ID, NOW, PERPETUAL, command, market, quote, trading_book
from tests.risk.test_rules import rule

POWER = replace(PERPETUAL, symbol="POWER", asset_class=AssetClass.FUTURE, tick_size=Decimal("0.5"))
ZERO = Decimal(0)


@pytest.mark.parametrize(
    ("close", "lowest", "highest"),
    [("30", "27", "33"), ("-30", "-33", "-27"), ("0", "-0.5", "0.5"), ("-31.5", "-34.5", "-28.5"), ("2", "2", "2")],
)
def test_daily_price_limits_hold_for_prices_of_any_sign(close: str, lowest: str, highest: str) -> None:
    instrument = replace(POWER, price_limit_rate=Decimal("0.1"))
    state, half = market(quote("POWER", close, close, previous_close=Decimal(close))), Decimal("0.5")
    bottom, top = Decimal(lowest), Decimal(highest)
    for limit, is_within in ((bottom, True), (top, True), (bottom - half, False), (top + half, False)):
        asked = command(symbol="POWER", limit_price=limit)
        decision = decide(asked, instrument, state, trading_book("100000", AccountKind.MARGIN))
        assert decision.accepted is is_within
        assert is_within or decision.reason is RejectReason.PRICE_OUT_OF_LIMITS


@pytest.mark.parametrize(
    ("kind", "side", "stop", "touch", "worst"),
    [
        (OrderType.MARKET, Side.BUY, None, "30", "31.5"),
        (OrderType.MARKET, Side.BUY, None, "-30", "-31.5"),
        (OrderType.MARKET, Side.SELL, None, "-30", "-31.5"),
        (OrderType.MARKET, Side.SELL, None, "0", "0"),
        (OrderType.STOP, Side.SELL, "-40", "-30", "-42"),
        (OrderType.STOP, Side.BUY, "-20", "-30", "-31.5"),
        (OrderType.STOP, Side.BUY, "40", "30", "42"),
    ],
)
def test_orders_are_valued_at_prices_of_any_sign(
    kind: OrderType, side: Side, stop: str | None, touch: str, worst: str
) -> None:
    asked = command(side=side, type=kind, limit_price=None, stop_price=None if stop is None else Decimal(stop))
    assert reservation_price(asked, quote("POWER", touch, touch)) == Decimal(worst)


@pytest.mark.parametrize(("price", "held"), [("30", "3"), ("-30", "3"), ("0", "0")])
def test_margin_and_notional_use_the_absolute_price(price: str, held: str) -> None:
    instrument = replace(POWER, fees=replace(POWER.fees, taker_rate=ZERO))
    state = market(quote("POWER", price, price))
    decision = decide(command(limit_price=Decimal(price)), instrument, state, trading_book("100", AccountKind.MARGIN))
    assert (decision.accepted, decision.reserved) == (True, Decimal(held))


@pytest.mark.parametrize("asset_class", [one for one in AssetClass if one is not AssetClass.FUTURE])
@pytest.mark.parametrize("price", ["0", "-30"])
def test_only_futures_accept_prices_of_zero_and_below(asset_class: AssetClass, price: str) -> None:
    instrument = replace(POWER, asset_class=asset_class)
    decision = decide(
        command(limit_price=Decimal(price)), instrument, market(), trading_book("100000", AccountKind.MARGIN)
    )
    assert decision.reason is RejectReason.INVALID_TICK
    assert not instrument.allows_negative_prices
    assert not replace(POWER, inverse=True).allows_negative_prices


@pytest.mark.parametrize(
    ("reference", "price", "buys", "passes", "observed"),
    [
        ("-30", "-28.5", True, True, None),
        ("-30", "-28", True, False, "0.066666666667"),
        ("-30", "-40", True, True, None),
        ("-30", "-31.5", False, True, None),
        ("-30", "-32", False, False, "0.066666666667"),
        ("30", "31.5", True, True, None),
        # Of zero there is no share: only the price itself and what is better than it.
        ("0", "0", True, True, None),
        ("0", "-1", True, True, None),
        ("0", "0.5", True, False, None),
        ("0", "-0.5", False, False, None),
    ],
)
def test_a_collar_ratio_is_of_the_absolute_reference_price(
    reference: str, price: str, buys: bool, passes: bool, observed: str | None
) -> None:
    account = AccountView(ZERO, None, None, None, None, None, None)
    snapshot = RiskSnapshot(MarketView(Decimal(reference)), account, Activity(), NOW)
    order = ProposedOrder(ACCOUNT_ID, "POWER", None, buys, Decimal(1), Decimal(price), None, is_exit=False)
    collar = rule(RiskRuleKind.PRICE_COLLAR, "0.05")
    found = CHECKS[RiskRuleKind.PRICE_COLLAR](collar, order, snapshot)
    assert (found is None) is passes
    if found is not None:
        assert found.observed == (None if observed is None else Decimal(observed))
