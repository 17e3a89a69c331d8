"""Imports of history: what a live account traded comes out the same elsewhere, all of a file or nothing, once."""

import random
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.transport.files.export_formats import encode_csv
from domain.access.audit import target_of
from domain.access.types import OWNED, Actor, Role
from domain.accounts.queries import read_books
from domain.accounts.service import MoveCash, deposit
from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, DomainError, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.market.types import AssetClass
from domain.orders.books.proof import prove_book
from domain.orders.model.types import OrderType, Side
from domain.orders.reading.closed_trades import stream_closed_trades
from domain.positions.queries import read_positions
from domain.system.exports.columns import COLUMNS, ExportKind
from domain.system.exports.service import ExportRequest, open_export
from domain.system.imports.service import ImportReport, import_history
from tests.orders.factories import INVERSE, PERPETUAL, SPOT, command
from tests.support.asking import counted_statements
from tests.support.trading import Platform, instrument, platform

HEADER = "reference,at,kind,symbol,side,quantity,price,fee,tax,fxRate,order,amount"
BEGIN = datetime(2024, 1, 2, 10, tzinfo=UTC)


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        for terms in (SPOT, PERPETUAL, INVERSE):
            await whole.add_instrument(replace(terms, id=new_id()))
        await whole.add_instrument(instrument("COINEUR", currency="EUR"))
        await whole.add_instrument(instrument("EURUSD.X", asset_class=AssetClass.FX, tick_size=Decimal("0.0001")))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


def at(seconds: int) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


async def bring(desk: Platform, actor: Actor, account_id: UUID, text: str) -> ImportReport:
    services = desk.services
    return await import_history(services.bus, services.market, actor, account_id, BytesIO(text.encode()))


async def history_of(desk: Platform, actor: Actor, account_id: UUID) -> str:
    """The account's history as the file that is exported."""
    columns = COLUMNS[ExportKind.HISTORY]
    text = encode_csv(list(columns), [tuple(columns)])
    rows = await open_export(actor, desk.services.market, ExportRequest(ExportKind.HISTORY, account_id))
    async with aclosing(cast(Any, rows)) as runs:
        async for run in runs:
            text += encode_csv(list(columns), [[read(row) for read in columns.values()] for row in run])
    return text.decode()


async def state_of(desk: Platform, account_id: UUID) -> dict[str, Any]:
    """Everything that an import has to bring about."""
    book = (await read_books([account_id]))[account_id]
    positions = (await read_positions([account_id], include_closed=True))[account_id]
    names = ("quantity", "cost", "average_price", "realized_pnl", "realized_due", "fees_paid", "fx_rate")
    trades: list[Any] = []
    async with aclosing(stream_closed_trades(desk.services.market, account_id, None, None)) as runs:
        async for run in runs:
            trades += run
    proof = await prove_book(account_id, (await desk.services.market.catalog()).by_id)
    assert proof.breaks == []
    return {
        "money": (book.cash, book.realized_pnl, book.fees_paid, book.reserved),
        "positions": {key: [getattr(row, name) for name in names] for key, row in positions.items()},
        "trades": trades,
        "counts": (proof.executions, proof.transactions),
    }


