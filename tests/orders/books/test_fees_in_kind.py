"""Fees in the coin that is traded, and in a third one: what position, cash and the rebuilt books say of them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from domain.market.types import Instrument
from domain.orders.books.booking import ReportBooking
from domain.orders.books.proof import _Rebuilt
from domain.orders.books.replay import corrected
from domain.orders.exchange.execution_reports import Filled
from domain.orders.model.order import Execution
from domain.orders.model.types import Liquidity, OrderStatus
from domain.positions.types import Bucket
from tests.orders.factories import ACCOUNT_ID, NOW, SPOT, command
from tests.support.world import World

D = Decimal
PAIR = replace(SPOT, symbol="COIN/USD")


def rate_of(source: str, target: str) -> Decimal | None:
    return D(5) if (source, target) == ("VIP", "USD") else None


def booked(fee: str, of: str) -> tuple[World, Execution]:
    """A purchase of two at 99 that a venue has filled, charging so much."""
    world = World(PAIR, AccountKind.CASH, "1000")
    order = world.place(command(symbol=PAIR.symbol, quantity=D(2), limit_price=D(99)))
    report = Filled(
        order_id=order.id,
        at=1,
        status=OrderStatus.FILLED,
        price=D(99),
        quantity=D(2),
        liquidity=Liquidity.TAKER,
        number=1,
        filled_quantity=D(2),
        remaining=D(0),
        last_in_event=True,
        fee=D(fee),
        fee_currency=of,
    )
    instruments: dict[UUID, Instrument] = {PAIR.id: PAIR}
    booking = ReportBooking(world.orders, {ACCOUNT_ID: world.book}, instruments, set(), NOW, rate_of)
    booking.apply([report])
    (execution,) = booking.executions
    rebuilt = _Rebuilt(world.book.account, instruments)
    rebuilt.book(execution)
    position = world.book.position(PAIR.id, Bucket.NET)
    again = rebuilt.positions[PAIR.id, Bucket.NET]
    for name in ("quantity", "cost", "average_price", "realized_pnl", "realized_due", "fees_paid"):
        assert getattr(position, name) == getattr(again, name), name
    assert (rebuilt.misstated, rebuilt.cash) == ([], world.book.account.cash - 1000)
    return world, execution


@pytest.mark.parametrize(
    ("fee", "of", "held", "moves"),
    [
        # Two hundredths of the coin stay with the venue, sold at 99 to pay the fee of 1.98.
        ("0.02", "COIN", "1.98", [("TRADE", "-196.02"), ("FEE", "-1.98")]),
        # A rebate in the coin adds to it.
        ("-0.02", "COIN", "2.02", [("TRADE", "-199.98"), ("FEE", "1.98")]),
        # A third coin is charged in cash at its rate of five.
        ("0.1", "VIP", "2", [("TRADE", "-198.00"), ("FEE", "-0.50")]),
        ("-0.1", "VIP", "2", [("TRADE", "-198.00"), ("FEE", "0.50")]),
        # One that nothing converts costs what the instrument's terms say: a thousandth.
        ("0.1", "ODD", "2", [("TRADE", "-198.00"), ("FEE", "-0.20")]),
        ("0.5", "USD", "2", [("TRADE", "-198.00"), ("FEE", "-0.50")]),
    ],
)
def test_a_fee_reduces_the_position_or_cash_in_its_own_currency(
    fee: str, of: str, held: str, moves: list[tuple[str, str]]
) -> None:
    world, execution = booked(fee, of)
    position = world.book.position(PAIR.id, Bucket.NET)
    assert (position.quantity, position.average_price) == (D(held), D(99))
    assert [(str(row.kind), row.amount) for row in world.book.account.transactions] == [
        (kind, D(amount)) for kind, amount in moves
    ]
    told: Any = (None, None) if of == "USD" else (D(fee), of)
    assert (execution.venue_fee, execution.venue_fee_currency) == told
    assert execution.quantity == world.orders[execution.order_id].filled_quantity == D(2)


def test_a_correction_keeps_the_venues_fee_rate() -> None:
    _, execution = booked("0.02", "COIN")
    right = corrected(execution, D(100), D(1), PAIR, new_id())
    assert (right.withheld, right.fee_due, right.fee_minimum) == (D("0.01"), D(1), 0)
