"""The platform's health and load over the API, while real servers stop, hang and come back."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from typing import Any

import orjson
import pytest
from graphql import graphql, parse, subscribe

from adapters.embedded import EmbeddedServices
from adapters.redis.process_board import ProcessBoard
from api.context import Context
from api.graphql.encoding import encode
from api.root import platform_schema
from domain.access.types import Role
from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.market.service import publish_quotes
from domain.market.types import QuoteTick
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.system.process_load import LoadWindow, ProcessLoad
from tests.orders.factories import command
from tests.support.trading import Platform, instrument, running_venue
from tests.support.waiting import PATIENCE_SECONDS, until

HEALTH = "{ systemHealth { state version startedAt checkedAt components { name state latencyMs detail } } }"
METRICS = """{ systemMetrics {
  at cpuPercent memoryPercent memoryBytes diskPercent loadAverage requestsPerSecond errorRate latencyP50Ms latencyP99Ms
  ordersPerSecond executionsPerSecond openOrders subscriptions eventLagMs queueDepth
  ordersLastMinute { name count } rejectsLastMinute { name count } orderToFillP50Ms orderToFillP99Ms databaseConnections
} }"""
ROLES = {"role:feed", "role:venue:paper", "role:monitor", "role:timers"}


async def ask(desk: Platform, query: str, role: Role = Role.VIEWER) -> Any:
    context = Context(desk.services, actor=await desk.add_actor(role))
    result = await graphql(platform_schema(), query, context_value=context)
    assert result.errors is None
    (value,) = orjson.loads(encode(result.data)).values()
    return value


async def states(desk: Platform) -> dict[str, str]:
    health = await ask(desk, HEALTH)
    return {part["name"]: part["state"] for part in health["components"]} | {"whole": health["state"]}


async def follow(desk: Platform, query: str) -> AsyncIterator[Any]:
    context = Context(desk.services, actor=await desk.add_actor(Role.VIEWER))
    stream: Any = subscribe(platform_schema(), parse(query), context_value=context)
    stream = await stream if not hasattr(stream, "__aiter__") else stream
    async with aclosing(stream):
        async for result in stream:
            assert result.errors is None
            (value,) = orjson.loads(encode(result.data)).values()
            yield value


async def test_a_platform_without_an_engine_is_degraded_and_names_the_missing_role(desk: Platform) -> None:
    health = await ask(desk, HEALTH)
    parts = {part["name"]: part for part in health["components"]}
    assert health["state"] == "DEGRADED"
    assert {name for name, part in parts.items() if part["state"] == "DOWN"} == ROLES | {"venue:paper", "worker"}
    assert {parts[name]["state"] for name in ("postgresql", "redis", "events", "scheduler", "books", "migrations")} == {
        "UP"
    }
    assert parts["postgresql"]["latencyMs"] > 0
    assert parts["role:feed"]["detail"] == "Nobody plays it."
    async with running_venue(desk):

        async def played() -> bool:
            return (await states(desk))["role:venue:paper"] == "UP"

        await until(played)


async def test_a_hanging_server_is_reported_until_it_answers(desk: Platform, services: EmbeddedServices) -> None:
    pid = services.valkey.pid
    assert pid is not None
    async with aclosing(follow(desk, f"subscription {HEALTH}")) as told:
        assert (await anext(told))["state"] == "DEGRADED"
        os.kill(pid, signal.SIGSTOP)
        hung: dict[str, str] = {}
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while (hung.get("redis"), hung.get("events")) != ("DOWN", "DEGRADED"):
                    hung = {part["name"]: part["state"] for part in (await anext(told))["components"]}
        finally:
            os.kill(pid, signal.SIGCONT)
        assert hung["postgresql"] == "UP"
        async with asyncio.timeout(PATIENCE_SECONDS):
            while {part["name"]: part["state"] for part in (await anext(told))["components"]}["redis"] != "UP":
                pass


async def test_the_age_of_a_feed_is_that_of_its_newest_quote(desk: Platform) -> None:
    coin = await desk.add_instrument(instrument("COIN.T"))
    await desk.add_instrument(instrument("SLOW.T"))

    async def feed() -> dict[str, Any] | None:
        parts = (await ask(desk, HEALTH))["components"]
        return next((part for part in parts if part["name"] == f"feed:{coin.exchange}"), None)

    # It has never quoted.
    assert await feed() is None
    stale = Nanos.now() - 40 * NANOS_PER_SECOND
    ticks = [QuoteTick(symbol, Nanos(stale), Decimal(99), Decimal(101)) for symbol in ("COIN.T", "SLOW.T")]
    await publish_quotes(desk.services.market, desk.admin, ticks)

    async def is_in(state: str) -> dict[str, Any] | None:
        part = await feed()
        return part if part is not None and part["state"] == state else None

    old = await until(lambda: is_in("DEGRADED"))
    assert old["detail"].startswith("The newest quote is 4")
    assert old["latencyMs"] >= 40_000
    await desk.quote("COIN.T", "99", "101")
    fresh = await until(lambda: is_in("UP"))
    assert fresh["detail"].startswith("2 quoted, the oldest quote is 4")
    assert fresh["detail"].endswith("1 stale.")


async def test_metrics_cover_machine_and_trading(desk: Platform) -> None:
    metrics = await ask(desk, METRICS)
    assert (metrics["openOrders"], metrics["queueDepth"], metrics["subscriptions"]) == (0, 0, 0)
    assert (metrics["ordersPerSecond"], metrics["latencyP50Ms"]) == (0, None)
    assert metrics["memoryBytes"] > 1_000_000
    assert metrics["eventLagMs"] > 0


async def test_metrics_add_up_over_all_web_processes(desk: Platform, redis_url: str) -> None:
    window = LoadWindow()
    for number in range(20):
        window.answered(5.0, 0.010, failed=number < 5)
    load = window.load(6.0, subscriptions=2)
    desk.services.shows_load(lambda: load)
    async with ProcessBoard(redis_url) as other:
        showing = asyncio.create_task(other.show(lambda: load))
        try:

            async def both() -> Any:
                metrics = await ask(desk, METRICS)
                return metrics if metrics["subscriptions"] == 4 else None

            metrics = await until(both)
        finally:
            showing.cancel()
    assert (metrics["requestsPerSecond"], metrics["errorRate"]) == (4, 0.25)
    assert 8.5 < metrics["latencyP50Ms"] < 11.5


async def test_a_process_without_redis_sees_only_itself() -> None:
    async with ProcessBoard("redis://127.0.0.1:1/0") as board:
        assert await board.others() == []


@pytest.mark.parametrize("interval", [-1, 999, 60_001])
async def test_metrics_are_published_at_most_once_a_second(desk: Platform, interval: int) -> None:
    context = Context(desk.services, actor=await desk.add_actor(Role.VIEWER))
    query = f"subscription {{ systemMetrics(intervalMs: {interval}) {{ at }} }}"
    refused: Any = subscribe(platform_schema(), parse(query), context_value=context)
    refused = await refused if not hasattr(refused, "errors") and not hasattr(refused, "__aiter__") else refused
    assert refused.errors[0].original_error.context["field"] == "intervalMs"


def test_metrics_of_other_releases_are_skipped() -> None:
    with pytest.raises(ValueError, match="buckets"):
        ProcessLoad.from_json({"operations": 1, "errors": 0, "subscriptions": 0, "buckets": [1]})


async def test_trading_metrics_count_by_status_reason_and_fill_time(desk: Platform) -> None:
    await desk.add_instrument(instrument("COIN.T"))
    await desk.quote("COIN.T", "99", "101")
    owner, book = await desk.open_account("1000")
    plain = {"account_id": book.id, "symbol": "COIN.T", "side": Side.BUY, "type": OrderType.MARKET, "limit_price": None}
    async with running_venue(desk):
        good, _ = await desk.place(
            owner,
            command(**plain, quantity=Decimal(1), client_order_id="a", time_in_force=TimeInForce.IOC),
            command(**plain, quantity=Decimal(100), client_order_id="b", time_in_force=TimeInForce.IOC),
        )
        await desk.filled(good.id, "1")
    metrics = await ask(desk, METRICS)
    assert metrics["ordersLastMinute"] == [{"name": "FILLED", "count": 1}, {"name": "REJECTED", "count": 1}]
    assert metrics["rejectsLastMinute"] == [{"name": "INSUFFICIENT_FUNDS", "count": 1}]
    assert 0 < metrics["orderToFillP50Ms"] == metrics["orderToFillP99Ms"]
    assert metrics["databaseConnections"] >= 1
