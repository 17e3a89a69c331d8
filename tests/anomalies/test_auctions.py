"""Spoofing around auctions: one side withdrawn just before the session ends is told, and nothing else."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest

from domain.anomalies.detectors.auctions import AuctionSpoofing
from domain.anomalies.facts import Executed, Fact, OrderChanged, OrderEnded, OrderPlaced
from domain.orders.model.types import Side

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, CLOSE = 12, timedelta(hours=16, minutes=30)
PRICE = Decimal(100)
_numbers = count(1)


def placed(account: str, side: Side, quantity: int, at: datetime) -> OrderPlaced:
    return OrderPlaced(
        f"order-{next(_numbers)}", account, "TEST", side, Decimal(quantity), quantity * PRICE, PRICE, PRICE, at, account
    )


def filled(order: OrderPlaced) -> Executed:
    return Executed(
        f"fill-{order.id}", order.id, order.account_id, order.account_id, "TEST", order.side, order.quantity, PRICE,
        False, None, order.at + timedelta(seconds=1),
    )  # fmt: skip


def ended(order: OrderPlaced, at: datetime) -> OrderEnded:
    return OrderEnded(order.id, order.account_id, "TEST", True, at, order.account_id)


def usual(days: int) -> list[Fact]:
    """Four accounts that trade until the close, and withdraw an order of each side before it."""
    facts: list[Fact] = []
    for day in range(days):
        for hour in range(9, 17):
            for number in range(4):
                at = MONDAY + timedelta(days=day, hours=hour, minutes=7 * number)
                order = placed(f"account-{number}", Side.BUY if hour % 2 else Side.SELL, 10, at)
                facts += [order, filled(order)]
        close = MONDAY + timedelta(days=day) + CLOSE
        last = placed("account-0", Side.BUY, 10, close - timedelta(seconds=2))
        facts += [last, filled(last)]
        for number in range(4):
            for side in Side:
                order = placed(f"account-{number}", side, 10, close - timedelta(minutes=5))
                facts += [order, ended(order, close - timedelta(minutes=1))]
    return facts


def told(*facts: Fact) -> list[float]:
    detector = AuctionSpoofing()
    return [
        found.observed
        for fact in sorted([*usual(DAYS), *facts], key=lambda fact: fact.at)
        for found in detector.observe(fact)  # type: ignore[arg-type]  # all are of the kinds that it reads
    ]


LAST_CLOSE = MONDAY + timedelta(days=DAYS) + CLOSE
SOON = LAST_CLOSE - timedelta(minutes=8)


def test_normal_days_raise_no_finding() -> None:
    assert told() == []


@pytest.mark.parametrize("reduces", [False, True])
def test_a_large_bid_withdrawn_before_the_close_is_found(reduces: bool) -> None:
    order = placed("account-1", Side.BUY, 300, SOON)
    gone = SOON + timedelta(minutes=3)
    end: Fact = ended(order, gone)
    if reduces:
        end = OrderChanged(order.id, "account-1", "TEST", Decimal(1), PRICE, gone, "account-1")
    (times,) = told(order, end)
    assert times == pytest.approx(30, rel=0.1)


def test_orders_on_both_sides_old_orders_and_other_times_raise_no_finding() -> None:
    small = [placed("account-1", side, 30, SOON + timedelta(seconds=number)) for number in range(10) for side in Side]
    gone = [ended(order, order.at + timedelta(minutes=2)) for order in small]
    assert told(*small, *gone) == []
    old = placed("account-1", Side.BUY, 300, LAST_CLOSE - timedelta(hours=3))
    assert told(old, ended(old, SOON)) == []
    noon = placed("account-1", Side.BUY, 300, LAST_CLOSE - timedelta(hours=4))
    assert told(noon, ended(noon, noon.at + timedelta(minutes=2))) == []
    bought = placed("account-1", Side.BUY, 300, SOON)
    assert told(bought, filled(bought), OrderEnded(bought.id, "account-1", "TEST", False, LAST_CLOSE)) == []
