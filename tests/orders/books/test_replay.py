"""A position rebuilt without an execution, or with another in its place, is the one that would have been."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.ids import new_id
from domain.kernel.money import to_cash
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.orders.books.replay import PositionRebuild, corrected, recost
from domain.orders.model.order import Execution
from domain.orders.model.types import Liquidity, PositionEffect, Side
from domain.positions.fills import book_fill
from domain.positions.rules import Fill
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import ACCOUNT_ID, INVERSE, NOW, PERPETUAL, SPOT

ORDER_ID = UUID(int=5)


def execution(place: int, signed: Decimal, price: Decimal) -> Execution:
    return Execution(
        id=new_id(),
        order_id=ORDER_ID,
        account_id=ACCOUNT_ID,
        instrument_id=SPOT.id,
        venue_execution_id=str(place),
        sequence=place,
        side=Side.BUY if signed > 0 else Side.SELL,
        position_effect=PositionEffect.AUTO,
        price=price,
        quantity=abs(signed),
        fee=Decimal("0.1"),
        tax=ZERO,
        realized_pnl=ZERO,
        liquidity=Liquidity.TAKER,
        at=Nanos(place),
        busted_at=None,
        corrected_by=None,
        created_at=NOW + timedelta(hours=place),
        symbol="COIN",
    )


def booked(executions: list[Execution], roll_before: int) -> PositionBook:
    """The position as the executions made it, one day roll in between; each remembers what it realised."""
    position = PositionBook(UUID(int=9), ACCOUNT_ID, SPOT.id, Bucket.NET)
    for place, row in enumerate(executions):
        if place == roll_before:
            position.today_quantity = ZERO
        buys = row.side is Side.BUY
        fill = Fill(row.quantity if buys else -row.quantity, row.price)
        row.realized_pnl = book_fill(position, INVERSE, fill, "USD", row.created_at)
        position.fees_paid += row.fee + row.tax
    if roll_before >= len(executions):
        position.today_quantity = ZERO
    return position


signed_quantities = st.integers(-50, 50).filter(bool).map(lambda tenths: Decimal(tenths) / 10)
plans = st.lists(st.tuples(signed_quantities, st.integers(1, 300).map(Decimal)), min_size=1, max_size=15)


@settings(max_examples=200, deadline=None)
@given(plan=plans, place=st.integers(0, 14), roll=st.integers(0, 15), correct=st.booleans())
def test_replaying_without_an_execution_equals_books_that_never_had_it(
    plan: list[tuple[Decimal, Decimal]], place: int, roll: int, correct: bool
) -> None:
    executions = [execution(number, signed, price) for number, (signed, price) in enumerate(plan)]
    place %= len(executions)
    position = booked(executions, roll)
    wrong = executions[place]
    right = corrected(wrong, Decimal(77), Decimal("0.5"), INVERSE, new_id()) if correct else None
    remaining = [replace(row) for row in executions if row is not wrong]
    if right is not None:
        remaining.insert(place, replace(right))
    rolled_at = NOW + timedelta(hours=roll)
    wanted = booked(remaining, sum(row.created_at < rolled_at for row in remaining))

    rebuild = PositionRebuild(position, INVERSE, rolled_at)
    cash_before = sum((to_cash(row.realized_pnl, "USD") for row in executions), ZERO)
    for row in executions:
        if row is not wrong:
            rebuild.book(row, "USD")
            continue
        rebuild.take_back(row, "USD")
        if right is not None:
            rebuild.book(right, "USD", is_new=True)
    before = position.realized_pnl
    assert rebuild.finish() == position.realized_pnl - before
    for name in (
        "quantity", "cost", "average_price", "realized_due", "realized_pnl", "fees_paid", "today_quantity", "opened_at",
        "closed_at",
    ):  # fmt: skip
        assert getattr(position, name) == getattr(wanted, name), name
    cash_after = sum((to_cash(row.realized_pnl, "USD") for row in remaining), ZERO)
    assert (rebuild.before, rebuild.after) == (cash_before, cash_after)
    now = {row.id: rebuild.realized.get(row.id, row.realized_pnl) for row in executions if row is not wrong}
    assert now == {row.id: row.realized_pnl for row in remaining if right is None or row.id != right.id}


def test_a_corrected_order_pays_its_minimum_fee_once() -> None:
    instrument = replace(PERPETUAL, fees=replace(PERPETUAL.fees, minimum=Decimal(5)))
    first, second = execution(0, Decimal(1), Decimal(100)), execution(1, Decimal(1), Decimal(100))
    for row in (first, second):
        row.fee_due, row.fee_minimum = Decimal("0.1"), Decimal(5)
    assert recost([first, second], instrument, "USD") == [first, second]
    assert (first.fee, second.fee) == (Decimal(5), ZERO)
    # A hundred times as much pays 10.10 by itself, and the minimum is in it.
    large = corrected(first, Decimal(101), Decimal(100), instrument, new_id())
    assert recost([large, second], instrument, "USD") == [large, second]
    assert (large.fee, second.fee) == (Decimal("10.10"), Decimal("0.10"))
    # Without the first, the second pays it.
    assert recost([second], instrument, "USD") == [second]
    assert second.fee == Decimal(5)
