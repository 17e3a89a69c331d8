"""Statistics of orders."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from graphql import graphql
from prometheus_client import CollectorRegistry

from adapters.metrics.kept_reads import KeptReads
from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.kernel.database import fetch
from domain.kernel.read_cache import ReadCache
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.books.busting import bust_execution
from domain.orders.model.commands import OrderKey, PlaceOrder
from domain.orders.model.types import OrderStatus, OrderType, Side, TimeInForce
from domain.orders.queries import read_executions_of
from domain.orders.reading.search_queries import OrderSearch
from domain.orders.reading.statistics import CurrencyStatistics, OrderStatistics, SymbolStatistics, order_statistics
from tests.support.trading import Platform


def order(account_id: UUID, **others: Any) -> PlaceOrder:
    values: dict[str, Any] = {
        "account_id": account_id,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "quantity": Decimal(1),
        "time_in_force": TimeInForce.GTC,
    }
    return PlaceOrder(**(values | others))


@pytest.fixture
async def traded(live_desk: Platform) -> tuple[Platform, Actor, UUID]:
    """Five orders: two filled, one cancelled, one rejected, one that rests."""
    owner, account = await live_desk.open_account("1000")
    limit = {"type": OrderType.LIMIT, "limit_price": Decimal(50)}
    bought, canceled, _resting, _refused = await live_desk.place(
        owner,
        order(account.id, quantity=Decimal(2), strategy="trend"),
        order(account.id, **limit),
        order(account.id, **limit),
        order(account.id, quantity=Decimal(100)),
    )
    await live_desk.settled(bought.id, canceled.id)
    await live_desk.services.canceling.cancel_order(owner, OrderKey(id=canceled.id))
    await live_desk.quote("COIN", "110", "110.02")
    (sold,) = await live_desk.place(owner, order(account.id, side=Side.SELL))
    await live_desk.settled(sold.id, canceled.id)
    async with unit_of_work(live_desk.services.bus) as work:
        await work.execute("UPDATE orders SET arrival_price = 100 WHERE id = $1", bought.id)
        for row in (bought, sold):
            await work.execute(
                "UPDATE executions SET created_at = $2::timestamptz + interval '3 seconds' WHERE order_id = $1",
                row.id,
                row.created_at,
            )
    return live_desk, owner, account.id


async def test_statistics_hold_counts_rates_costs_and_prices(traded: tuple[Platform, Actor, UUID]) -> None:
    desk, owner, account_id = traded
    found = await order_statistics(desk.services.reads, owner, OrderSearch(account_id=account_id))
    # The purchase got 100.01 where it had seen 100: 1 basis point on 200.02; the sale got what it had seen.
    slippage = Decimal(1) * Decimal("200.02") / Decimal("310.02")
    assert found == OrderStatistics(
        total=5,
        open=1,
        filled=2,
        canceled=1,
        rejected=1,
        expired=0,
        notional=Decimal("310.02"),
        fees=Decimal("0.31"),
        average_seconds_to_first_fill=3.0,
        average_slippage_bps=pytest.approx(float(slippage)),
        by_symbol=(SymbolStatistics("COIN", "USD", 5, 2, Decimal(3), Decimal("310.02"), Decimal("9.99")),),
        by_currency=(CurrencyStatistics("USD", 5, 2, Decimal("310.02"), Decimal("0.31"), Decimal("9.99")),),
    )
    assert (found.fill_rate, found.cancel_rate, found.reject_rate) == (0.4, 0.2, 0.2)


async def test_statistics_count_matching_and_visible_orders_only(traded: tuple[Platform, Actor, UUID]) -> None:
    desk, owner, _ = traded
    assert (await order_statistics(desk.services.reads, owner, OrderSearch(strategy="trend"))).total == 1
    assert (
        await order_statistics(desk.services.reads, owner, OrderSearch(statuses=[OrderStatus.REJECTED]))
    ).rejected == 1
    assert (await order_statistics(desk.services.reads, owner, OrderSearch(symbols=["COIN-PERP"]))).by_symbol == ()
    nothing = await order_statistics(desk.services.reads, await desk.add_actor(), OrderSearch())
    assert (nothing.total, nothing.fill_rate, nothing.average_slippage_bps, nothing.fees) == (0, None, None, 0)


async def test_busted_executions_do_not_count(traded: tuple[Platform, Actor, UUID]) -> None:
    desk, owner, _ = traded
    search = OrderSearch(strategy="trend")
    (bought,) = (await order_statistics(desk.services.reads, owner, search)).by_symbol
    assert bought.executions == 1
    rows = [row for rows in (await read_executions_of(await _ids())).values() for row in rows]
    manager = await desk.add_actor(Role.RISK_MANAGER)
    await bust_execution(desk.services.order_context, manager, rows[0].id, "no trade")
    after = await order_statistics(desk.services.reads, owner, search)
    assert (after.notional, after.fees, after.by_symbol[0].executions) == (0, 0, 0)
    assert after.average_seconds_to_first_fill is None


async def _ids() -> list[UUID]:
    return [row["id"] for row in await fetch("SELECT id FROM orders WHERE strategy = 'trend'")]


async def test_kept_statistics_are_counted_for_prometheus(traded: tuple[Platform, Actor, UUID]) -> None:
    """What the database was asked for, and what was answered without it, by the name of the read."""
    desk, owner, account_id = traded
    registry = CollectorRegistry()
    registry.register(KeptReads(desk.services.reads))

    def counted(outcome: str) -> float:
        labels = {"read": "orderStatistics", "outcome": outcome}
        return registry.get_sample_value("tradegraph_kept_reads_total", labels) or 0

    before = counted("hit"), counted("miss")
    for strategy, hits, misses in (("trend", 0, 1), ("trend", 1, 1), (None, 1, 2), ("trend", 2, 2)):
        await order_statistics(desk.services.reads, owner, OrderSearch(account_id=account_id, strategy=strategy))
        assert (counted("hit") - before[0], counted("miss") - before[1]) == (hits, misses)


async def test_the_api_shows_order_statistics(traded: tuple[Platform, Actor, UUID]) -> None:
    desk, owner, account_id = traded
    query = """query ($filter: OrderFilter) { orderStatistics(filter: $filter) {
      total open fillRate notional averageSecondsToFirstFill bySymbol { symbol quantity realizedPnl } } }"""
    result = await graphql(
        platform_schema(),
        query,
        context_value=Context(desk.services, actor=owner),
        variable_values={"filter": {"accountId": str(account_id)}},
    )
    assert result.errors is None
    assert result.data == {
        "orderStatistics": {
            "total": 5,
            "open": 1,
            "fillRate": 0.4,
            "notional": "310.02",
            "averageSecondsToFirstFill": 3.0,
            "bySymbol": [{"symbol": "COIN", "quantity": "3", "realizedPnl": "9.99"}],
        }
    }


async def test_cached_statistics_equal_fresh_ones_after_each_write(live_desk: Platform) -> None:
    """Every kind of write to orders and executions raises a version."""
    desk, other = live_desk, ReadCache()
    owner, account = await desk.open_account("1000")
    manager, stranger = await desk.add_actor(Role.RISK_MANAGER), await desk.add_actor()
    search, all_orders = OrderSearch(account_id=account.id), OrderSearch()

    async def agree() -> OrderStatistics:
        """Assert that both processes return the database's figures, and return them again without reading."""
        found = [
            (await order_statistics(cache, actor, wanted), await order_statistics(ReadCache(), actor, wanted))
            for cache in (desk.services.reads, other)
            for actor, wanted in ((owner, search), (manager, all_orders))
        ]
        assert all(kept == read for kept, read in found)
        before = other.misses.total()
        assert await order_statistics(other, owner, search) == found[0][0]
        assert other.misses.total() == before
        # Whoever may not see the account has a result of their own.
        assert (await order_statistics(other, stranger, search)).total == 0
        return found[0][0]

    assert (await agree()).total == 0
    limit = {"type": OrderType.LIMIT, "limit_price": Decimal(50)}
    (resting,) = await desk.place(owner, order(account.id, **limit))
    await desk.settled(resting.id)
    assert (await agree()).open == 1
    await desk.place(owner, order(account.id, quantity=Decimal(100)))
    assert (await agree()).rejected == 1
    (bought,) = await desk.place(owner, order(account.id))
    await desk.filled(bought.id, "1")
    assert (await agree()).filled == 1
    await desk.services.canceling.cancel_order(owner, OrderKey(id=resting.id))
    await desk.settled(resting.id)
    assert (await agree()).canceled == 1
    ((execution,),) = (await read_executions_of([bought.id])).values()
    await bust_execution(desk.services.order_context, manager, execution.id, "no trade")
    assert (await agree()).notional == 0