async def test_a_live_history_comes_out_the_same_in_another_account(desk: Platform) -> None:
    owner, book = await desk.open_account("100000", kind=AccountKind.MARGIN)
    await desk.quote("COIN-PERP", "99.99", "100.01", "3")
    for symbol, side, quantity in (
        ("COIN", Side.BUY, "2.5"),
        ("COIN-PERP", Side.SELL, "3"),
        ("COIN", Side.SELL, "1"),
        ("COIN-PERP", Side.BUY, "3"),
    ):
        terms = command(
            account_id=book.id,
            symbol=symbol,
            side=side,
            type=OrderType.MARKET,
            quantity=Decimal(quantity),
            strategy="=s",
        )
        (placed,) = await desk.place(owner, terms)
        await desk.filled(placed.id, quantity)
    await deposit(desk.services.bus, owner, MoveCash(book.id, Decimal("12.34"), "second", "+note"))
    other_owner, other = await desk.open_account(kind=AccountKind.MARGIN)
    text = await history_of(desk, owner, book.id)
    report = await bring(desk, other_owner, other.id, text)
    assert (report.executions, report.orders, report.cash_movements) == (4, 4, 2)
    assert await state_of(desk, other.id) == await state_of(desk, book.id)
    # It is the same file again, but for the names of its lines.
    again = await history_of(desk, other_owner, other.id)
    assert [line.split(",")[1:] for line in again.splitlines()] == [line.split(",")[1:] for line in text.splitlines()]


def random_history(seed: int) -> list[str]:
    """Lines of a MARGIN account in dollars: spot, linear and inverse contracts, parts of orders, rebates, rates."""
    chance = random.Random(seed)
    rows = [f"d,{at(0)},DEPOSIT,,,,,,,,,{chance.randrange(1, 10**7)}.{chance.randrange(10)}"]
    for number in range(1, chance.randrange(2, 40)):
        if chance.random() < 0.2:
            kind = chance.choice(["INTEREST", "FUNDING", "DIVIDEND", "ADJUSTMENT", "TRANSFER"])
            rows.append(f"c{number},{at(number)},{kind},,,,,,,,,{chance.choice(['-0.01', '3.5', '120'])}")
            continue
        symbol = chance.choice(["COIN", "COIN-PERP", "COINUSD", "COINEUR"])
        rate = {"COINUSD": "101.3", "COINEUR": "1.0937"}.get(symbol, "")
        side, order = chance.choice(["BUY", "SELL"]), f"o{symbol}{number // 4}"
        fee, tax = chance.choice(["", "0", "0.013", "-0.0071", "2"]), chance.choice(["", "0.005"])
        price, quantity = f"{chance.randrange(1, 30_000)}.{chance.randrange(100):02d}", f"{chance.randrange(1, 50)}"
        cells = (
            f"e{number}",
            at(number),
            "EXECUTION",
            symbol,
            side,
            quantity,
            price,
            fee,
            tax,
            rate,
            f"{order}{side}",
            "",
        )
        rows.append(",".join(cells))
    return rows


@given(st.integers(0, 2**32))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_imported_exports_and_imports_to_the_same(desk: Platform, seed: int) -> None:
    lines = [HEADER, *random_history(seed)]
    (first_owner, first), (second_owner, second) = [await desk.open_account(kind=AccountKind.MARGIN) for _ in range(2)]
    report = await bring(desk, first_owner, first.id, "\n".join(lines))
    assert (report.lines, report.imported) == (len(lines) - 1, len(lines) - 1)
    await bring(desk, second_owner, second.id, await history_of(desk, first_owner, first.id))
    assert await state_of(desk, first.id) == await state_of(desk, second.id)


