"""Accounts that trade what settles in another currency: the rate of each execution converts, and is stored with it."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.accounts.queries import read_books
from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.market.costs import to_average
from domain.market.rates import Conversion
from domain.market.types import AssetClass
from domain.orders.books.busting import bust_execution, correct_execution
from domain.orders.books.proof import prove_book
from domain.orders.books.reversal import Correction
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.trading_book import MarketState
from domain.orders.entry.order_check import check_order
from domain.orders.model.commands import ModifyOrder, OrderKey
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side
from domain.orders.queries import read_executions_of
from domain.positions.streams import live_account
from domain.positions.types import Bucket
from tests.orders.factories import INVERSE, PERPETUAL, SPOT, command, market, quote, trading_book
from tests.support.trading import Platform, instrument
from tests.support.waiting import take

EURUSD = "EURUSD.LAB"


@pytest.fixture
async def desk(live_desk: Platform) -> Platform:
    await live_desk.add_instrument(instrument(EURUSD, asset_class=AssetClass.FX, tick_size=Decimal("0.0001")))
    return live_desk


async def trade(desk: Platform, owner: Actor, account: AccountBook, **terms: object) -> Execution:
    """A market order of two that fills at once."""
    values = {"account_id": account.id, "type": OrderType.MARKET, "quantity": Decimal(2)} | terms
    (placed,) = await desk.place(owner, command(**values))
    (order,) = await desk.settled(placed.id)
    assert (order.status, order.reject_message) == (OrderStatus.FILLED, None)
    (execution,) = (await read_executions_of([order.id]))[order.id]
    return execution


async def book_of(account_id: UUID) -> AccountBook:
    return (await read_books([account_id]))[account_id]


async def assert_proved(desk: Platform, account_id: UUID) -> None:
    proof = await prove_book(account_id, (await desk.services.market.catalog()).by_id)
    assert proof.breaks == []


async def refused(desk: Platform, owner: Actor, account: AccountBook) -> Order:
    (order,) = await desk.place(owner, command(account_id=account.id))
    assert order.status is OrderStatus.REJECTED
    assert (await book_of(account.id)).reserved == ZERO
    return order


async def test_an_order_without_a_rate_is_refused_and_names_the_missing_pair(live_desk: Platform) -> None:
    owner, account = await live_desk.open_account("1000", currency="EUR")
    order = await refused(live_desk, owner, account)
    assert order.reject_reason is RejectReason.INSTRUMENT_NOT_TRADABLE
    assert order.reject_message == "COIN settles in USD, the account holds EUR, and no instrument quotes that pair."
    await live_desk.add_instrument(instrument(EURUSD, asset_class=AssetClass.FX))
    order = await refused(live_desk, owner, account)
    assert order.reject_reason is RejectReason.NO_MARKET_PRICE
    assert order.reject_message == "COIN settles in USD, the account holds EUR, and EURUSD.LAB has no price."
    await live_desk.quote(EURUSD, "1.25", "1.25")
    (order,) = await live_desk.place(owner, command(account_id=account.id))
    assert order.status is OrderStatus.PENDING_NEW


async def test_cash_fees_and_pnl_convert_at_the_rate_of_each_execution(desk: Platform) -> None:
    await desk.quote(EURUSD, "1.25", "1.25")
    owner, account = await desk.open_account("1000", currency="EUR")
    bought = await trade(desk, owner, account)
    assert (bought.price, bought.fx_rate, bought.fee) == (Decimal("100.01"), Decimal("0.8"), Decimal("0.16"))
    # 160.016 for 200.02 dollars at 0.8, rounded up, and the fee of 0.160016.
    assert (await book_of(account.id)).cash == Decimal("1000") - Decimal("160.02") - Decimal("0.16")
    await desk.quote("COIN", "110", "110.02")
    (value,) = (await desk.services.books.read([account.id])).values()
    # Marked in the middle: 2 x 110.01 dollars.
    assert value.market_value == Decimal("176.02")  # 176.016
    assert value.unrealized_pnl == Decimal("20.00") * Decimal("0.8")
    assert value.equity == value.cash + value.market_value
    assert (value.positions[0].average_price, value.positions[0].fx_rate) == (Decimal("100.01"), Decimal("0.8"))
    await desk.quote(EURUSD, "1.00", "1.00")
    sold = await trade(desk, owner, account, side=Side.SELL)
    assert (sold.price, sold.fx_rate, sold.fee) == (Decimal("110"), Decimal(1), Decimal("0.22"))
    assert sold.realized_pnl == Decimal("19.98")
    book = await book_of(account.id)
    assert book.cash == Decimal("839.82") + Decimal("220.00") - Decimal("0.22")
    assert (book.realized_pnl, book.fees_paid, book.reserved) == (Decimal("19.98"), Decimal("0.38"), ZERO)
    await assert_proved(desk, account.id)


async def test_busts_and_corrections_use_the_stored_rate(desk: Platform) -> None:
    await desk.quote(EURUSD, "1.25", "1.25")
    owner, account = await desk.open_account("1000", currency="EUR")
    bought = await trade(desk, owner, account)
    sold = await trade(desk, owner, account, side=Side.SELL, quantity=Decimal(1))
    before = await book_of(account.id)
    await desk.quote(EURUSD, "2", "2")
    manager = await desk.add_actor(Role.RISK_MANAGER)
    await bust_execution(desk.services.order_context, manager, sold.id, "printed in error")
    busted = await book_of(account.id)
    # 99.99 dollars at 0.8 go back, and so does the fee of 0.09999 dollars at 0.8.
    assert busted.cash == before.cash - Decimal("79.99") + Decimal("0.08")
    assert busted.realized_pnl == ZERO
    await assert_proved(desk, account.id)
    correction = Correction(Decimal("90"), Decimal(2))
    corrected = await correct_execution(desk.services.order_context, manager, bought.id, correction, "wrong price")
    assert (corrected.fx_rate, corrected.fee) == (Decimal("0.8"), Decimal("0.14"))
    assert (await book_of(account.id)).cash == Decimal(1000) - Decimal("144.00") - Decimal("0.14")
    await assert_proved(desk, account.id)


async def test_reservations_convert_at_the_current_rate_of_each_decision(desk: Platform) -> None:
    await desk.quote(EURUSD, "1.25", "1.25")
    owner, account = await desk.open_account("1000", currency="EUR")
    resting = command(account_id=account.id, limit_price=Decimal(50), quantity=Decimal(4))
    checked = await check_order(desk.services.entry, owner, resting)
    assert (checked.reservation, checked.estimated_fee) == (Decimal("160.16"), Decimal("0.16"))
    assert checked.available_after == Decimal("839.84")
    (order,) = await desk.place(owner, resting)
    await desk.settled(order.id)
    assert (await book_of(account.id)).reserved == Decimal("160.16")
    await desk.quote(EURUSD, "1", "1")
    assert (await book_of(account.id)).reserved == Decimal("160.16")
    await desk.services.modifying.modify_order(owner, ModifyOrder(OrderKey(id=order.id), quantity=Decimal(5)))
    await desk.settled(order.id)
    assert (await book_of(account.id)).reserved == Decimal("250.25")
    await desk.quote("COIN", "49.98", "50", size="2")
    await desk.filled(order.id, "2")
    # Three of five still work, at the rate of the change; the fill moved dollars at today's.
    book = await book_of(account.id)
    assert (book.reserved, book.cash) == (Decimal("150.15"), Decimal(1000) - Decimal(100) - Decimal("0.02"))
    await assert_proved(desk, account.id)


async def test_margin_and_pnl_of_a_perpetual_are_in_the_account_currency(desk: Platform) -> None:
    await desk.quote(EURUSD, "1.25", "1.25")
    owner, account = await desk.open_account("1000", currency="EUR", kind=AccountKind.MARGIN)
    await trade(desk, owner, account, symbol="COIN-PERP")
    await desk.quote("COIN-PERP", "110", "110.02")
    (value,) = (await desk.services.books.read([account.id])).values()
    # A tenth and a twentieth of 176.016.
    assert (value.initial_margin, value.maintenance_margin) == (Decimal("17.60"), Decimal("8.80"))
    assert value.unrealized_pnl == Decimal("20.00") * Decimal("0.8")
    assert value.equity == Decimal(1000) - Decimal("0.16") + value.unrealized_pnl
    await desk.quote(EURUSD, "1", "1")
    sold = await trade(desk, owner, account, symbol="COIN-PERP", side=Side.SELL)
    assert sold.realized_pnl == Decimal("19.98")
    assert (await book_of(account.id)).cash == Decimal(1000) - Decimal("0.16") + Decimal("19.98") - Decimal("0.22")
    await assert_proved(desk, account.id)


SHOWN = """query ($id: ID!) {
  account(id: $id) {
    currency cash equity available initialMargin maintenanceMargin marginRatio buyingPower
    positions { symbol averagePrice markPrice marketValue unrealizedPnl initialMargin fxRate liquidationPrice }
  }
  executions(filter: { accountId: $id }) { edges { node { price fee fxRate } } }
}"""


async def test_the_api_shows_rates_and_liquidation_prices(desk: Platform) -> None:
    await desk.quote(EURUSD, "1.25", "1.25")
    await desk.quote("COIN-PERP", "100", "100")
    owner, account = await desk.open_account("16.16", currency="EUR", kind=AccountKind.MARGIN)
    await trade(desk, owner, account, symbol="COIN-PERP", quantity=Decimal(1))
    context = Context(desk.services, actor=owner)
    answer = await graphql(platform_schema(), SHOWN, context_value=context, variable_values={"id": str(account.id)})
    assert answer.errors is None
    assert answer.data is not None
    shown = answer.data["account"]
    assert (shown["currency"], shown["cash"], shown["equity"], shown["available"]) == ("EUR", "16.08", "16.08", "8.08")
    assert (shown["initialMargin"], shown["maintenanceMargin"], shown["marginRatio"]) == ("8", "4", "4.02")
    assert shown["buyingPower"] == "8.08"
    # 16.08 + 0.8 (p - 100) = 0.05 x 0.8 p
    assert shown["positions"] == [
        {
            "symbol": "COIN-PERP",
            "averagePrice": "100",
            "markPrice": "100",
            "marketValue": "80",
            "unrealizedPnl": "0",
            "initialMargin": "8",
            "fxRate": "0.8",
            "liquidationPrice": "84.105263157895",
        }
    ]
    (execution,) = answer.data["executions"]["edges"]
    assert execution["node"] == {"price": "100", "fee": "0.08", "fxRate": "0.8"}


async def test_a_coin_margined_contract_is_booked_in_its_coin(live_desk: Platform) -> None:
    desk = live_desk
    await desk.add_instrument(replace(INVERSE, id=new_id()))
    await desk.quote("COINUSD", "100", "100")
    owner, account = await desk.open_account("10", currency="COIN", kind=AccountKind.MARGIN)
    bought = await trade(desk, owner, account, symbol="COINUSD", quantity=Decimal(50))
    # 50 contracts of 100 dollars at 100 are 50 coins: a thousandth as fee, a tenth as margin.
    assert (bought.fx_rate, bought.fee) == (Decimal(1), Decimal("0.05"))
    await desk.quote("COINUSD", "125", "125")
    (value,) = (await desk.services.books.read([account.id])).values()
    (position,) = value.positions
    assert (position.market_value, position.initial_margin) == (Decimal(40), Decimal(4))
    assert (position.unrealized_pnl, value.equity) == (Decimal(10), Decimal("19.95"))
    assert position.liquidation_price == to_average(Decimal(5250) / Decimal("59.95"))
    sold = await trade(desk, owner, account, symbol="COINUSD", side=Side.SELL, quantity=Decimal(60))
    # 50 closed at 125 bring ten coins, ten are short from there: 48 coins were traded.
    assert (sold.realized_pnl, sold.fee) == (Decimal(10), Decimal("0.048"))
    book = await book_of(account.id)
    assert (book.cash, book.realized_pnl) == (Decimal(10) - Decimal("0.05") + 10 - Decimal("0.048"), Decimal(10))
    (value,) = (await desk.services.books.read([account.id])).values()
    assert (value.positions[0].quantity, value.positions[0].average_price) == (Decimal(-10), Decimal(125))
    assert value.positions[0].liquidation_price is None
    await assert_proved(desk, account.id)


async def test_live_figures_follow_the_rate_and_equal_the_queried_ones(desk: Platform) -> None:
    await desk.quote(EURUSD, "1.25", "1.25")
    owner, account = await desk.open_account("1000", currency="EUR", kind=AccountKind.MARGIN)
    await trade(desk, owner, account, symbol="COIN-PERP")
    await desk.quote("COIN-PERP", "110", "110.02")
    services = desk.services
    stream = live_account(services.live, account.id, 0.02)
    (first,) = await take(aiter(stream), 1)
    assert first.unrealized_pnl == Decimal("16.00")
    await desk.quote(EURUSD, "1", "1")
    (second,) = await take(aiter(stream), 1)
    assert second.unrealized_pnl == Decimal("20.00")
    (queried,) = (await services.books.read([account.id])).values()
    assert (second.equity, second.available) == (queried.equity, queried.available)
    await stream.aclose()  # type: ignore[attr-defined]  # a generator


@pytest.mark.parametrize(
    ("conversion", "reason"),
    [
        (Conversion(None), RejectReason.INSTRUMENT_NOT_TRADABLE),
        (Conversion(None, EURUSD), RejectReason.NO_MARKET_PRICE),
        (Conversion(Decimal("0.8"), EURUSD, stale=True), RejectReason.STALE_PRICE),
        (Conversion(Decimal("0.8"), EURUSD), None),
    ],
)
def test_a_stale_rate_refuses_all_orders_but_exits(conversion: Conversion, reason: RejectReason | None) -> None:
    state = replace(market(quote("COIN-PERP")), conversion=conversion)
    book = trading_book("1000", AccountKind.MARGIN, currency="EUR")
    decision = decide(command(), PERPETUAL, state, book)
    assert decision.reason is reason
    assert book.account.reserved == (Decimal("8.08") if reason is None else ZERO)
    held = book.position(PERPETUAL.id, Bucket.NET)
    held.quantity, held.average_price, held.fx_rate = Decimal(-3), Decimal(100), Decimal("0.75")
    exit_order = decide(command(quantity=Decimal(2)), PERPETUAL, state, book)
    # An exit makes do with the rate of the last execution, also where nothing quotes the pair any more.
    assert exit_order.accepted


def test_an_exit_without_a_rate_reserves_its_fee_at_the_rate_of_the_last_execution() -> None:
    state = MarketState(quote("COIN-PERP"), False, True, Conversion(None, EURUSD))
    book = trading_book("1000", AccountKind.MARGIN, currency="EUR")
    held = book.position(PERPETUAL.id, Bucket.NET)
    held.quantity, held.average_price, held.fx_rate = Decimal(-3), Decimal(100), Decimal("0.75")
    decision = decide(command(quantity=Decimal(2)), PERPETUAL, state, book)
    assert (decision.reservation.rate, decision.reservation.fee) == (Decimal("0.75"), Decimal("0.15"))


def test_equal_currencies_need_no_rate() -> None:
    decision = decide(command(), replace(SPOT, id=new_id()), market(), trading_book("1000"))
    assert (decision.accepted, decision.reservation.rate) == (True, Decimal(1))


async def test_rates_chain_over_several_pairs(live_desk: Platform) -> None:
    """An account in euros, a share in yen, and only pairs with dollars; a pair that is missing refuses by its name."""
    desk = live_desk
    await desk.add_instrument(instrument("SHARE.T", asset_class=AssetClass.EQUITY, currency="JPY"))
    for pair, currency in ((EURUSD, "USD"), ("USDJPY.LAB", "JPY")):
        await desk.add_instrument(instrument(pair, asset_class=AssetClass.FX, currency=currency))
    await desk.quote("SHARE.T", "3000", "3000", size="100")
    await desk.quote("USDJPY.LAB", "150", "150")
    owner, account = await desk.open_account("1000", currency="EUR")
    (order,) = await desk.place(owner, command(account_id=account.id, symbol="SHARE.T"))
    assert order.reject_reason is RejectReason.NO_MARKET_PRICE
    assert order.reject_message == "SHARE.T settles in JPY, the account holds EUR, and EURUSD.LAB has no price."
    await desk.quote(EURUSD, "1.25", "1.25")
    bought = await trade(desk, owner, account, symbol="SHARE.T")
    # 1 / (150 x 1.25), divided once.
    assert bought.fx_rate == Decimal("0.00533333333333")
    (value,) = (await desk.services.books.read([account.id])).values()
    assert value.positions[0].fx_rate == bought.fx_rate
    # A quote of either pair moves what the account is worth.
    await desk.quote("USDJPY.LAB", "160", "160")
    (value,) = (await desk.services.books.read([account.id])).values()
    assert value.positions[0].fx_rate == Decimal("0.005")
    await assert_proved(desk, account.id)
