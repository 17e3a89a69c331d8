"""Daily statements over random days: they add up, and each line is what it says."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.accounts.fees import trade_notional
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, AccountKind, TransactionKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO, total
from domain.market.types import AssetClass, Instrument
from domain.positions.adjustments import AdjustmentKind, PositionAdjustment, adjust
from domain.positions.fills import book_fill
from domain.positions.rules import Fill
from domain.positions.types import Bucket, PositionBook
from domain.positions.valuation import value_account, value_position
from domain.positions.values import AccountValue
from domain.settlement.queries import NO_FLOWS, sum_flows
from domain.settlement.statement import is_balanced, make_statement
from domain.settlement.types import DailyStatement, MarketDay
from tests.orders.factories import NOW, PERPETUAL, SPOT, account

SHARE = replace(SPOT, id=UUID(int=20), asset_class=AssetClass.EQUITY, symbol="SHARE", lot_size=Decimal(1))
FUTURE = replace(PERPETUAL, id=UUID(int=21), asset_class=AssetClass.FUTURE, symbol="FUT", multiplier=Decimal(10))
INSTRUMENTS = (SHARE, FUTURE, PERPETUAL)
# What happens, the closing marks of the three, and a dividend (with a split of three for two) or none.
Day = tuple[list[tuple[object, ...]], tuple[Decimal, ...], Decimal | None]
HALF_A_CENT = Decimal("0.005")
CENT = 2 * HALF_A_CENT
T = TransactionKind

prices = st.decimals(min_value="0.01", max_value=500, places=4)
fills = st.tuples(
    st.just("fill"), st.sampled_from(INSTRUMENTS), st.booleans(), st.integers(1, 500).map(Decimal), prices
)
transfers = st.tuples(st.just("transfer"), st.integers(-(10**6), 10**6).filter(bool).map(lambda n: Decimal(n) / 100))
cents = st.integers(1, 10**4).map(lambda n: Decimal(n) / 100)
costs = st.tuples(st.just("cost"), st.sampled_from([T.FEE, T.TAX]), cents)
carries = st.tuples(st.just("carry"), st.sampled_from([T.FUNDING, T.INTEREST]), prices, st.booleans())
days = st.lists(
    st.tuples(
        st.lists(fills | transfers | costs | carries, max_size=8),
        st.tuples(prices, prices, prices),
        st.none() | prices,
    ),
    min_size=1,
    max_size=5,
)


class Account:
    """An account whose days are booked like those of the platform."""

    def __init__(self) -> None:
        self.book: AccountBook = account("0", AccountKind.MARGIN)
        self.positions = {row.id: PositionBook(new_id(), self.book.id, row.id, Bucket.NET) for row in INSTRUMENTS}
        self.posted = 0

    def do(self, kind: str, *terms: object) -> None:
        getattr(self, f"_{kind}")(*terms)

    def _post(self, kind: TransactionKind, amount: Decimal) -> None:
        post(self.book, kind, amount, NOW, "somebody")

    def _transfer(self, amount: Decimal) -> None:
        self._post(T.DEPOSIT if amount > ZERO else T.WITHDRAWAL, amount)

    def _cost(self, kind: TransactionKind, amount: Decimal) -> None:
        self._post(kind, -amount)

    def _carry(self, kind: TransactionKind, amount: Decimal, pays: bool) -> None:
        self._post(kind, -amount if pays else amount)

    def _fill(self, instrument: Instrument, buys: bool, quantity: Decimal, price: Decimal) -> None:
        position = self.positions[instrument.id]
        fill = Fill(quantity if buys else -quantity, price)
        realized = book_fill(position, instrument, fill, "USD", NOW)
        notional = trade_notional(instrument, quantity, price)
        if instrument.asset_class.is_derivative:
            self._post(T.REALIZED_PNL, realized)
        else:
            self._post(T.TRADE, -notional if buys else notional)
        self.book.realized_pnl += realized

    def adjust(self, instrument: Instrument, kind: AdjustmentKind, **terms: Decimal) -> None:
        done = PositionAdjustment(new_id(), self.book.id, instrument.id, Bucket.NET, kind, date(2026, 1, 1), **terms)
        adjust(self.positions[instrument.id], instrument, done, NOW, currency="USD")
        self.book.realized_pnl += done.realized_pnl
        self._post(done.transaction_kind, done.cash)

    def value(self, marks: tuple[Decimal, ...]) -> AccountValue:
        return value_account(
            self.book,
            [
                value_position(self.book, self.positions[row.id], row, mark)
                for row, mark in zip(INSTRUMENTS, marks, strict=True)
            ],
        )


def end_day(
    held: Account, day: int, marks: tuple[Decimal, ...], dividend: Decimal | None, realized: Decimal
) -> DailyStatement:
    """The day's end in the order of the steps; ``realized`` is what had been realised before the day."""
    if dividend is not None:
        held.adjust(SHARE, AdjustmentKind.DIVIDEND, amount_per_unit=dividend)
        held.adjust(SHARE, AdjustmentKind.SPLIT, factor=Decimal("1.5"), unit=Decimal(1), price=marks[0])
    held.adjust(FUTURE, AdjustmentKind.SETTLEMENT, price=marks[1])
    moment = datetime(2026, 1, 2, tzinfo=UTC) + timedelta(days=day)
    ended = MarketDay(moment.date() - timedelta(days=1), moment.date(), moment, {})
    rows = held.book.transactions[held.posted :]
    held.posted = len(held.book.transactions)
    statement = make_statement(held.value(marks), ended, sum_flows(NO_FLOWS, rows), realized, 0)
    held.book.day_opening_equity = statement.closing_equity
    return statement


