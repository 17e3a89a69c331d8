"""Upgrades of a database that has rows: each step that rewrites rows, with rows as the release before it wrote them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from adapters.database.connection import migrate
from tests.support.databases import DatabaseFactory
from tests.support.old_rows import insert, migrate_to

D = Decimal


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def numbers(connection: asyncpg.Connection, table: str, row_id: Any, *columns: str) -> list[Any]:
    row = await connection.fetchrow(f"SELECT {', '.join(columns)} FROM {table} WHERE id = $1", row_id)
    return [row[name] for name in columns]


async def instrument(connection: asyncpg.Connection, symbol: str, **others: Any) -> Any:
    sizes = {"tick_size": D("0.01"), "lot_size": D(1), "min_quantity": D(1), "multiplier": D(1)}
    margins = {"initial_margin_rate": D("0.1"), "maintenance_margin_rate": D("0.05"), "currency": "USD"}
    kind = {
        "symbol": symbol,
        "asset_class": "PERPETUAL",
        "inverse": False,
        "calendar": "24/7",
        "settlement_cycle": "T0",
    }
    return await insert(connection, "instruments", **(sizes | margins | kind | {"inverse": False} | others))


async def account(connection: asyncpg.Connection, **others: Any) -> Any:
    owner = await insert(connection, "users", role="TRADER", active=True, email=f"{others['name']}@example.org")
    values = {"owner_id": owner, "kind": "MARGIN", "position_mode": "NETTING", "state": "ACTIVE", "currency": "USD"}
    return await insert(connection, "accounts", **(values | {"venue": "paper"} | others))


async def order(connection: asyncpg.Connection, account_id: Any, instrument_id: Any, **others: Any) -> Any:
    kind = {"type": "LIMIT", "time_in_force": "GTC", "position_effect": "AUTO", "trigger_price": "BID_ASK"}
    state = {"status": "NEW", "contingency": "NONE", "venue": "paper", "quantity": D(1), "limit_price": D(100)}
    owner = {"account_id": account_id, "instrument_id": instrument_id}
    client = {"client_order_id": str(others)[:60]}
    return await insert(connection, "orders", **(kind | state | owner | client | others))


async def test_the_upgrade_recomputes_reservations_of_exits(databases: DatabaseFactory) -> None:
    with databases.empty() as url:
        await migrate_to(url, "0018_rights")
        async with connected(url) as connection:
            perpetual = await instrument(connection, "PERP")
            netting = await account(connection, name="netting", reserved=D(100))
            hedging = await account(connection, name="hedging", position_mode="HEDGING", reserved=D(20))
            # Ten held long; ten more of exits, and twenty-five to sell that go through zero.
            ten = {"working_quantity": D(10), "quantity": D(10), "reserved_margin": D(100), "reserved_fee": D(1)}
            sells = {"side": "SELL", "working_quantity": D(25), "quantity": D(25)}
            out = await order(connection, netting, perpetual, side="SELL", reduce_only=True, **ten)
            flip = await order(connection, netting, perpetual, **sells, reserved_margin=D(250), reserved_fee=D(2))
            over = await order(
                connection,
                netting,
                perpetual,
                side="BUY",
                reduce_only=True,
                status="CANCELED",
                reserved_margin=D(7),
                closed_at=await connection.fetchval("SELECT now()"),
            )
            net = await insert(
                connection,
                "positions",
                account_id=netting,
                instrument_id=perpetual,
                bucket="NET",
                quantity=D(10),
                average_price=D(100),
                working_sell=D(35),
                working_sell_margin=D(350),
                working_fees=D(3),
                reserved=D(100),
            )
            closes = {"side": "BUY", "position_effect": "CLOSE", "working_quantity": D(2), "reserved_margin": D(20)}
            await order(connection, hedging, perpetual, **closes)
            short = await insert(
                connection,
                "positions",
                account_id=hedging,
                instrument_id=perpetual,
                bucket="SHORT",
                quantity=D(-3),
                average_price=D(100),
                working_buy=D(2),
                working_buy_margin=D(20),
                reserved=D(20),
            )
        await migrate_to(url, "0019_exits")
        async with connected(url) as connection:
            figures = ("exit_buy", "exit_sell", "working_buy_margin", "working_sell_margin", "reserved")
            # The exits come first: the position is gone, and all twenty-five open, ten of them in place of it.
            assert await numbers(connection, "positions", net, *figures) == [0, 10, 0, 250, 3 + 150]
            assert await numbers(connection, "positions", short, *figures) == [2, 0, 0, 0, 0]
            margins = [(await numbers(connection, "orders", row, "reserved_margin"))[0] for row in (out, flip, over)]
            assert margins == [0, 250, 7]
            assert await numbers(connection, "accounts", netting, "reserved") == [153]
            assert await numbers(connection, "accounts", hedging, "reserved") == [0]


async def test_the_upgrade_keeps_fills_booked_before_costs_were_stored(databases: DatabaseFactory) -> None:
    with databases.empty() as url:
        await migrate_to(url, "0026_attribution")
        async with connected(url) as connection:
            linear, inverse = await instrument(connection, "LINEAR"), await instrument(connection, "INV", inverse=True)
            owner = await account(connection, name="owner")
            held = {"account_id": owner, "bucket": "NET"}
            rows = [
                await insert(
                    connection, "positions", **held, instrument_id=linear, quantity=D(-3), average_price=D("33.3")
                ),
                await insert(connection, "positions", **held, instrument_id=inverse, quantity=D(7), average_price=D(3)),
            ]
            flat = await insert(
                connection,
                "positions",
                account_id=owner,
                bucket="LONG",
                instrument_id=inverse,
                quantity=D(0),
                average_price=D(0),
            )
            filled = await order(connection, owner, linear, side="SELL", filled_quantity=D(3))
            fill = {
                "order_id": filled,
                "account_id": owner,
                "instrument_id": linear,
                "side": "SELL",
                "price": D("33.3"),
            }
            more = {"position_effect": "AUTO", "liquidity": "TAKER", "quantity": D(1), "fx_rate": D(1)}
            kept = [
                await insert(
                    connection,
                    "executions",
                    **fill,
                    **more,
                    venue_execution_id=f"E{n}",
                    fee=D(f"0.0{n}"),
                    tax=D("0.5"),
                    sequence=n,
                )
                for n in (1, 2)
            ]
            taken = await insert(
                connection,
                "executions",
                **fill,
                **more,
                venue_execution_id="E3",
                fee=D("0.09"),
                tax=D(1),
                sequence=3,
                busted_at=await connection.fetchval("SELECT now()"),
            )
        await migrate_to(url, "0027_costs")
        async with connected(url) as connection:
            costs = [(await numbers(connection, "positions", row, "cost"))[0] for row in (*rows, flat)]
            assert costs == [D("-99.9"), D("2.333333333333333333333333"), 0]
            dues = ("fee_due", "tax_due", "trade_due", "fee_minimum")
            assert await numbers(connection, "orders", filled, *dues) == [D("0.03"), 1, 0, 0]
            for row, fee, tax in zip((*kept, taken), ("0.01", "0.02", "0.09"), ("0.5", "0.5", "1"), strict=True):
                found = await numbers(connection, "executions", row, "fee_due", "tax_due", "rounded_alone", "withheld")
                assert found == [D(fee), D(tax), True, 0]


async def test_the_upgrade_moves_older_events_and_bars_into_one_partition(databases: DatabaseFactory) -> None:
    """Nothing is lost, the log still defends itself, and the release before can go on writing beside the new one."""
    with databases.empty() as url:
        await migrate_to(url, "0042_order_traces")
        async with connected(url) as connection:
            coin = await instrument(connection, "COIN")
            owner = await account(connection, name="owner")
            placed = await order(connection, owner, coin, side="BUY")
            at = await connection.fetchval("SELECT now()")
            event = {"account_id": owner, "kind": "NEW", "at": at, "payload": "{}"}
            for sequence in (1, 2):
                await insert(connection, "account_events", **event, sequence=sequence, order_id=placed)
            flat = dict.fromkeys(("open", "high", "low", "close"), D(1))
            for interval in ("MINUTE", "DAY"):
                await insert(connection, "bars", instrument_id=coin, interval=interval, at=at, **flat)
        await migrate(url)
        async with connected(url) as connection:
            rows = await connection.fetch("SELECT tableoid::regclass::text AS place, sequence FROM account_events")
            assert sorted((row["sequence"], row["place"]) for row in rows) == [
                (1, "account_events_before"),
                (2, "account_events_before"),
            ]
            for table in ("account_events", "account_events_before", "account_events_rest"):
                with pytest.raises(asyncpg.RestrictViolationError):
                    await connection.execute(f"DELETE FROM {table}")
            places = await connection.fetch("SELECT interval, tableoid::regclass::text AS place FROM bars")
            assert {row["interval"]: row["place"] for row in places} == {"MINUTE": "bars_before", "DAY": "bars_day"}
            # As the release before writes, with an id, and as this one does.
            for given in ({"id": uuid4()}, {}):
                bar = {
                    "instrument_id": coin,
                    "interval": "MINUTE",
                    "at": _next_second(at),
                    **flat,
                    "volume": D(1),
                } | given
                names, values = ", ".join(bar), ", ".join(f"${place}" for place in range(1, len(bar) + 1))
                again = "ON CONFLICT (instrument_id, interval, at) DO UPDATE SET volume = bars.volume + EXCLUDED.volume"
                await connection.execute(f"INSERT INTO bars ({names}) VALUES ({values}) {again}", *bar.values())
            assert await connection.fetchval("SELECT volume FROM bars WHERE at = $1", _next_second(at)) == 2
            # This month and the next are in what was there; the month after is the first of its own.
            partitioned = ["account_events", "bars_intraday"]
            count = "SELECT count(*) FROM pg_inherits WHERE inhparent = ANY ($1::text[]::regclass[])"
            assert await connection.fetchval(count, partitioned) == 2 * len(("before", "the month after next", "rest"))
            with pytest.raises(asyncpg.UniqueViolationError):
                await insert(connection, "account_events", **event, sequence=2)
            other = await account(connection, name="other")
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await insert(connection, "account_events", **event | {"account_id": other}, sequence=1, order_id=placed)


def _next_second(at: datetime) -> datetime:
    return at + timedelta(seconds=1)
