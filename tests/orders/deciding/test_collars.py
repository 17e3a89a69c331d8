"""The prices that a price collar compares, for every type of order in every request."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind
from domain.orders.deciding.grouping import bracket_orders, decide_group, oco_orders
from domain.orders.deciding.modify_rules import decide_change
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import new_order
from domain.orders.deciding.trading_book import TradingBook
from domain.orders.model.commands import ModifyOrder, OrderKey, OrderLeg, PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.order import Order
from domain.orders.model.types import OffsetKind, OrderType, RejectReason, Side
from domain.positions.types import Bucket
from domain.risk.types import RiskRuleKind
from tests.orders.deciding.test_pretrade import rule
from tests.orders.factories import NOW, PERPETUAL, command, group_request, market, quote, trading_book

T = OrderType
NUMBERS = {"limit_price", "stop_price", "trailing_offset", "limit_offset"}
THERE = market(quote("COIN-PERP", last=Decimal(100)))
# A sell at 100 with a collar of five per cent.
CASES: list[tuple[dict[str, Any], bool]] = [
    ({"type": T.LIMIT, "limit_price": "95"}, True),
    ({"type": T.LIMIT, "limit_price": "94.99"}, False),
    ({"type": T.LIMIT, "limit_price": "500"}, True),
    ({"type": T.MARKET}, True),
    ({"type": T.MARKET_TO_LIMIT}, True),
    ({"type": T.STOP, "stop_price": "92"}, True),
    ({"type": T.STOP, "stop_price": "10"}, True),
    ({"type": T.MARKET_IF_TOUCHED, "stop_price": "190"}, True),
    ({"type": T.TRAILING_STOP, "trailing_offset": "40"}, True),
    ({"type": T.STOP_LIMIT, "stop_price": "80", "limit_price": "76"}, True),
    ({"type": T.STOP_LIMIT, "stop_price": "80", "limit_price": "75.99"}, False),
    ({"type": T.LIMIT_IF_TOUCHED, "stop_price": "120", "limit_price": "114"}, True),
    ({"type": T.LIMIT_IF_TOUCHED, "stop_price": "120", "limit_price": "113.99"}, False),
    ({"type": T.TRAILING_STOP_LIMIT, "trailing_offset": "20", "limit_offset": "24"}, True),
    ({"type": T.TRAILING_STOP_LIMIT, "trailing_offset": "20", "limit_offset": "24.01"}, False),
    (
        {
            "type": T.TRAILING_STOP_LIMIT,
            "trailing_offset": "1000",
            "limit_offset": "1451",
            "trailing_offset_kind": OffsetKind.BASIS_POINTS,
        },
        False,
    ),
]


def sell(**terms: Any) -> PlaceOrder:
    values = {name: Decimal(value) if name in NUMBERS else value for name, value in terms.items()}
    return command(**({"symbol": "COIN-PERP", "side": Side.SELL, "limit_price": None} | values))


def book_of(held: str = "0") -> TradingBook:
    book = trading_book("1000000", AccountKind.MARGIN, [rule(RiskRuleKind.PRICE_COLLAR, "0.05")])
    position = book.position(PERPETUAL.id, Bucket.NET)
    position.quantity, position.average_price = Decimal(held), Decimal(100)
    return book


@pytest.mark.parametrize(("terms", "accepted"), CASES)
@pytest.mark.parametrize("reduce_only", [False, True])
def test_a_collar_compares_the_price_at_which_an_order_may_trade(
    terms: dict[str, Any], accepted: bool, reduce_only: bool
) -> None:
    decision = decide(sell(**terms, reduce_only=reduce_only), PERPETUAL, THERE, book_of("5"))
    assert decision.reason is (None if accepted else RejectReason.RISK_RULE)


@pytest.mark.parametrize(
    ("terms", "accepted"), [row for row in CASES if row[0]["type"] not in (T.MARKET, T.MARKET_TO_LIMIT)]
)
def test_a_collar_checks_each_order_of_an_oco(terms: dict[str, Any], accepted: bool) -> None:
    other = sell(type=T.LIMIT, limit_price="130")
    legs = oco_orders(PlaceOco(sell(**terms), other))
    orders = decide_group(group_request(*legs, PERPETUAL, THERE, book_of("5"))).orders
    assert [order.reject_reason for order in orders] == (
        [None, None] if accepted else [RejectReason.RISK_RULE, RejectReason.GROUP_REJECTED]
    )


@pytest.mark.parametrize(
    ("terms", "accepted"),
    [row for row in CASES if row[0]["type"] in (T.STOP, T.STOP_LIMIT, T.TRAILING_STOP, T.TRAILING_STOP_LIMIT)],
)
def test_a_collar_checks_the_stop_loss_of_a_bracket(terms: dict[str, Any], accepted: bool) -> None:
    leg = OrderLeg(**{name: Decimal(value) if name in NUMBERS else value for name, value in terms.items()})
    entry = command(symbol="COIN-PERP", limit_price=Decimal(99))
    parts = bracket_orders(PlaceBracket(entry, stop_loss=leg))
    orders = decide_group(group_request(*parts, PERPETUAL, THERE, book_of())).orders
    assert [order.reject_reason for order in orders] == (
        [None, None] if accepted else [RejectReason.GROUP_REJECTED, RejectReason.RISK_RULE]
    )


def test_a_take_profit_has_no_collar_but_beside_its_own_trigger() -> None:
    entry = command(symbol="COIN-PERP", limit_price=Decimal(50))
    for leg, refused in (
        (OrderLeg(T.LIMIT, limit_price=Decimal(55)), False),
        (OrderLeg(T.LIMIT_IF_TOUCHED, stop_price=Decimal(60), limit_price=Decimal(57)), False),
        (OrderLeg(T.LIMIT_IF_TOUCHED, stop_price=Decimal(60), limit_price=Decimal(56)), True),
    ):
        parts = bracket_orders(PlaceBracket(entry, take_profit=leg))
        _, profit = decide_group(group_request(*parts, PERPETUAL, THERE, book_of())).orders
        assert (profit.reject_reason is RejectReason.RISK_RULE) is refused


def changed(order: Order, book: TradingBook, **prices: str) -> RejectReason | None:
    wanted = ModifyOrder(OrderKey(id=order.id), **{name: Decimal(value) for name, value in prices.items()})
    refusal = decide_change(order, wanted, PERPETUAL, THERE, book, [order]).refusal
    return None if refusal is None else refusal[0]


def test_a_collar_checks_a_change_before_and_after_the_trigger() -> None:
    book = book_of("5")
    wanted = sell(type=T.STOP_LIMIT, stop_price="80", limit_price="78")
    order = new_order(wanted, PERPETUAL, "paper", decide(wanted, PERPETUAL, THERE, book), THERE, None, NOW, b"")
    assert changed(order, book, limit_price="75.99") is RejectReason.RISK_RULE
    assert changed(order, book, limit_price="76") is None
    assert changed(order, book, stop_price="90") is RejectReason.RISK_RULE
    order.pending_changes = ()
    order.triggered_at = NOW
    # From then on it is a limit order in the market.
    assert changed(order, book, limit_price="94.99") is RejectReason.RISK_RULE
    assert changed(order, book, limit_price="95") is None


def test_a_collar_without_a_reference_refuses_unless_the_order_has_its_own() -> None:
    book = book_of("5")
    nothing = replace(THERE, quote=None)
    limit = decide(sell(type=T.LIMIT, limit_price="95"), PERPETUAL, nothing, book)
    assert (limit.reason, limit.violations[0].observed) == (RejectReason.RISK_RULE, None)
    stop = sell(type=T.STOP_LIMIT, stop_price="80", limit_price="78", reduce_only=True)
    assert decide(stop, PERPETUAL, nothing, book).accepted
