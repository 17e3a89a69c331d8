"""Figures at the edges: no equity, no quote, prices of zero and below, twelve decimals, quantities of a quadrillion."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from domain.accounts.queries import read_books
from domain.accounts.rules import withdrawable
from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO, plain
from domain.kernel.time import Nanos
from domain.market.costs import cost_at
from domain.market.types import AssetClass, FeeSchedule, Instrument, Quote
from domain.orders.books.proof import prove_book
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.trading_book import MarketState
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side
from domain.orders.queries import read_executions_of
from domain.positions.fills import book_fill
from domain.positions.rules import Fill
from domain.positions.service import free_funds
from domain.positions.summary import summarize
from domain.positions.types import Bucket, PositionBook
from domain.positions.valuation import value_all
from domain.positions.values import AccountValue
from tests.orders.factories import (
    ACCOUNT_ID,
    INVERSE,
    NOW,
    PERPETUAL,
    SPOT,
    account,
    command,
    market,
    quote,
    trading_book,
)
from tests.support.trading import Platform

FUTURE = replace(PERPETUAL, id=UUID(int=13), symbol="OIL", asset_class=AssetClass.FUTURE, multiplier=Decimal(1000))
INSTRUMENTS = {item.id: item for item in (SPOT, PERPETUAL, INVERSE, FUTURE)}


def held(of: Instrument, quantity: str, average: str) -> PositionBook:
    return PositionBook(
        UUID(int=100),
        ACCOUNT_ID,
        of.id,
        Bucket.NET,
        quantity=Decimal(quantity),
        average_price=Decimal(average),
        cost=cost_at(of, Decimal(quantity), Decimal(average)) if Decimal(quantity) else ZERO,
    )


def valued(cash: str, *positions: PositionBook, kind: AccountKind = AccountKind.MARGIN, **prices: str) -> AccountValue:
    by_symbol = {item.symbol.replace("-", "_"): item.symbol for item in INSTRUMENTS.values()}
    quotes = {by_symbol[name]: Quote(by_symbol[name], Nanos(0), last=Decimal(price)) for name, price in prices.items()}
    return value_all(account(cash, kind), positions, INSTRUMENTS, quotes.get)


@pytest.mark.parametrize(
    ("cash", "equity", "ratio", "available", "buying_power"),
    [
        ("20", "0", "0", "-8", "0"),
        ("19", "-1", "-0.25", "-9", "0"),
        ("24", "4", "1", "-4", "0"),
        ("28", "8", "2", "0", "0"),
        ("29", "9", "2.25", "1", "1"),
    ],
)
def test_figures_are_right_at_zero_and_negative_equity(
    cash: str, equity: str, ratio: str, available: str, buying_power: str
) -> None:
    # One that fell from 100 to 80: 20 lost, margins of 8 and 4.
    value = valued(cash, held(PERPETUAL, "1", "100"), COIN_PERP="80")
    assert (value.equity, value.margin_ratio) == (Decimal(equity), Decimal(ratio))
    assert (value.available, value.buying_power) == (Decimal(available), Decimal(buying_power))
    assert withdrawable(value.account, value.available) == Decimal(buying_power)
    (position,) = value.positions
    assert position.weight is None if value.equity <= ZERO else position.weight == float(80 / value.equity)


def test_an_empty_account_has_no_ratio_weight_or_leverage() -> None:
    value = valued("0")
    assert (value.equity, value.margin_ratio, value.buying_power) == (ZERO, None, ZERO)
    summary = summarize(value)
    assert (summary.leverage, summary.largest_weight, summary.gross_exposure) == (ZERO, None, ZERO)


def test_a_position_without_a_quote_is_valued_at_its_average_and_refuses_additions() -> None:
    positions = [held(PERPETUAL, "2", "100")]
    value = valued("1000", *positions)
    (position,) = value.positions
    assert (position.mark_price, position.unrealized_pnl, position.market_value) == (None, ZERO, Decimal(200))
    assert (position.initial_margin, position.liquidation_price) == (Decimal(20), None)
    assert free_funds(account("1000", AccountKind.MARGIN), positions, INSTRUMENTS, {}.get) is None
    assert free_funds(account("1000"), positions, INSTRUMENTS, {}.get) == Decimal(1000)
    book = trading_book("1000", AccountKind.MARGIN)
    book.free = None
    refused = decide(command(), PERPETUAL, market(), book)
    assert (refused.reason, book.account.reserved) == (RejectReason.NO_MARKET_PRICE, ZERO)


@pytest.mark.parametrize("kind", [OrderType.MARKET, OrderType.STOP])
def test_a_market_order_needs_a_market(kind: OrderType) -> None:
    stop = {"stop_price": Decimal(101)} if kind is OrderType.STOP else {}
    decision = decide(command(type=kind, **stop), SPOT, MarketState(None, True, True), trading_book())
    assert decision.reason is RejectReason.NO_MARKET_PRICE


@pytest.mark.parametrize(
    ("price", "value", "unrealized", "initial"),
    [
        ("10", "20000", "0", "2000"),
        ("0.01", "20", "-19980", "2"),
        ("0", "0", "-20000", "0"),
        ("-37.63", "-75260", "-95260", "7526"),
    ],
)
def test_a_future_may_have_a_negative_value_and_never_a_negative_margin(
    price: str, value: str, unrealized: str, initial: str
) -> None:
    (position,) = valued("100000", held(FUTURE, "2", "10"), OIL=price).positions
    assert (position.market_value, position.unrealized_pnl) == (Decimal(value), Decimal(unrealized))
    assert (position.initial_margin, position.maintenance_margin) == (Decimal(initial), Decimal(initial) / 2)


@pytest.mark.parametrize(
    ("instrument", "price", "reason"),
    [
        (FUTURE, "-1", None),
        (FUTURE, "0", None),
        (FUTURE, "-0.005", RejectReason.INVALID_TICK),
        (PERPETUAL, "0", RejectReason.INVALID_TICK),
        (PERPETUAL, "-1", RejectReason.INVALID_TICK),
        (SPOT, "0", RejectReason.INVALID_TICK),
    ],
)
def test_only_futures_trade_at_zero_and_below(instrument: Instrument, price: str, reason: RejectReason | None) -> None:
    book = trading_book("100000", AccountKind.MARGIN)
    state = market(quote(instrument.symbol, "-1.01", "-0.99"))
    decision = decide(command(symbol=instrument.symbol, limit_price=Decimal(price)), instrument, state, book)
    assert decision.reason is reason
    # A tenth of the notional as margin and a thousandth as fee, both of its size.
    assert book.account.reserved == (abs(Decimal(price)) * 101 if reason is None else ZERO)


def test_profit_from_a_price_above_zero_to_one_below_is_their_difference() -> None:
    position = held(FUTURE, "0", "0")
    for buys, quantity, price in ((True, "1", "-2"), (True, "1", "1"), (False, "3", "3")):
        fill = Fill(Decimal(quantity) if buys else -Decimal(quantity), Decimal(price))
        realized = book_fill(position, FUTURE, fill, "USD", NOW)
    # Two at -0.5 closed at 3, and one sold short there.
    assert realized == Decimal(7000)
    assert (position.quantity, position.average_price) == (Decimal(-1), Decimal(3))


@pytest.mark.parametrize(
    ("first", "second", "average"),
    [
        (("1", "1"), ("2", "2"), "1.666666666667"),
        (("2", "0.000000000001"), ("1", "0.000000000002"), "0.00000000000133333333333"),
        (("1e15", "0.123456789012"), ("1", "0.123456789013"), "0.123456789012"),
        (("1e15", "123456.123456789012"), ("1e15", "123456.123456789014"), "123456.123456789013"),
        (("0.000000000001", "100"), ("0.000000000001", "101"), "100.5"),
    ],
)
def test_averages_keep_twelve_decimals(first: tuple[str, str], second: tuple[str, str], average: str) -> None:
    position = held(SPOT, "0", "0")
    for quantity, price in (first, second):
        book_fill(position, SPOT, Fill(Decimal(quantity), Decimal(price)), "USD", NOW)
    assert position.average_price == Decimal(average)
    assert position.quantity == Decimal(first[0]) + Decimal(second[0])


def test_a_quadrillion_units_are_valued_to_the_last_decimal() -> None:
    value = valued("0", held(SPOT, "1000000000000000.1", "0.999999999999"), COIN="1.000000000001")
    assert plain(value.market_value) == "1000000000001000.1"
    assert plain(value.unrealized_pnl) == "2000"
    assert plain(value.equity) == "1000000000001000.1"


async def test_a_quadrillion_units_are_bought_sold_and_proved(live_desk: Platform) -> None:
    dust = replace(
        SPOT,
        id=new_id(),
        symbol="DUST",
        tick_size=Decimal("0.000000000001"),
        lot_size=Decimal("0.000000000001"),
        min_quantity=Decimal("0.000000000001"),
        min_notional=Decimal(1),
        fees=FeeSchedule(taker_rate=Decimal("0.000000000001")),
    )
    await live_desk.add_instrument(dust)
    await live_desk.quote("DUST", "1.999999999999", "2.000000000001", size="1e16")
    owner, book = await live_desk.open_account("9999999999999999.99")
    quantity = Decimal("1000000000000000.000000000001")
    results = []
    for side in (Side.BUY, Side.SELL):
        terms = {"account_id": book.id, "symbol": "DUST", "type": OrderType.MARKET, "side": side}
        (placed,) = await live_desk.place(owner, command(quantity=quantity, **terms))
        (order,) = await live_desk.settled(placed.id)
        assert (order.status, order.reject_message) == (OrderStatus.FILLED, None)
        results += (await read_executions_of([order.id]))[order.id]
    bought, sold = results
    assert (bought.quantity, bought.price, bought.fee) == (quantity, Decimal("2.000000000001"), Decimal("2000"))
    assert sold.realized_pnl == Decimal("-2000")
    after = (await read_books([book.id]))[book.id]
    # 2,000,000,000,001,000.01 out and 1,999,999,999,999,000.00 in, both rounded against the account, and two fees.
    assert after.cash == Decimal("9999999999999999.98") - 2000 - 4000
    assert after.reserved == ZERO
    proof = await prove_book(book.id, (await live_desk.services.market.catalog()).by_id)
    assert proof.breaks == []
