"""Money through the API: what orders cost in whole cents, however they fill, and that no rounding makes any."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor
from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.ids import new_id
from domain.market.types import AssetClass, FeeSchedule
from domain.orders.model.types import OrderStatus, OrderType, Side
from tests.orders.factories import PERPETUAL, SPOT, command
from tests.support.trading import Platform, instrument

D = Decimal
ACCOUNT = """query ($id: ID!) { account(id: $id) {
  cash equity available reserved marketValue unrealizedPnl realizedPnl feesPaid initialMargin
  positions { symbol quantity averagePrice marketValue unrealizedPnl realizedPnl feesPaid }
} }"""
PROOF = "query ($id: ID!) { bookProof(accountId: $id) { intact breaks { what booked derived } } }"
EXECUTIONS = """query ($id: ID!) { executions(filter: { accountId: $id }, first: 100) { edges { node {
  quantity price fee realizedPnl withheld venueFee venueFeeCurrency
} } } }"""


async def ask(desk: Platform, actor: Actor, query: str, account: AccountBook) -> Any:
    context = Context(desk.services, actor=actor)
    result = await graphql(platform_schema(), query, context_value=context, variable_values={"id": str(account.id)})
    assert result.errors is None
    (value,) = (result.data or {}).values()
    return value


async def shown(desk: Platform, actor: Actor, account: AccountBook) -> dict[str, Any]:
    """The account as the API shows it, once its books prove."""
    assert await ask(desk, actor, PROOF, account) == {"intact": True, "breaks": []}
    found: dict[str, Any] = await ask(desk, actor, ACCOUNT, account)
    return found


async def fill_in_parts(desk: Platform, owner: Actor, account: AccountBook, symbol: str, price: str, parts: int) -> str:
    """A bid of 10 that is met by as many offers; the cash after it."""
    size = D(10) / parts
    bid = D(price) - D("0.00001")
    await desk.quote(symbol, str(bid), str(D(price) + D("0.0001")), size=str(size))
    resting = command(account_id=account.id, symbol=symbol, quantity=D(10), limit_price=D(price))
    (order,) = await desk.place(owner, resting)
    await desk.settled(order.id)
    for part in range(1, parts + 1):
        await desk.quote(symbol, str(bid), price, size=str(size))
        await desk.filled(order.id, str(size * part))
        await desk.quote(symbol, str(bid), str(D(price) + D("0.0001")), size=str(size))
    return (await shown(desk, owner, account))["cash"]


async def test_ten_fills_cost_as_much_as_one(live_desk: Platform) -> None:
    cheap = instrument("CHEAP", tick_size=D("0.00001"), lot_size=D(1), min_quantity=D(1), min_notional=D("0.001"))
    await live_desk.add_instrument(replace(cheap, fees=FeeSchedule()))
    for price, cost in (("0.00496", "0.05"), ("0.00504", "0.06")):
        for parts in (1, 10):
            owner, account = await live_desk.open_account("1")
            cash = await fill_in_parts(live_desk, owner, account, "CHEAP", price, parts)
            assert D(cash) == 1 - D(cost), (price, parts)


async def test_the_minimum_fee_is_charged_once_per_order(live_desk: Platform) -> None:
    share = instrument("SHARE", asset_class=AssetClass.EQUITY, tick_size=D("0.00001"), lot_size=D(1))
    await live_desk.add_instrument(replace(share, fees=FeeSchedule(D("0.025"), D("0.025"), minimum=D(5))))
    owner, account = await live_desk.open_account("1000")
    # 2.50 in four parts: 5 at once, and nothing more.
    cash = await fill_in_parts(live_desk, owner, account, "SHARE", "10.00001", 4)
    fees = [D(row["node"]["fee"]) for row in (await ask(live_desk, owner, EXECUTIONS, account))["edges"]]
    assert (sorted(fees), D(cash)) == ([0, 0, 0, 5], 1000 - D("100.01") - 5)


async def test_a_thousand_dust_purchases_do_not_raise_equity(live_desk: Platform) -> None:
    dust = replace(
        SPOT,
        id=new_id(),
        symbol="BTCUSD",
        lot_size=D("0.00000001"),
        min_quantity=D("0.00000001"),
        min_notional=D("0.001"),
        fees=FeeSchedule(maker_rate=D("-0.0002")),
    )
    await live_desk.add_instrument(dust)
    await live_desk.quote("BTCUSD", "60000", "60000")
    owner, account = await live_desk.open_account("1")
    terms: dict[str, Any] = {"account_id": account.id, "symbol": "BTCUSD", "type": OrderType.MARKET}
    statuses = []
    for _ in range(4):
        batch = [command(quantity=D("0.00000008"), **terms) for _ in range(50)]
        placed = await live_desk.place(owner, *batch)
        statuses += [order.status for order in await live_desk.settled(*(order.id for order in placed))]
    # Each costs a cent, so that a hundred use the dollar up.
    assert statuses.count(OrderStatus.FILLED) == 100
    assert set(statuses[100:]) == {OrderStatus.REJECTED}
    after = await shown(live_desk, owner, account)
    assert (after["cash"], after["positions"][0]["quantity"], after["equity"]) == ("0", "0.000008", "0.48")
    (sale,) = await live_desk.place(owner, command(side=Side.SELL, quantity=D("0.000008"), **terms))
    await live_desk.settled(sale.id)
    assert (await shown(live_desk, owner, account))["equity"] == "0.48"


async def test_amounts_are_shown_in_cents_and_prices_on_ticks(live_desk: Platform) -> None:
    owner, account = await live_desk.open_account("100000", kind=AccountKind.MARGIN)
    for symbol in ("COIN", "COIN-PERP"):
        for bid, ask, quantity in (("99.99", "100.01", "1"), ("100.32", "100.34", "2"), ("101.06", "101.08", "4")):
            await live_desk.quote(symbol, bid, ask)
            order = command(account_id=account.id, symbol=symbol, type=OrderType.MARKET, quantity=D(quantity))
            (placed,) = await live_desk.place(owner, order)
            await live_desk.settled(placed.id)
        await live_desk.quote(symbol, "101.335", "101.345")
        sale = command(account_id=account.id, symbol=symbol, side=Side.SELL, type=OrderType.MARKET, quantity=D("0.333"))
        (placed,) = await live_desk.place(owner, sale)
        await live_desk.settled(placed.id)
    found = await shown(live_desk, owner, account)
    money = [value for name, value in found.items() if name != "positions"]
    for position in found["positions"]:
        money += [
            position[name] for name in ("marketValue", "unrealizedPnl", "realizedPnl", "feesPaid", "averagePrice")
        ]
    assert all(-D(value).normalize().as_tuple().exponent <= 2 for value in money), money  # type: ignore[operator]
    coin, perpetual = sorted(found["positions"], key=lambda row: str(row["symbol"]))
    assert coin["averagePrice"] == perpetual["averagePrice"] == "100.72"  # 705.01 / 7
    assert D(found["equity"]) == D(found["cash"]) + D(coin["marketValue"]) + D(perpetual["unrealizedPnl"])
    assert D(found["unrealizedPnl"]) == D(coin["unrealizedPnl"]) + D(perpetual["unrealizedPnl"])
    assert D(found["realizedPnl"]) == D(coin["realizedPnl"]) + D(perpetual["realizedPnl"])


DEPOSIT = """mutation ($id: ID!) {
  deposit(input: { accountId: $id, amount: "9000", reference: "more" }) { balanceAfter }
}"""
WITHDRAW = """mutation ($id: ID!) {
  withdraw(input: { accountId: $id, amount: "400", reference: "some" }) { balanceAfter }
}"""
DRAWDOWNS = """query ($id: ID!) { account(id: $id) {
  equity risk { drawdown maxDrawdown } performance { totalReturn maxDrawdown }
} }"""


async def drawdowns(desk: Platform, owner: Actor, account: AccountBook) -> tuple[Any, ...]:
    found = await ask(desk, owner, DRAWDOWNS, account)
    risk, performance = found["risk"], found["performance"]
    ratios = (risk["drawdown"], risk["maxDrawdown"], performance["maxDrawdown"], performance["totalReturn"])
    return found["equity"], *(round(ratio, 6) for ratio in ratios)


async def test_deposits_and_withdrawals_do_not_change_the_drawdown(live_desk: Platform) -> None:
    free = replace(PERPETUAL, id=new_id(), symbol="FREE", fees=FeeSchedule())
    await live_desk.add_instrument(free)
    await live_desk.quote("FREE", "100", "100")
    owner, account = await live_desk.open_account("1000", kind=AccountKind.MARGIN)
    order = command(account_id=account.id, symbol="FREE", type=OrderType.MARKET, quantity=D(20))
    (placed,) = await live_desk.place(owner, order)
    await live_desk.settled(placed.id)
    assert await ask(live_desk, owner, WITHDRAW, account) == {"balanceAfter": "600"}
    assert await drawdowns(live_desk, owner, account) == ("600", 0, 0, 0, 0)
    # 240 of 600 are lost, and then 9,000 come: all within one minute, in which nothing else was sampled.
    await live_desk.quote("FREE", "88", "88")
    assert await ask(live_desk, owner, DEPOSIT, account) == {"balanceAfter": "9600"}
    assert await drawdowns(live_desk, owner, account) == ("9360", 0.4, 0.4, 0.4, -0.4)