async def test_the_books_say_what_a_broker_would(desk: Platform) -> None:
    owner, book = await desk.open_account()
    report = await bring(
        desk,
        owner,
        book.id,
        "\n".join(
            (
                HEADER,
                f"d1,{at(0)},DEPOSIT,,,,,,,,,1000",
                f"e1,{at(1)},EXECUTION,COIN,BUY,2,100,0.50,,,buy,",
                f"e2,{at(2)},EXECUTION,COIN,BUY,2,110,0.50,,,buy,",
                f"e3,{at(3)},EXECUTION,COIN,SELL,3,120,,1.25,,,",
                f"v1,{at(4)},DIVIDEND,,,,,,,,,7.5",
                f"w1,{at(5)},WITHDRAWAL,,,,,,,,,-100",
            )
        ),
    )
    # 1000 - 420 - 1 + 360 - 0.36 (0.1 % by the instrument's terms) - 1.25 + 7.50 - 100
    assert (report.cash, report.realized_pnl, report.fees_paid) == (Decimal("844.89"), Decimal(45), Decimal("2.61"))
    state = await state_of(desk, book.id)
    ((_key, figures),) = state["positions"].items()
    assert figures[:3] == [1, 105, 105]
    assert [(trade.opened_at, trade.closed_at, trade.quantity) for trade in state["trades"]] == [
        (BEGIN + timedelta(seconds=1), BEGIN + timedelta(seconds=3), 2),
        (BEGIN + timedelta(seconds=2), BEGIN + timedelta(seconds=3), 1),
    ]
    account = (await read_books([book.id]))[book.id]
    # History is no profit of today, and no fall from a peak.
    value = (await desk.services.books.read([book.id]))[book.id]
    assert (value.day_pnl, account.peak_equity) == (0, value.equity)
    rows = await fetch("SELECT DISTINCT by FROM account_transactions WHERE account_id = $1", book.id)
    assert [row["by"] for row in rows] == [owner.email]
    (entry,) = await fetch(
        "SELECT actor, outcome, detail::jsonb ->> 'imported' AS n FROM audit_entries "
        "WHERE action = 'importHistory' AND target = $1",
        target_of("account", book.id),
    )
    assert tuple(entry) == (owner.email, "DONE", "6")
    kinds = await fetch("SELECT kind, count(*) AS n FROM account_events WHERE account_id = $1 GROUP BY 1", book.id)
    assert {row["kind"]: row["n"] for row in kinds} == {
        "ACCOUNT_OPENED": 1,
        "CASH_IMPORTED": 3,
        "TRADE_IMPORTED": 3,
        "HISTORY_IMPORTED": 1,
    }


async def saved(account_id: UUID) -> list[Any]:
    """The stored rows of an account."""
    tables = ("orders", "executions", "account_transactions", "account_events", "imported_lines", "positions")
    counts = [await fetch(f"SELECT count(*) FROM {table} WHERE account_id = $1", account_id) for table in tables]
    return [*(rows[0][0] for rows in counts), (await read_books([account_id]))[account_id].cash]


async def test_each_reference_is_imported_once(desk: Platform) -> None:
    owner, book = await desk.open_account()
    lines = [HEADER, f"d1,{at(0)},DEPOSIT,,,,,,,,,1000", f"e1,{at(1)},EXECUTION,COIN,BUY,1,100,,,,o1,"]
    await bring(desk, owner, book.id, "\n".join(lines))
    before = await saved(book.id)
    report = await bring(desk, owner, book.id, "\n".join(lines))
    assert (report.imported, report.already_there, report.cash) == (0, 2, Decimal("899.90"))
    assert await saved(book.id) == before
    # Later lines are added to what is there.
    later = f"e2,{at(2)},EXECUTION,COIN,SELL,1,101,,,,o2,"
    report = await bring(desk, owner, book.id, "\n".join([*lines, later]))
    assert (report.imported, report.already_there, report.realized_pnl) == (1, 2, 1)
    before = await saved(book.id)
    for changed, told in (
        (f"d1,{at(0)},DEPOSIT,,,,,,,,,1001", "other content"),
        (f"e3,{at(3)},EXECUTION,COIN,SELL,1,101,,,,o2,", "imported before"),
    ):
        with pytest.raises((Conflict, BadInput), match=told) as refused:
            await bring(desk, owner, book.id, "\n".join([HEADER, changed]))
        assert refused.value.context["line"] == 2
        assert await saved(book.id) == before


def cash(*rows: str) -> Iterable[str]:
    return (HEADER, f"d0,{at(0)},DEPOSIT,,,,,,,,,1000", *rows)


