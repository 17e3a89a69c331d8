"""The benchmarks' SQL functions fit the tables as they are; what they measure is measured by `make bench` alone."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from bench.desk import SYMBOL, prepare_sql, quote_sql
from domain.kernel.database import fetch_row
from tests.orders.factories import SPOT
from tests.support.trading import platform


async def test_the_sql_functions_of_the_benchmark_place_change_and_cancel_orders(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with platform(database_url, redis_url, tmp_path) as desk:
        await desk.add_instrument(replace(SPOT, symbol=SYMBOL))
        _, account = await desk.open_account("100000")
        await prepare_sql(database_url, [str(account.id)])
        await quote_sql(database_url)
        single = await _call("bench_place_order($1, 'one', $2, 'BUY', 1, 100)", account.id, SYMBOL)
        assert single["order_status"] == "PENDING_NEW"
        await _call("bench_place_orders($1, 7, 10, $2)", account.id, SYMBOL)
        await _call("bench_change_order($1, 99)", single["order_id"])
        await _call("bench_change_order($1, NULL)", single["order_id"])
        count = await fetch_row("SELECT count(*) AS n FROM orders WHERE account_id = $1", account.id)
    assert count is not None
    assert count["n"] == 11


async def _call(function: str, *arguments: UUID | str) -> dict[str, object]:
    row = await fetch_row(f"SELECT * FROM {function}", *arguments)
    assert row is not None
    return dict(row)
