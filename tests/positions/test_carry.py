"""Funding and interest of what is held over the day roll: what is due, once per account and day, and rounded once."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor, Role
from domain.accounts.interest import list_interest_rates, set_interest_rate
from domain.accounts.queries import READ_RUN, read_books, to_transaction
from domain.accounts.types import AccountKind, HouseAccount, Transaction, TransactionKind
from domain.kernel.database import fetch
from domain.kernel.day_roll import DayRoll
from domain.kernel.errors import BadInput, Forbidden
from domain.kernel.time import Nanos
from domain.market.costs import cost_at
from domain.market.types import AssetClass, Instrument, Quote
from domain.orders.books.proof import prove_book
from domain.orders.model.types import OrderType, Side
from domain.positions.carry import CarryTerms, carry_of, post_carry
from domain.positions.types import Bucket, PositionBook
from domain.settlement.rolling import roll_days
from tests.orders.factories import ACCOUNT_ID, INVERSE, NOW, PERPETUAL, SPOT, account, command
from tests.support.trading import Platform, instrument

DAY = date(2026, 1, 5)
PERP = replace(PERPETUAL, funding_rate=Decimal("0.0003"))
COINS = replace(INVERSE, funding_rate=Decimal("-0.0001"))
SHARE = replace(SPOT, id=UUID(int=14), symbol="SHARE", asset_class=AssetClass.EQUITY, borrow_rate=Decimal("0.073"))
EURUSD = replace(SPOT, id=UUID(int=15), symbol="EURUSD", asset_class=AssetClass.FX)
ALL = {item.id: item for item in (PERP, COINS, SHARE, EURUSD)}
FUNDING, INTEREST = TransactionKind.FUNDING, TransactionKind.INTEREST


def held(of: Instrument, quantity: str, average: str = "100", bucket: Bucket = Bucket.NET) -> PositionBook:
    return PositionBook(
        UUID(int=100),
        ACCOUNT_ID,
        of.id,
        bucket,
        quantity=Decimal(quantity),
        average_price=Decimal(average),
        cost=cost_at(of, Decimal(quantity), Decimal(average)),
    )


def terms(prices: dict[str, str], **loan_rates: str) -> CarryTerms:
    quotes = {symbol: Quote(symbol, Nanos(0), last=Decimal(price)) for symbol, price in prices.items()}
    return CarryTerms(ALL, quotes.get, {currency: Decimal(rate) for currency, rate in loan_rates.items()})


@pytest.mark.parametrize(
    ("currency", "cash", "positions", "prices", "due"),
    [
        ("USD", "0", [held(PERP, "3")], {"COIN-PERP": "110"}, [(FUNDING, "-0.099")]),
        ("USD", "0", [held(PERP, "-3")], {"COIN-PERP": "110"}, [(FUNDING, "0.099")]),
        # Without a price it is carried, and charged, at its average.
        ("USD", "0", [held(PERP, "3")], {}, [(FUNDING, "-0.09")]),
        # Both legs of a hedge are held.
        (
            "USD",
            "0",
            [held(PERP, "3", bucket=Bucket.LONG), held(PERP, "-1", bucket=Bucket.SHORT)],
            {"COIN-PERP": "100"},
            [(FUNDING, "-0.09"), (FUNDING, "0.03")],
        ),
        # 50 contracts of 100 dollars at 10,000 are half a coin, and a rate below zero pays the long.
        ("COIN", "1", [held(COINS, "50", "9000")], {"COINUSD": "10000"}, [(FUNDING, "0.00005")]),
        ("EUR", "0", [held(PERP, "3")], {"COIN-PERP": "110", "EURUSD": "1.25"}, [(FUNDING, "-0.0792")]),
        ("USD", "500", [held(SHARE, "-2")], {"SHARE": "50"}, [(INTEREST, "-0.02")]),
        ("USD", "0", [held(SHARE, "2")], {"SHARE": "50"}, []),
        ("USD", "-730", [], {}, [(INTEREST, "-0.1")]),
        ("USD", "730", [], {}, []),
        ("JPY", "-730", [], {}, []),
        ("USD", "0", [held(PERP, "0")], {"COIN-PERP": "110"}, []),
    ],
)
def test_funding_and_interest_follow_the_rates(
    currency: str,
    cash: str,
    positions: list[PositionBook],
    prices: dict[str, str],
    due: Iterable[tuple[TransactionKind, str]],
) -> None:
    book = account(cash, AccountKind.MARGIN, currency=currency)
    charges = carry_of(book, positions, terms(prices, USD="0.05"), DAY)
    assert [(row.kind, row.amount) for row in charges] == [(kind, Decimal(amount)) for kind, amount in due]


def test_a_day_is_posted_once_rounded_half_even_with_its_details() -> None:
    book = account("-1000", AccountKind.MARGIN)
    given = terms({"COIN-PERP": "150", "SHARE": "100"}, USD="0.0365")
    positions = [held(SHARE, "-10"), held(PERP, "1")]
    posted = post_carry(book, positions, given, DAY, NOW)
    # 0.045 and 0.20 and 0.10: the first is half a cent, and goes to the even one.
    assert [(row.kind, row.contra, row.amount) for row in posted] == [
        (FUNDING, HouseAccount.FUNDING, Decimal("-0.04")),
        (INTEREST, HouseAccount.INTEREST, Decimal("-0.20")),
        (INTEREST, HouseAccount.INTEREST, Decimal("-0.10")),
    ]
    assert [row.note for row in posted] == [
        "2026-01-05 funding of 1 COIN-PERP at 150 at 0.0003",
        "2026-01-05 borrowing of -10 SHARE at 100 at 0.073 a year",
        "2026-01-05 loan of 1000 USD at 0.0365 a year",
    ]
    assert (book.cash, book.carried_on) == (Decimal("-1000.34"), DAY)
    assert post_carry(book, positions, given, DAY, NOW) == []
    assert post_carry(book, positions, given, DAY - timedelta(days=1), NOW) == []
    assert book.cash == Decimal("-1000.34")
    assert [row.amount for row in post_carry(book, [], given, DAY + timedelta(days=1), NOW)] == [Decimal("-0.10")]


def test_an_amount_that_rounds_to_zero_posts_nothing_and_its_day_is_done() -> None:
    book = account("0", AccountKind.MARGIN)
    assert post_carry(book, [held(PERP, "0.001")], terms({"COIN-PERP": "1"}), DAY, NOW) == []
    assert (book.carried_on, book.transaction_sequence) == (DAY, 0)
    assert post_carry(book, [held(PERP, "1000")], terms({"COIN-PERP": "1"}), DAY, NOW) == []


async def ledger(account_id: UUID) -> list[Transaction]:
    return [to_transaction(row) for row in await fetch(READ_RUN, account_id, 0, 100)]


async def trade(desk: Platform, owner: Actor, account_id: UUID, symbol: str, side: Side, quantity: str) -> None:
    order = command(account_id=account_id, symbol=symbol, side=side, type=OrderType.MARKET, quantity=Decimal(quantity))
    (placed,) = await desk.place(owner, order)
    await desk.filled(placed.id, quantity)


async def test_the_day_roll_charges_once_and_the_books_prove(live_desk: Platform) -> None:
    desk, services = live_desk, live_desk.services
    share = instrument(
        "SHARE",
        asset_class=AssetClass.EQUITY,
        initial_margin_rate=Decimal("0.5"),
        maintenance_margin_rate=Decimal("0.25"),
        borrow_rate=Decimal("0.73"),
        shortable=True,
    )
    await desk.add_instrument(share)
    await desk.add_instrument(instrument("LOANED", asset_class=AssetClass.EQUITY, initial_margin_rate=Decimal("0.5"),
                                         maintenance_margin_rate=Decimal("0.25")))  # fmt: skip
    for symbol in ("SHARE", "LOANED"):
        await desk.quote(symbol, "100", "100")
    await set_interest_rate(services.bus, desk.admin, "USD", Decimal("0.365"))
    owner, book = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, owner, book.id, "LOANED", Side.BUY, "16")
    _, short_book = short = await desk.open_account("1000", kind=AccountKind.MARGIN)
    await trade(desk, short[0], short_book.id, "SHARE", Side.SELL, "5")
    roll, tomorrow = DayRoll(time(0), ZoneInfo("UTC")), datetime.now(UTC) + timedelta(days=1)
    before = {row.id: row.cash for row in (await read_books([book.id, short_book.id])).values()}
    assert before[book.id] == Decimal("-601.60")
    assert (await roll_days(services.bus, services.market, roll, tomorrow)).accounts == 2
    # 601.60 owed at 36.5 % a year are 0.6016 a day; 500 borrowed at 73 % are one.
    assert (await ledger(book.id))[-1].amount == Decimal("-0.60")
    assert (await ledger(short_book.id))[-1].amount == Decimal("-1.00")
    for account_id, paid in ((book.id, "0.60"), (short_book.id, "1.00")):
        (value,) = (await services.books.read([account_id])).values()
        assert value.cash == before[account_id] - Decimal(paid)
        assert (value.day_pnl, value.account.day_opening_equity) == (Decimal(0), value.equity)
        assert value.account.carried_on == roll.day_before(roll.last_before(tomorrow))
    assert (await roll_days(services.bus, services.market, roll, tomorrow)).accounts == 0
    assert (await roll_days(services.bus, services.market, roll, tomorrow + timedelta(days=1))).accounts == 2
    assert (await ledger(book.id))[-1].amount == Decimal("-0.60")
    for account_id in (book.id, short_book.id):
        proof = await prove_book(account_id, (await services.market.catalog()).by_id)
        assert proof.breaks == []


async def ask(desk: Platform, actor: Actor, document: str, **variables: Any) -> Any:
    result = await graphql(
        platform_schema(), document, context_value=Context(desk.services, actor=actor), variable_values=variables
    )
    if result.errors:
        original = result.errors[0].original_error
        assert original is not None, result.errors[0]
        return type(original).__name__
    assert result.data is not None
    (value,) = result.data.values()
    return value


async def test_rates_are_set_and_shown_through_the_api(quiet_desk: Platform) -> None:
    desk, trader = quiet_desk, await quiet_desk.add_actor()
    update = "mutation ($i: UpdateInstrumentInput!) { updateInstrument(input: $i) { fundingRate borrowRate } }"
    given = {"symbol": "COIN-PERP", "fundingRate": "0.0001"}
    assert await ask(desk, desk.admin, update, i=given) == {"fundingRate": "0.0001", "borrowRate": "0"}
    assert await ask(desk, desk.admin, update, i={"symbol": "COIN", "fundingRate": "0.0001"}) == "BadInput"
    assert await ask(desk, desk.admin, update, i={"symbol": "COIN", "borrowRate": "0.1"}) == {
        "fundingRate": "0",
        "borrowRate": "0.1",
    }
    loan = "mutation ($i: SetInterestRateInput!) { setInterestRate(input: $i) { currency loanRate } }"
    assert await ask(desk, trader, loan, i={"currency": "USD", "loanRate": "0.05"}) == "Forbidden"
    assert await ask(desk, desk.admin, loan, i={"currency": "USD", "loanRate": "11"}) == "BadInput"
    assert await ask(desk, desk.admin, loan, i={"currency": "dollars", "loanRate": "0.05"}) == "BadInput"
    assert await ask(desk, trader, "{ interestRates { currency loanRate } }") == []
    for rate in ("0.05", "0.05", "0.06"):
        answer = await ask(desk, desk.admin, loan, i={"currency": "USD", "loanRate": rate})
        assert answer == {"currency": "USD", "loanRate": rate}
    assert await ask(desk, trader, "{ interestRates { currency loanRate } }") == [
        {"currency": "USD", "loanRate": "0.06"}
    ]
    audited = await fetch("SELECT count(*) AS n FROM audit_entries WHERE action = 'setInterestRate'")
    assert audited[0]["n"] == 2


async def test_only_an_administrator_sets_interest_rates(quiet_desk: Platform) -> None:
    bus = quiet_desk.services.bus
    with pytest.raises(Forbidden):
        await set_interest_rate(bus, await quiet_desk.add_actor(Role.RISK_MANAGER), "USD", Decimal("0.05"))
    for rate in ("-0.01", "NaN", "10.1"):
        with pytest.raises(BadInput) as caught:
            await set_interest_rate(bus, quiet_desk.admin, "USD", Decimal(rate))
        assert caught.value.field == "loanRate"
    assert await list_interest_rates() == []
