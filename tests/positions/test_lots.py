"""Closed trades, first in, first out: by table, and always adding up to the books."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.numbers import ZERO
from domain.market.types import Instrument
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment, adjust
from domain.positions.fills import book_fill
from domain.positions.lots import ClosedTrade, LotFill, LotMethod, Lots
from domain.positions.rules import ClosesTooMuch, Fill
from domain.positions.types import Bucket, PositionBook, PositionSide
from tests.orders.factories import ACCOUNT_ID, INVERSE, PERPETUAL, SPOT

START = datetime(2026, 1, 5, tzinfo=UTC)
D = Decimal
# Money to eight decimals.
CURRENCY = "BTC"


class Books:
    """A position and its lots, booked side by side."""

    def __init__(
        self, instrument: Instrument = PERPETUAL, bucket: Bucket = Bucket.NET, method: LotMethod = LotMethod.FIFO
    ) -> None:
        self.instrument = instrument
        self.book = PositionBook(ACCOUNT_ID, ACCOUNT_ID, instrument.id, bucket)
        self.lots = Lots(instrument, bucket, method)
        self.trades: list[ClosedTrade] = []
        self.clock = 0

    def fill(self, quantity: str | Decimal, price: str | Decimal, costs: str | Decimal = "0", rate: str = "1") -> None:
        """A buy above zero, a sell below."""
        self.clock += 1
        signed, price, costs = D(quantity), D(price), D(costs)
        now = START + timedelta(minutes=self.clock)
        buys, size = signed > 0, abs(signed)
        fill = Fill(size if buys else -size, price)
        realized = book_fill(self.book, self.instrument, fill, CURRENCY, now, rate=D(rate))
        self.book.fees_paid += costs
        self.trades += self.lots.fill(LotFill(buys, size, price, now, costs, realized, D(rate)))
        self.check()

    def adjust(self, kind: AdjustmentKind, **terms: Any) -> None:
        """As the day roll does it."""
        self.clock += 1
        now = START + timedelta(minutes=self.clock)
        adjustment = PositionAdjustment(
            ACCOUNT_ID, ACCOUNT_ID, self.instrument.id, self.book.bucket, kind, now.date(), created_at=now, **terms
        )
        adjust(self.book, self.instrument, adjustment, now, currency=CURRENCY)
        self.trades += self.lots.adjust(adjustment)
        self.check()

    def settle(self, price: str | Decimal) -> None:
        """Mark to a settlement price."""
        self.adjust(AdjustmentKind.SETTLEMENT, price=D(price))

    def check(self) -> None:
        """The three sums."""
        realized = sum((trade.realized_pnl for trade in self.trades), ZERO)
        assert realized + self.open_settled == self.book.realized_pnl
        assert sum((trade.fees for trade in self.trades), ZERO) + self.open_costs == self.book.fees_paid
        assert self.lots.quantity == self.book.quantity

    @property
    def open_costs(self) -> Decimal:
        """The costs of opening the open quantity."""
        return sum((lot.costs for lot in self.lots._lots), ZERO)

    @property
    def open_settled(self) -> Decimal:
        """The PnL that daily settlements realised on the open quantity."""
        return sum((lot.settled for lot in self.lots._lots), ZERO)

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """Side, quantity, entry, exit, realised, matched and fees of all trades."""
        return [
            (str(row.side), *(str(value.normalize()) for value in (row.quantity, row.entry_price, row.exit_price,
             row.realized_pnl, row.matched_pnl, row.fees)))
            for row in self.trades
        ]  # fmt: skip


def test_an_entry_and_its_exit_make_one_closed_trade() -> None:
    books = Books()
    books.fill("2", "100", "0.2")
    books.fill("-2", "110", "0.22")
    assert books.rows == [("LONG", "2", "1E+2", "1.1E+2", "2E+1", "2E+1", "0.42")]
    (trade,) = books.trades
    assert (trade.opened_at, trade.closed_at) == (START + timedelta(minutes=1), START + timedelta(minutes=2))
    assert trade.net_pnl == D("19.58")


def test_lots_close_first_in_first_out_and_share_fees_by_quantity() -> None:
    books = Books()
    books.fill("1", "100", "0.1")
    books.fill("3", "104", "0.4")
    books.fill("-2", "110", "0.3")
    # The books realised 2 x (110 - 103): each lot its own, and a difference of two by quantity.
    assert books.rows == [
        ("LONG", "1", "1E+2", "1.1E+2", "9", "1E+1", "0.25"),
        ("LONG", "1", "104", "1.1E+2", "5", "6", "0.283333333333333333"),
    ]
    books.fill("-2", "110", "0.3")
    assert [row[4:6] for row in books.rows[2:]] == [("14", "12")]
    assert sum(trade.realized_pnl for trade in books.trades) == sum(trade.matched_pnl for trade in books.trades)
    assert books.open_costs == 0


def test_a_flip_opens_a_trade_with_its_share_of_the_fee() -> None:
    books = Books()
    books.fill("1", "100")
    books.fill("-3", "101", "0.3")
    assert books.rows == [("LONG", "1", "1E+2", "101", "1", "1", "0.1")]
    assert (books.lots.quantity, books.open_costs) == (D(-2), D("0.2"))
    books.fill("2", "99")
    assert books.rows[1:] == [("SHORT", "2", "101", "99", "4", "4", "0.2")]


def test_daily_settlements_are_part_of_the_trade_that_they_belong_to() -> None:
    books = Books()
    books.fill("2", "100")
    books.settle("105")
    books.fill("2", "106")
    books.settle("103")
    assert books.open_settled == D(0)
    books.fill("-4", "104")
    assert [row[1:6] for row in books.rows] == [
        ("2", "1E+2", "104", "8", "8"),
        ("2", "106", "104", "-4", "-4"),
    ]


def test_a_split_keeps_the_money_of_a_trade() -> None:
    books = Books()
    books.fill("3", "100", "0.3")
    books.adjust(AdjustmentKind.SPLIT, factor=D(2), unit=D(1))
    books.fill("-6", "55")
    assert [row[1:] for row in books.rows] == [("6", "5E+1", "55", "3E+1", "3E+1", "0.3")]


@pytest.mark.parametrize(("price", "exit_price", "realized"), [(D(44), "44", "3"), (None, "4E+1", "0")])
def test_a_fraction_paid_out_by_a_split_is_a_closed_trade(
    price: Decimal | None, exit_price: str, realized: str
) -> None:
    books = Books()
    books.fill("3", "10")
    books.fill("4", "10")
    books.adjust(AdjustmentKind.SPLIT, factor=D("0.25"), unit=D(1), price=price)
    assert [row[1:5] for row in books.rows] == [("0.75", "4E+1", exit_price, realized)]
    assert books.lots.quantity == 1


def test_dividends_and_renamings_close_nothing_and_a_delisting_closes_everything() -> None:
    books = Books(SPOT)
    books.fill("3", "100")
    books.adjust(AdjustmentKind.DIVIDEND, amount_per_unit=D(2))
    books.adjust(AdjustmentKind.RENAMED)
    books.adjust(AdjustmentKind.DELISTED)
    assert books.trades == []
    books.adjust(AdjustmentKind.DELISTED, price=D(40))
    books.adjust(AdjustmentKind.DELISTED, price=D(40))
    assert [row[:6] for row in books.rows] == [("LONG", "3", "1E+2", "4E+1", "-1.8E+2", "-1.8E+2")]


def test_large_quantities_and_small_prices_keep_every_digit() -> None:
    books = Books()
    books.fill("1000000000000000.123456789012", "0.000000000001", "0.000000000007")
    books.fill("999999999999999.999999999999", "0.000000000003", "0.000000000011")
    books.fill("-1500000000000000.5", "0.000000000002", "0.000000000013")
    books.fill("-499999999999999.623456789011", "0.000000000005", "0.000000000017")
    assert books.lots.quantity == 0
    assert sum(trade.fees for trade in books.trades) == D("0.000000000048")


def test_amounts_in_another_currency_convert_at_the_rate_of_the_exit() -> None:
    books = Books()
    books.fill("2", "100", rate="1.1")
    books.fill("-2", "110", rate="1.2")
    assert books.rows[0][4:6] == ("24", "24")


steps = st.lists(
    st.tuples(
        st.one_of(st.decimals("-50", "50", places=3).filter(bool), st.just(D(7))),
        st.decimals("0.01", "1000", places=2),
        st.decimals("-1", "1", places=8),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
TERMS = {"linear": PERPETUAL, "multiplier": replace(PERPETUAL, multiplier=D(50)), "inverse": INVERSE}


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("bucket", list(Bucket))
@given(steps=steps, method=st.sampled_from(LotMethod))
def test_closed_trades_always_add_up_to_the_books(
    terms: Instrument, bucket: Bucket, method: LotMethod, steps: list[tuple[Decimal, Decimal, Decimal, bool]]
) -> None:
    books = Books(terms, bucket, method)
    for quantity, price, costs, settles in steps:
        try:
            books.fill(quantity, price, costs)
        except ClosesTooMuch:
            continue
        if settles:
            books.settle(price + 1)
        elif quantity == 7:
            books.adjust(AdjustmentKind.SPLIT, factor=D("1.5"), unit=terms.lot_size, price=price)
    entries = [trade.opened_at for trade in books.trades]
    assert method is LotMethod.LIFO or entries == sorted(entries)
    assert all(trade.quantity > 0 for trade in books.trades)
    assert all(trade.side is not PositionSide.FLAT for trade in books.trades)


@given(steps=steps, method=st.sampled_from(LotMethod))
def test_matched_and_booked_pnl_agree_for_a_flat_position(
    method: LotMethod, steps: list[tuple[Decimal, Decimal, Decimal, bool]]
) -> None:
    books = Books(method=method)
    for quantity, price, costs, _ in steps:
        books.fill(quantity, price, costs)
    if books.book.quantity:
        books.fill(-books.book.quantity, "10")
    booked, matched = (
        sum((Fraction(getattr(trade, name)) for trade in books.trades), Fraction(0))
        for name in ("realized_pnl", "matched_pnl")
    )
    # Each average is off by half of its last digit at most, for all that is held at it.
    assert abs(booked - matched) <= Fraction(sum(abs(step[0]) for step in steps)) * len(steps) / 10**12


@pytest.mark.parametrize(
    ("method", "lots"),
    [
        # Quantity, entry and gain of each lot that a sale of 3 at 20 takes, of 2 at 10, 2 at 16.
        (LotMethod.FIFO, [("2", "10", "20"), ("1", "16", "4")]),
        (LotMethod.LIFO, [("2", "16", "8"), ("1", "10", "10")]),
        (LotMethod.AVERAGE, [("3", "13", "21")]),
    ],
)
def test_each_lot_method_selects_the_lots_of_a_sale(method: LotMethod, lots: list[tuple[str, str, str]]) -> None:
    books = Books(method=method)
    books.fill("2", "10", "0.2")
    books.fill("2", "16", "0.2")
    books.fill("-3", "20", "0.3")
    taken = [(trade.quantity, trade.entry_price, trade.matched_pnl) for trade in books.trades]
    assert taken == [tuple(map(D, lot)) for lot in lots]
    # The last one takes what is left, whose gain is the rest of the whole.
    books.fill("-1", "20")
    assert sum(trade.matched_pnl for trade in books.trades) == D("28")
    assert sum(trade.fees for trade in books.trades) == D("0.7")


def test_average_cost_of_an_inverse_contract_keeps_its_money() -> None:
    books = Books(INVERSE, method=LotMethod.AVERAGE)
    books.fill("1", "100")
    books.fill("1", "300")
    books.fill("-2", "150")
    assert books.trades[0].entry_price == D("150")
    assert abs(books.trades[0].matched_pnl) < D("1e-10")
