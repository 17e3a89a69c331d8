"""Rounding never makes money: whatever an account does at a price that stands still, it is not worth more than before.

A venue here fills at one price, which is also the mark. Lots and prices are tiny, so that most orders come to fractions
of a cent; orders fill in parts, are taken back and corrected, and rebates are paid.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.accounts.fees import execution_fee
from domain.accounts.rules import post
from domain.accounts.types import AccountKind, TransactionKind
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.types import AssetClass, FeeSchedule, Instrument
from domain.orders.books.executions import costs_of
from domain.orders.books.replay import corrected
from domain.orders.model.order import Execution
from domain.orders.model.types import Liquidity, PositionEffect, Side
from domain.positions.fills import book_fill
from domain.positions.rules import Fill
from domain.positions.types import Bucket, PositionBook
from domain.positions.valuation import value_account, value_position
from tests.orders.factories import NOW, SPOT, account

D = Decimal
TINY = replace(
    SPOT,
    lot_size=D("0.00000001"),
    min_quantity=D("0.00000001"),
    tick_size=D("0.00001"),
    fees=FeeSchedule(maker_rate=D("-0.0005"), taker_rate=D("0.001"), sell_tax_rate=D("0.0003")),
)
INVERSE = replace(
    TINY, asset_class=AssetClass.PERPETUAL, inverse=True, currency="COIN", lot_size=D(1), multiplier=D("0.00003")
)
INSTRUMENTS = {
    "spot": TINY,
    "perpetual": replace(TINY, asset_class=AssetClass.PERPETUAL),
    "large multiplier": replace(TINY, asset_class=AssetClass.FUTURE, multiplier=D("12.5")),
    "inverse": INVERSE,
}


@dataclass
class Ledger:
    """The books of one account, derived from its valid executions, without busted ones."""

    instrument: Instrument
    price: Decimal
    orders: dict[UUID, list[Execution]] = field(default_factory=dict)

    def fill(self, order: UUID, side: Side, lots: int, liquidity: Liquidity) -> None:
        fills = self.orders.setdefault(order, [])
        quantity = lots * self.instrument.lot_size
        fee = execution_fee(self.instrument, quantity=quantity, price=self.price, maker=liquidity is Liquidity.MAKER)
        fills.append(execution(order, fills[0].side if fills else side, quantity, self.price, liquidity, fee))

    def worth(self) -> tuple[Decimal, Decimal]:
        """The exact equity and the exact sum of rebates."""
        currency = "COIN" if self.instrument.inverse else "USD"
        book = account("0", AccountKind.MARGIN, currency=currency)
        position = PositionBook(new_id(), book.id, self.instrument.id, Bucket.NET)
        rebates = ZERO
        for fills in self.orders.values():
            for row, cost in zip(fills, costs_of(fills, self.instrument, currency), strict=True):
                fill = Fill(row.quantity * row.side.sign, row.price)
                realized = book_fill(position, self.instrument, fill, currency, NOW, withheld=row.withheld)
                is_derivative = self.instrument.asset_class.is_derivative
                post(book, TransactionKind.TRADE, realized if is_derivative else cost.trade, NOW, None)
                post(book, TransactionKind.FEE, -cost.costs, NOW, None)
                rebates += max(ZERO, -row.fee_due)
        value = value_account(book, [value_position(book, position, self.instrument, self.price)])
        return value.equity, rebates


def execution(
    order: UUID, side: Side, quantity: Decimal, price: Decimal, liquidity: Liquidity, fee: Decimal
) -> Execution:
    return Execution(
        id=new_id(),
        order_id=order,
        account_id=SPOT.id,
        instrument_id=SPOT.id,
        venue_execution_id="1",
        sequence=1,
        side=side,
        position_effect=PositionEffect.AUTO,
        price=price,
        quantity=quantity,
        fee=ZERO,
        tax=ZERO,
        realized_pnl=ZERO,
        liquidity=liquidity,
        at=Nanos(0),
        busted_at=None,
        corrected_by=None,
        created_at=NOW,
        symbol="COIN",
        fee_due=fee,
    )


fills = st.tuples(
    st.just("fill"), st.integers(0, 6), st.sampled_from(Side), st.integers(1, 400), st.sampled_from(Liquidity)
)
others = st.tuples(st.sampled_from(["bust", "correct"]), st.integers(0, 6), st.integers(0, 5), st.integers(1, 400))
steps = st.lists(st.one_of(fills, fills, fills, others), min_size=1, max_size=30)


@pytest.mark.parametrize("instrument", INSTRUMENTS.values(), ids=INSTRUMENTS)
@settings(max_examples=150, deadline=None)
@given(steps=steps, ticks=st.one_of(st.integers(1, 3000), st.integers(10**8, 10**10)))
def test_no_trading_at_a_constant_price_raises_equity(
    instrument: Instrument, steps: list[tuple[Any, ...]], ticks: int
) -> None:
    ledger = Ledger(instrument, ticks * instrument.tick_size)
    names = [UUID(int=number) for number in range(7)]
    for step in steps:
        name = names[step[1]]
        if step[0] == "fill":
            ledger.fill(name, *step[2:])
        elif ledger.orders.get(name):
            rows = ledger.orders[name]
            wrong = rows.pop(step[2] % len(rows))
            if step[0] == "correct":
                quantity = step[3] * instrument.lot_size
                rows.append(corrected(wrong, ledger.price, quantity, instrument, new_id()))
        equity, rebates = ledger.worth()
        # The notional of an inverse instrument is a quotient, which has an end here.
        assert equity <= rebates + Decimal("1e-60")


@settings(max_examples=100, deadline=None)
@given(lots=st.lists(st.integers(1, 500), min_size=1, max_size=40), ticks=st.integers(1, 10**9))
def test_a_fee_in_units_is_booked_at_the_value_of_the_units(lots: list[int], ticks: int) -> None:
    ledger = Ledger(TINY, ticks * TINY.tick_size)
    kept = ZERO
    for number, count in enumerate(lots):
        ledger.fill(UUID(int=number % 3), Side.BUY, count, Liquidity.TAKER)
        row = ledger.orders[UUID(int=number % 3)][-1]
        row.withheld = row.quantity / 1000
        row.fee_due = row.withheld * row.price
        kept += row.withheld
    equity, _ = ledger.worth()
    # What was kept is gone: a fee may be rounded down by half a cent for each of three orders, and no further.
    assert equity <= -kept * ledger.price + D("0.025")
