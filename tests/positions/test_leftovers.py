"""Accounts after a late fact: those left with a position or a debt may only reduce."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
import pytest

from domain.accounts.types import AccountKind, AccountState
from domain.kernel.ids import new_id
from domain.positions.leftovers import LEFT_CLOSED, LEFT_SHORT, restrict_if_left
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import account as account_book

ACTIVE, REDUCE_ONLY, HALTED, CLOSED = AccountState
CASH, MARGIN = AccountKind


@pytest.mark.parametrize(
    ("kind", "state", "cash", "quantities", "reason"),
    [
        (CASH, CLOSED, "0", ["1"], LEFT_CLOSED),
        (MARGIN, CLOSED, "0", ["0", "-1"], LEFT_CLOSED),
        (MARGIN, CLOSED, "-0.01", [], LEFT_CLOSED),
        (CASH, CLOSED, "5", [], LEFT_CLOSED),  # else it could not be paid out
        (CASH, CLOSED, "0", ["0"], None),
        (CASH, ACTIVE, "-0.01", [], LEFT_SHORT),
        (CASH, ACTIVE, "10", ["-1"], LEFT_SHORT),
        (CASH, ACTIVE, "10", ["1"], None),
        (MARGIN, ACTIVE, "-10", ["-1"], None),
        (CASH, HALTED, "-10", ["-1"], None),
        (CASH, REDUCE_ONLY, "-10", ["-1"], None),
    ],
)
def test_a_position_or_debt_left_behind_makes_a_closed_or_cash_account_reduce_only(
    kind: AccountKind, state: AccountState, cash: str, quantities: list[str], reason: str | None
) -> None:
    book = account_book(cash=cash, kind=kind)
    book.state = state
    held = [PositionBook(new_id(), book.id, new_id(), Bucket.NET, quantity=Decimal(one)) for one in quantities]
    assert restrict_if_left(book, held, datetime(2026, 1, 5, tzinfo=UTC)) is (reason is not None)
    assert book.state is (state if reason is None else REDUCE_ONLY)
    assert [orjson.loads(event.payload)["reason"] for event in book.events] == ([] if reason is None else [reason])
