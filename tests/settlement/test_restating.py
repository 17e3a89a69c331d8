"""Working orders after corporate actions, order by order."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.ids import new_id
from domain.market.actions import CorporateAction, CorporateActionKind
from domain.market.types import AssetClass
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import new_order
from domain.orders.model.order import Order, PendingChange
from domain.orders.model.types import Contingency, OffsetKind, OrderType, Side
from domain.settlement.restating import cancelled_by, restate
from tests.orders.factories import NOW, SPOT, command, market, trading_book

K = CorporateActionKind
T = OrderType
SHARE = replace(SPOT, asset_class=AssetClass.EQUITY, lot_size=Decimal(1), min_quantity=Decimal(1))
BUY, SELL = Side.BUY, Side.SELL
CHANGE = PendingChange(quantity=Decimal(2), quantity_after=Decimal(2))


def order(side: Side = BUY, type: OrderType = T.LIMIT, quantity: str = "10", **state: Any) -> Order:
    """A working order with ``state`` set, numbers as text."""
    book, given = trading_book("100000"), command(side=side, limit_price=Decimal(100), quantity=Decimal(quantity))
    made = new_order(given, SHARE, "paper", decide(given, SHARE, market(), book), market(), None, NOW, b"")
    made.type, made.limit_price = type, None
    for name, value in state.items():
        # Enumerations are text too.
        is_number = value.__class__ is str and name != "venue"
        setattr(made, name, Decimal(value) if is_number else value)
    return made


def action(kind: CorporateActionKind, **figures: str) -> CorporateAction:
    values: dict[str, Any] = {name: Decimal(value) for name, value in figures.items() if name != "new_symbol"}
    return CorporateAction(
        new_id(), SHARE.id, "COIN", kind, NOW.date(), values.get("ratio"), values.get("amount_per_unit"),
        figures.get("new_symbol"), NOW,
    )  # fmt: skip


SEVEN = action(K.SPLIT, ratio="7")
DIVIDEND = action(K.CASH_DIVIDEND, amount_per_unit="2.654")
TENTH = action(K.STOCK_DIVIDEND, ratio="0.1")


@pytest.mark.parametrize(
    ("given", "what", "limit", "stop", "quantity"),
    [
        # Prices are divided and rounded away from the market, what may still fill is multiplied, down to whole lots.
        (order(BUY, limit_price="600"), SEVEN, "85.71", None, "70"),
        (order(SELL, limit_price="700.01"), SEVEN, "100.01", None, "70"),
        (order(SELL, T.STOP, stop_price="600"), SEVEN, None, "85.71", "70"),
        (order(BUY, T.STOP, stop_price="600"), SEVEN, None, "85.72", "70"),
        (order(BUY, T.STOP_LIMIT, stop_price="600", limit_price="610"), SEVEN, "87.14", "85.72", "70"),
        (order(BUY, limit_price="600", filled_quantity="4"), SEVEN, "85.71", None, "46"),
        (order(BUY, quantity="15", limit_price="11"), TENTH, "10", None, "16"),
        # A dividend comes off what a falling price sets off, and off nothing else.
        (order(BUY, limit_price="100"), DIVIDEND, "97.34", None, "10"),
        (order(SELL, T.STOP, stop_price="90"), DIVIDEND, None, "87.34", "10"),
        (order(SELL, T.STOP_LIMIT, stop_price="90", limit_price="89"), DIVIDEND, "86.35", "87.34", "10"),
        (order(BUY, T.MARKET_IF_TOUCHED, stop_price="90"), DIVIDEND, None, "87.35", "10"),
        (order(SELL, limit_price="110"), DIVIDEND, "110", None, "10"),
        (order(BUY, T.STOP, stop_price="110"), DIVIDEND, None, "110", "10"),
    ],
)  # fmt: skip
def test_each_corporate_action_restates_an_order_by_the_table(
    given: Order, what: CorporateAction, limit: str | None, stop: str | None, quantity: str
) -> None:
    assert cancelled_by([given], what, SHARE) == set()
    restate(given, what, SHARE)
    expected = tuple(None if text is None else Decimal(text) for text in (limit, stop, quantity))
    assert (given.limit_price, given.stop_price, given.quantity) == expected


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (order(BUY, limit_price="100"), action(K.SPLIT, ratio="0.05")),
        (order(BUY, limit_price="100"), action(K.DELISTING)),
        (order(BUY, limit_price="100", venue="binance"), SEVEN),
        (order(BUY, limit_price="100", pending_changes=(CHANGE,)), SEVEN),
        (order(SELL, T.TRAILING_STOP_LIMIT, trailing_offset="1", limit_offset="1"), SEVEN),
        (order(SELL, T.TRAILING_STOP, trailing_offset="1", activation_price="120"), SEVEN),
        (order(BUY, limit_price="2.65"), DIVIDEND),
        (order(BUY, limit_price="0.01"), SEVEN),
    ],
)
def test_orders_that_cannot_be_restated_are_cancelled(given: Order, what: CorporateAction) -> None:
    assert cancelled_by([given], what, SHARE) == {given.id}


def test_a_new_symbol_changes_nothing_else_of_an_order() -> None:
    given = order(BUY, limit_price="100", venue="binance")
    renamed = action(K.SYMBOL_CHANGE, new_symbol="NEW")
    assert cancelled_by([given], renamed, SHARE) == set()
    assert restate(given, renamed, SHARE)
    assert (given.symbol, given.limit_price, given.quantity) == ("NEW", Decimal(100), Decimal(10))


def test_a_price_trail_is_divided_and_a_ratio_trail_stays() -> None:
    trail = order(SELL, T.TRAILING_STOP, stop_price="93", trailing_offset="7.01", trailing_offset_kind=OffsetKind.PRICE)
    restate(trail, SEVEN, SHARE)
    assert (trail.stop_price, trail.trailing_offset) == (Decimal("13.28"), Decimal("1.01"))
    points = order(SELL, T.TRAILING_STOP, trailing_offset="50", trailing_offset_kind=OffsetKind.BASIS_POINTS)
    restate(points, SEVEN, SHARE)
    assert points.trailing_offset == Decimal(50)


@pytest.mark.parametrize(("filled", "gone"), [("0", 0), ("4", 3), ("10", 3)])
def test_a_bracket_is_restated_whole_or_cancelled_whole(filled: str, gone: int) -> None:
    group = {"group_id": new_id()}
    entry = order(BUY, limit_price="100", contingency=Contingency.OTO, filled_quantity=filled, **group)
    profit = order(SELL, limit_price="120", contingency=Contingency.OUO, **group)
    loss = order(SELL, T.STOP, stop_price="90", contingency=Contingency.OUO, **group)
    orders = [entry, profit, loss]
    found = cancelled_by(orders, SEVEN, SHARE)
    assert len(found) == gone
    # Once the entry is done it works no more, and its exits stand for themselves.
    assert cancelled_by([profit, loss], SEVEN, SHARE) == set()