SPLIT_IN_PENNIES: list[Day] = [
    ([("fill", SHARE, False, Decimal(189), Decimal("0.0142"))], (Decimal("0.0415"), CENT, CENT), CENT),
    ([], (CENT, CENT, CENT), CENT),
]


@settings(max_examples=60)
@example(SPLIT_IN_PENNIES)
@given(days)
def test_statements_add_up_and_each_line_is_right(story: list[Day]) -> None:
    held, closing, unrealized, realized, posted = Account(), ZERO, ZERO, ZERO, 0
    held_since: list[PositionBook] = []
    for number, (events, marks, dividend) in enumerate(story):
        for kind, *terms in events:
            held.do(str(kind), *terms)
        statement = end_day(held, number, marks, dividend, realized)
        rows, posted = held.book.transactions[posted:], len(held.book.transactions)
        assert is_balanced(statement)
        assert statement.opening_equity == closing
        assert statement.realized_pnl == held.book.realized_pnl - realized
        for line, kinds, sign in (
            (statement.deposits - statement.withdrawals, (T.DEPOSIT, T.WITHDRAWAL), 1),
            (statement.fees, (T.FEE,), -1),
            (statement.taxes, (T.TAX,), -1),
            (statement.financing, (T.FUNDING, T.INTEREST), 1),
            (statement.dividends, (T.DIVIDEND,), 1),
        ):
            assert line == sign * total(row.amount for row in rows if row.kind in kinds)
        value = held.value(marks)
        # Equity is cash and holdings at the marks, to twelve decimals.
        assert abs(statement.closing_equity - value.equity) < Decimal("1e-12")
        # The rest is what the positions say of themselves, and the cents' fractions of what was traded.
        traded = [row for row in rows if row.kind in (T.TRADE, T.REALIZED_PNL, T.SETTLEMENT, T.ADJUSTMENT)]
        change = value.unrealized_pnl - unrealized
        # Half a cent for the value and the PnL of each position, before and after the day; for cash and realised PnL of
        # what was traded and adjusted; and for events, because what rounds to nothing is not posted at all. An average
        # has twelve decimals.
        held_then, held_since = len(held_since), [row for row in held.positions.values() if row.quantity]
        rounded = 2 * (held_then + len(held_since) + len(traded) + (dividend is not None)) + len(events)
        allowed = HALF_A_CENT * rounded + Decimal("1e-6")
        assert abs(statement.unrealized_pnl_change - change) <= allowed
        closing, unrealized, realized = statement.closing_equity, value.unrealized_pnl, held.book.realized_pnl
