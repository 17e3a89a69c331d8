"""Orders and fills in ccxt's words and back, with every digit."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.crypto.exact_numbers import Inexact, exact, exact_or_none
from adapters.venues.crypto.translation import Unreadable, submission, venue_execution, venue_order
from domain.kernel.ids import new_id
from domain.orders.model.types import Liquidity, OrderStatus, OrderType, TimeInForce
from domain.orders.venues.types import client_id_of
from tests.support.binance.venue import limit

OURS = client_id_of(new_id())
numbers = st.decimals(min_value=Decimal("1e-18"), max_value=Decimal(10) ** 17, places=18, allow_nan=False)


def raw_order(**others: Any) -> dict[str, Any]:
    """An order as ccxt gives it."""
    return {
        "id": "7",
        "clientOrderId": OURS,
        "symbol": "BTC/USDT",
        "side": "buy",
        "type": "limit",
        "status": "open",
        "filled": "0.0",
        "amount": "2.50000000",
        "price": "100.10",
        "timestamp": 1_700_000_000_001,
        "lastUpdateTimestamp": None,
    } | others


def raw_trade(**others: Any) -> dict[str, Any]:
    """A fill as ccxt gives it."""
    return {
        "id": "8",
        "order": "7",
        "symbol": "BTC/USDT",
        "side": "sell",
        "price": "100.10",
        "amount": "0.00001",
        "takerOrMaker": "maker",
        "timestamp": 1_700_000_000_001,
        "fee": {"cost": "0.00000001", "currency": "BTC"},
    } | others


@given(quantity=numbers, price=numbers)
def test_numbers_are_sent_with_every_digit(quantity: Decimal, price: Decimal) -> None:
    sent = submission(limit("BUY", str(quantity), str(price)))
    assert "E" not in sent.amount
    assert sent.price is not None
    assert (Decimal(sent.amount), Decimal(sent.price)) == (quantity, price)


@given(quantity=numbers, price=numbers, fee=numbers)
def test_numbers_are_received_with_every_digit(quantity: Decimal, price: Decimal, fee: Decimal) -> None:
    raw = raw_trade(price=str(price), amount=f"{quantity:f}", fee={"cost": f"-{fee:f}", "currency": "BNB"})
    fill = venue_execution(raw, str, OURS)
    assert (fill.price, fill.quantity, fill.fee, fill.fee_currency) == (price, quantity, -fee, "BNB")


@pytest.mark.parametrize("value", [0.1, 1.0, True, "nan", "1e999", "abc", "1" * 19, [], {}, b"1"])
def test_an_inexact_number_is_refused(value: object) -> None:
    with pytest.raises(Inexact):
        exact(value)


def test_absent_numbers_are_null_and_zero_is_zero() -> None:
    assert [exact_or_none(value) for value in (None, "", "0", 0)] == [None, None, 0, 0]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({}, ("limit", "90.1", {"timeInForce": "GTC"})),
        ({"time_in_force": TimeInForce.FOK}, ("limit", "90.1", {"timeInForce": "FOK"})),
        ({"post_only": True}, ("limit", "90.1", {"postOnly": True})),
        ({"type": OrderType.MARKET, "limit_price": None}, ("market", None, {})),
    ],
)
def test_each_order_type_is_translated(order: dict[str, Any], words: tuple[str, str | None, dict[str, Any]]) -> None:
    asked = limit("BUY", "1", "90.10", **order)
    sent = submission(asked)
    assert (sent.type, sent.side, sent.amount, sent.price) == (words[0], "buy", "1", words[1])
    assert sent.params == {"clientOrderId": asked.client_order_id} | words[2]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, OrderStatus.NEW),
        ({"filled": "1"}, OrderStatus.PARTIALLY_FILLED),
        ({"status": "canceling"}, OrderStatus.NEW),
        ({"status": "closed", "filled": "2.5"}, OrderStatus.FILLED),
        ({"status": "closed", "filled": "1"}, OrderStatus.CANCELED),
        ({"status": "canceled", "filled": "1"}, OrderStatus.CANCELED),
        ({"status": "expired"}, OrderStatus.EXPIRED),
        ({"status": "rejected"}, OrderStatus.REJECTED),
    ],
)
def test_each_order_status_is_translated(said: dict[str, Any], status: OrderStatus) -> None:
    assert venue_order(raw_order(**said), str).status is status


def test_orders_and_fills_are_translated() -> None:
    order = venue_order(raw_order(), {"BTC/USDT": "COIN"}.__getitem__)
    assert (order.client_order_id, order.venue_order_id, order.symbol) == (OURS, "BTC/USDT:7", "COIN")
    assert (order.quantity, order.limit_price, order.at) == (
        Decimal("2.5"),
        Decimal("100.1"),
        1_700_000_000_001_000_000,
    )
    assert venue_order(raw_order(type="market", price="99"), str).limit_price is None
    assert venue_order(raw_order(clientOrderId="web_1"), str).client_order_id is None
    fill = venue_execution(raw_trade(), str, "web_1")
    assert (fill.client_order_id, fill.venue_order_id, fill.liquidity) == (None, "BTC/USDT:7", Liquidity.MAKER)
    assert venue_execution(raw_trade(takerOrMaker=None), str, OURS).liquidity is Liquidity.TAKER
    unknown = venue_execution(raw_trade(order=None, fee={"cost": "1", "currency": None}), str, None)
    assert (unknown.venue_order_id, unknown.fee, unknown.fee_currency) == (None, None, None)


@pytest.mark.parametrize(
    "broken", [{"status": "odd"}, {"status": None}, {"id": None}, {"symbol": ""}, {"filled": 0.5}, {"timestamp": None}]
)
def test_unreadable_values_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((Unreadable, Inexact)):
        venue_order(raw_order(**broken), str)


def test_terms_of_zero_mean_no_limit() -> None:
    order = venue_order(raw_order(amount="0", price="0.00000000"), str)
    assert (order.quantity, order.limit_price) == (None, None)