async def test_one_bad_line_saves_nothing_and_is_named(desk: Platform) -> None:
    owner, book = await desk.open_account()
    before = await saved(book.id)
    good = [f"g{n},{at(1)},EXECUTION,COIN,BUY,0.001,100,,,,," for n in range(150)]
    for row, field in (
        (f"r,{at(2)},EXECUTION,NONE,BUY,1,100,,,,,", "symbol"),
        (f"r,{at(2)},EXECUTION,COIN-PERP,BUY,1,100,,,,,", "symbol"),
        (f"r,{at(2)},EXECUTION,COIN,BUY,1,-100,,,,,", "price"),
        (f"r,{at(2)},EXECUTION,COIN,BUY,100,100,,,,,", "price"),
        (f"r,{at(2)},EXECUTION,COIN,SELL,1,100,,,,,", "quantity"),
        (f"r,{at(2)},EXECUTION,COIN,BUY,1,100,,,1.1,,", "fxRate"),
        (f"r,{at(2)},EXECUTION,COINEUR,BUY,1,100,,,,,", "fxRate"),
        (f"r,{at(2)},EXECUTION,COIN,SELL,0.001,100,,,,g0,", "order"),
        (f"r,{at(2)},WITHDRAWAL,,,,,,,,,-1000", "amount"),
        (f"r,{at(2)},DEPOSIT,,,,,,,,,0.001", "amount"),
        (f"g0,{at(2)},DEPOSIT,,,,,,,,,1", "reference"),
    ):
        with pytest.raises(BadInput) as refused:
            await bring(desk, owner, book.id, "\n".join(cash(*good, row)))
        assert (refused.value.field, refused.value.context["line"]) == (field, 153)
    assert await saved(book.id) == before
    header = f"{HEADER},realizedPnl,feeCurrency"
    for row, field in (
        (f"r,{at(2)},EXECUTION,COIN,BUY,1,100,,,,,,5,", "realizedPnl"),
        (f"r,{at(2)},EXECUTION,COIN,BUY,1,100,1,,,,,,XYZ", "feeCurrency"),
    ):
        with pytest.raises(BadInput) as refused:
            await bring(desk, owner, book.id, "\n".join([header, f"d0,{at(0)},DEPOSIT,,,,,,,,,1000,,", row]))
        assert refused.value.field == field
    assert await saved(book.id) == before


async def test_only_a_new_account_takes_a_history_from_those_who_move_its_money(desk: Platform) -> None:
    text = "\n".join(cash())
    traded_owner, traded = await desk.open_account("1000")
    with pytest.raises(Conflict, match="new account"):
        await bring(desk, traded_owner, traded.id, text)
    owner, book = await desk.open_account()
    manager = await desk.add_actor(Role.RISK_MANAGER)
    stranger = await desk.add_actor()
    refusals: tuple[tuple[Actor, type[DomainError]], ...] = ((manager, Forbidden), (stranger, NotFound))
    for actor, kind in refusals:
        with pytest.raises(kind):
            await bring(desk, actor, book.id, text)
    await bring(desk, owner, book.id, text)
    # Once it lives, nothing of the past is added.
    await deposit(desk.services.bus, owner, MoveCash(book.id, Decimal(1), "live"))
    with pytest.raises(Conflict, match="new account"):
        await bring(desk, owner, book.id, text)
    _, empty = await desk.open_account()
    report = await bring(desk, desk.admin, empty.id, text)
    assert report.cash == 1000
    assert OWNED in owner.accounts.values()


async def test_statements_depend_on_runs_and_not_on_lines(desk: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for size in (10, 90, 190):
        owner, book = await desk.open_account()
        rows = [f"e{n},{at(n)},EXECUTION,COIN,{('BUY', 'SELL')[n % 2]},0.001,100,,,,," for n in range(size)]
        with counted_statements(monkeypatch) as statements:
            await bring(desk, owner, book.id, "\n".join(cash(*rows)))
        counts.append(len(statements.texts))
    one_run, same, two_runs = counts
    assert one_run == same
    assert two_runs - same < 12
