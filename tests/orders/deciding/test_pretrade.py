"""Acceptance, refusal and reservation by the pre-trade decision."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind, AccountState
from domain.kernel.money import to_cash_up
from domain.kernel.numbers import ZERO
from domain.market.types import AssetClass, Instrument, SettlementCycle
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model.types import OrderType, RejectReason, Side
from domain.positions.types import Bucket, PositionBook
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind, RiskScope
from tests.orders.factories import (
    ACCOUNT_ID,
    INVERSE,
    NOW,
    PERPETUAL,
    SPOT,
    command,
    market,
    quote,
    trading_book,
)


def holding(book: TradingBook, instrument: Instrument, quantity: str, average: str = "100") -> PositionBook:
    position = book.position(instrument.id, Bucket.NET)
    position.quantity = Decimal(quantity)
    position.average_price = Decimal(average)
    return position


def rule(kind: RiskRuleKind, threshold: str, **others: Any) -> RiskRule:
    values: dict[str, Any] = {
        "id": UUID(int=99),
        "name": "limit",
        "kind": kind,
        "scope": RiskScope.GLOBAL,
        "account_id": None,
        "symbol": None,
        "strategy": None,
        "threshold": Decimal(threshold),
        "window_seconds": None,
        "action": RiskAction.REJECT,
        "enabled": True,
        "created_at": NOW,
        "updated_at": NOW,
        "version": 1,
    }
    return RiskRule(**(values | others))


def test_a_cash_buy_reserves_notional_and_taker_fee() -> None:
    book = trading_book("1000")
    decision = decide(command(quantity=Decimal(5)), SPOT, market(), book)
    assert decision.accepted
    assert decision.reserved == Decimal("500.5")
    assert book.account.reserved == Decimal("500.5")
    assert book.available == Decimal("499.5")


def test_an_order_needs_its_reservation_to_the_last_cent() -> None:
    assert decide(command(quantity=Decimal(1)), SPOT, market(), trading_book("100.1")).accepted
    book = trading_book("100.09")
    decision = decide(command(quantity=Decimal(1)), SPOT, market(), book)
    assert decision.reason is RejectReason.INSUFFICIENT_FUNDS
    assert book.account.reserved == ZERO
    assert book.positions[SPOT.id, Bucket.NET].working_buy == ZERO


def test_later_orders_see_the_reservations_of_earlier_ones() -> None:
    book = trading_book("150")
    assert decide(command(), SPOT, market(), book).accepted
    assert decide(command(), SPOT, market(), book).reason is RejectReason.INSUFFICIENT_FUNDS


def test_a_market_order_is_valued_at_the_far_touch_plus_its_buffer() -> None:
    decision = decide(command(type=OrderType.MARKET), SPOT, market(), trading_book("1000"))
    assert decision.reservation.price == Decimal("100.01") * Decimal("1.05")


@pytest.mark.parametrize(
    ("changes", "state", "instrument", "reason"),
    [
        ({"limit_price": Decimal("100.005")}, market(), SPOT, RejectReason.INVALID_TICK),
        ({"limit_price": Decimal("-1")}, market(), SPOT, RejectReason.INVALID_TICK),
        ({"limit_price": Decimal(0)}, market(), SPOT, RejectReason.INVALID_TICK),
        ({"quantity": Decimal("0.0005")}, market(), SPOT, RejectReason.INVALID_LOT),
        ({}, market(), replace(SPOT, min_quantity=Decimal(2)), RejectReason.QUANTITY_OUT_OF_RANGE),
        ({}, market(), replace(SPOT, max_quantity=Decimal("0.5")), RejectReason.QUANTITY_OUT_OF_RANGE),
        ({}, market(), replace(SPOT, min_notional=Decimal("100.01")), RejectReason.QUANTITY_OUT_OF_RANGE),
        ({}, market(), replace(SPOT, tradable=False), RejectReason.INSTRUMENT_NOT_TRADABLE),
        ({}, market(), replace(SPOT, currency="EUR"), RejectReason.INSTRUMENT_NOT_TRADABLE),
        ({}, market(), replace(SPOT, asset_class=AssetClass.FUTURE), RejectReason.INSTRUMENT_NOT_TRADABLE),
        ({}, market(is_open=False), SPOT, RejectReason.MARKET_CLOSED),
        ({"type": OrderType.MARKET}, MarketState(None, True, True), SPOT, RejectReason.NO_MARKET_PRICE),
        ({"type": OrderType.MARKET}, market(stale=True), SPOT, RejectReason.STALE_PRICE),
        ({"side": Side.SELL}, market(), SPOT, RejectReason.INSUFFICIENT_POSITION),
        ({"reduce_only": True}, market(), SPOT, RejectReason.REDUCE_ONLY_WOULD_INCREASE),
        (
            {"limit_price": Decimal("110.01")},
            market(quote(previous_close=Decimal(100))),
            replace(SPOT, price_limit_rate=Decimal("0.1")),
            RejectReason.PRICE_OUT_OF_LIMITS,
        ),
        ({}, market(), replace(SPOT, price_limit_rate=Decimal("0.1")), RejectReason.NO_MARKET_PRICE),
    ],
)
def test_each_business_check_rejects_with_its_reason(
    changes: dict[str, Any], state: MarketState, instrument: Instrument, reason: RejectReason
) -> None:
    book = trading_book("1000")
    decision = decide(command(**changes), instrument, state, book)
    assert decision.reason is reason
    assert decision.message
    assert book.account.reserved == ZERO


def test_a_price_equal_to_a_daily_limit_passes() -> None:
    instrument = replace(SPOT, price_limit_rate=Decimal("0.1"))
    state = market(quote(previous_close=Decimal(100)))
    for price in ("90", "110"):
        assert decide(command(limit_price=Decimal(price)), instrument, state, trading_book("1000")).accepted


@pytest.mark.parametrize("state", [AccountState.HALTED, AccountState.CLOSED, AccountState.REDUCE_ONLY])
def test_only_an_active_account_accepts_opening_orders(state: AccountState) -> None:
    decision = decide(command(), SPOT, market(), trading_book(state=state))
    assert decision.reason is RejectReason.ACCOUNT_NOT_ACTIVE


def test_a_reduce_only_account_accepts_an_exit_and_refuses_a_flip() -> None:
    for quantity, accepted in (("2", True), ("2.001", False)):
        book = trading_book("1000", AccountKind.MARGIN, state=AccountState.REDUCE_ONLY)
        holding(book, PERPETUAL, "2")
        decision = decide(command(side=Side.SELL, quantity=Decimal(quantity)), PERPETUAL, market(), book)
        assert decision.accepted is accepted


def test_units_of_a_working_sale_cannot_be_sold_again() -> None:
    book = trading_book("0")
    holding(book, SPOT, "2")
    sell = command(side=Side.SELL, quantity=Decimal("1.5"))
    assert decide(sell, SPOT, market(), book).accepted
    assert decide(sell, SPOT, market(), book).reason is RejectReason.INSUFFICIENT_POSITION
    assert book.account.reserved == ZERO


@pytest.mark.parametrize(
    ("close", "lowest", "highest"),
    [("10", "9.00", "11.00"), ("9.95", "8.96", "10.95"), ("10.05", "9.05", "11.06"), ("0.04", "0.04", "0.04")],
)
def test_daily_price_limits_round_half_a_tick_up(close: str, lowest: str, highest: str) -> None:
    share, state = replace(SPOT, price_limit_rate=Decimal("0.1")), market(quote(previous_close=Decimal(close)))
    tick = share.tick_size
    bottom, top = Decimal(lowest), Decimal(highest)
    for limit, is_within in ((bottom, True), (top, True), (bottom - tick, False), (top + tick, False)):
        decision = decide(command(limit_price=limit), share, state, trading_book("1000"))
        assert decision.accepted is is_within
        assert is_within or decision.reason is RejectReason.PRICE_OUT_OF_LIMITS


def test_an_odd_lot_is_accepted_only_for_closing_the_whole_position() -> None:
    instrument = replace(SPOT, lot_size=Decimal(100))
    book = trading_book("0")
    holding(book, instrument, "130")
    assert decide(command(quantity=Decimal(130), side=Side.SELL), instrument, market(), book).accepted
    book = trading_book("0")
    holding(book, instrument, "130")
    decision = decide(command(quantity=Decimal(30), side=Side.SELL), instrument, market(), book)
    assert decision.reason is RejectReason.INVALID_LOT


def test_units_of_a_t1_instrument_cannot_be_sold_on_the_day_of_purchase() -> None:
    instrument = replace(SPOT, settlement_cycle=SettlementCycle.T1)
    book = trading_book("0")
    holding(book, instrument, "2").today_quantity = Decimal(1)
    assert decide(command(side=Side.SELL), instrument, market(), book).accepted
    decision = decide(command(side=Side.SELL), instrument, market(), book)
    assert decision.reason is RejectReason.INSUFFICIENT_POSITION


@pytest.mark.parametrize(
    ("terms", "price"),
    [
        ({"limit_price": "101"}, "101"),
        # It fills at the market, whatever it would take.
        ({"limit_price": "1"}, "99.99"),
        ({"type": OrderType.STOP_LIMIT, "limit_price": "50", "stop_price": "95"}, "95"),
        ({"type": OrderType.STOP_LIMIT, "limit_price": "96", "stop_price": "95"}, "96"),
        ({"type": OrderType.LIMIT_IF_TOUCHED, "limit_price": "50", "stop_price": "120"}, "120"),
        ({"limit_price": "110", "side": Side.BUY}, "110"),
    ],
)
def test_a_sale_is_valued_at_the_price_where_it_may_fill(terms: dict[str, Any], price: str) -> None:
    values = {
        name: Decimal(value) if isinstance(value, str) and name.endswith("price") else value
        for name, value in terms.items()
    }
    order = command(**({"side": Side.SELL, "symbol": "COIN-PERP"} | values))
    decision = decide(order, PERPETUAL, market(quote("COIN-PERP")), trading_book("1000", AccountKind.MARGIN))
    assert decision.reservation.price == Decimal(price)
    assert decision.reservation.margin == to_cash_up(Decimal(price) / 10, "USD")


def test_margin_is_reserved_for_the_worse_side_only() -> None:
    book = trading_book("1000", AccountKind.MARGIN)
    buy, sell = command(quantity=Decimal(10)), command(quantity=Decimal(10), side=Side.SELL)
    assert decide(buy, PERPETUAL, market(), book).reserved == Decimal(101)
    assert decide(sell, PERPETUAL, market(), book).reserved == Decimal(1)
    assert book.account.reserved == Decimal(102)


def test_an_exit_on_margin_needs_no_funds() -> None:
    book = trading_book("0", AccountKind.MARGIN)
    holding(book, PERPETUAL, "10")
    decision = decide(command(side=Side.SELL, quantity=Decimal(10)), PERPETUAL, market(), book)
    assert decision.accepted
    assert decision.reserved == Decimal(1)


def test_an_inverse_contract_is_valued_in_the_base_asset() -> None:
    book = trading_book("1", AccountKind.MARGIN, currency="COIN")
    decision = decide(command(quantity=Decimal(5)), INVERSE, market(), book)
    assert decision.reserved == Decimal("0.5") + Decimal("0.005")


def test_an_account_without_a_valuation_refuses_opening_orders() -> None:
    book = trading_book("1000", AccountKind.MARGIN)
    book.free = None
    assert decide(command(), PERPETUAL, market(), book).reason is RejectReason.NO_MARKET_PRICE


@pytest.mark.parametrize(("threshold", "accepted"), [("100.01", True), ("100", True), ("99.99", False)])
def test_max_order_notional_accepts_its_limit_and_refuses_more(threshold: str, accepted: bool) -> None:
    limit = rule(RiskRuleKind.MAX_ORDER_NOTIONAL, threshold)
    decision = decide(command(), SPOT, market(), trading_book("1000", rules=[limit]))
    assert decision.accepted is accepted
    if not accepted:
        (violation,) = decision.violations
        assert decision.reason is RejectReason.RISK_RULE
        assert (violation.limit, violation.observed) == (Decimal(threshold), Decimal(100))


@pytest.mark.parametrize(
    ("side", "price", "accepted"),
    [
        (Side.BUY, "105", True),
        (Side.BUY, "105.01", False),
        (Side.BUY, "50", True),
        (Side.SELL, "95", True),
        (Side.SELL, "94.99", False),
        (Side.SELL, "200", True),
    ],
)
def test_the_collar_checks_prices_on_the_aggressive_side_only(side: Side, price: str, accepted: bool) -> None:
    book = trading_book("1000", rules=[rule(RiskRuleKind.PRICE_COLLAR, "0.05")])
    holding(book, SPOT, "1")
    decision = decide(command(side=side, limit_price=Decimal(price)), SPOT, market(), book)
    assert decision.accepted is accepted


def test_a_collar_without_a_reference_price_refuses() -> None:
    collar = rule(RiskRuleKind.PRICE_COLLAR, "0.05")
    decision = decide(command(), SPOT, MarketState(None, True, True), trading_book("1000", rules=[collar]))
    assert decision.reason is RejectReason.RISK_RULE
    assert decision.violations[0].observed is None


def test_all_rules_are_evaluated_and_a_warning_accepts_the_order() -> None:
    rules = [
        rule(RiskRuleKind.MAX_ORDER_NOTIONAL, "1", action=RiskAction.WARN),
        rule(RiskRuleKind.MAX_ORDER_NOTIONAL, "2", action=RiskAction.WARN),
    ]
    decision = decide(command(), SPOT, market(), trading_book("1000", rules=rules))
    assert decision.accepted
    assert len(decision.violations) == 2


@pytest.mark.parametrize(
    ("scope", "subject", "applies"),
    [
        (RiskScope.ACCOUNT, {"account_id": ACCOUNT_ID}, True),
        (RiskScope.ACCOUNT, {"account_id": UUID(int=3)}, False),
        (RiskScope.INSTRUMENT, {"symbol": "COIN"}, True),
        (RiskScope.INSTRUMENT, {"symbol": "OTHER"}, False),
        (RiskScope.STRATEGY, {"strategy": "trend"}, True),
        (RiskScope.STRATEGY, {"strategy": "other"}, False),
    ],
)
def test_a_rule_applies_to_its_own_scope_only(scope: RiskScope, subject: dict[str, Any], applies: bool) -> None:
    limit = rule(RiskRuleKind.MAX_ORDER_NOTIONAL, "1", scope=scope, **subject)
    decision = decide(command(strategy="trend"), SPOT, market(), trading_book("1000", rules=[limit]))
    assert decision.accepted is not applies
