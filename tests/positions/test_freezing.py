"""Freezing by hand: who and why, bounded by what is there, in force for the next order."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.types import Actor, Role
from domain.accounts.event_queries import read_events
from domain.accounts.service import set_account_state
from domain.accounts.types import AccountKind, AccountState, PositionMode
from domain.kernel.database import fetch
from domain.orders.model.types import OrderType, Side
from domain.positions.closable import closable, frozen
from domain.positions.fills import book_fill
from domain.positions.holds import Holds, holds_after
from domain.positions.live import apply_events, load_account
from domain.positions.rules import Fill
from domain.positions.types import Bucket, PositionBook
from tests.orders.factories import ACCOUNT_ID, PERPETUAL
from tests.positions.conftest import Holder
from tests.support.trading import Platform

FREEZE = "mutation ($i: FreezePositionInput!) { freezePosition(input: $i) { quantity frozen closable } }"
UNFREEZE = "mutation ($i: FreezePositionInput!) { unfreezePosition(input: $i) { quantity frozen closable } }"


def frozen_input(holder: Holder, quantity: str = "1", **others: Any) -> dict[str, Any]:
    base = {"accountId": str(holder.id), "symbol": "COIN-PERP", "quantity": quantity, "reason": "collateral"}
    return base | others


async def test_a_freeze_shows_who_and_why_and_can_be_released(holder: Holder) -> None:
    await holder.buy("3")
    account, _ = await load_account(holder.id)
    shown = await holder.ask(FREEZE, i=frozen_input(holder, "2"))
    assert shown == {"quantity": "3", "frozen": "2", "closable": "1"}
    (event,) = await read_events(holder.id, account.event_sequence)
    detail = {"by": holder.actor.email, "quantity": "2", "reason": "collateral"}
    assert (event.kind, orjson.loads(event.payload)["detail"]) == ("POSITION_FROZEN", detail)
    (position,) = apply_events(account, [event]).values()
    assert frozen(position, PERPETUAL) == 2
    shown = await holder.ask(UNFREEZE, i=frozen_input(holder, "0.5"))
    assert shown == {"quantity": "3", "frozen": "1.5", "closable": "1.5"}
    rows = await fetch("SELECT actor, action, detail FROM audit_entries WHERE target LIKE 'position:%' ORDER BY id")
    assert [(row["actor"], row["action"]) for row in rows] == [
        (holder.actor.email, "freezePosition"),
        (holder.actor.email, "unfreezePosition"),
    ]
    assert orjson.loads(rows[1]["detail"])["quantity"] == "0.5"


async def test_an_invalid_freeze_or_release_is_refused_and_changes_nothing(holder: Holder) -> None:
    assert await holder.ask(FREEZE, i=frozen_input(holder)) == ("REJECTED", "INSUFFICIENT_POSITION")
    await holder.buy("3")
    await holder.order("COIN-PERP", Side.SELL, "1", type=OrderType.LIMIT, limit_price=Decimal(120))
    await holder.ask(FREEZE, i=frozen_input(holder, "1"))
    before = await holder.snapshot()
    for query, others, error in (
        (FREEZE, {"quantity": "1.001"}, ("REJECTED", "INSUFFICIENT_POSITION")),
        (UNFREEZE, {"quantity": "1.001"}, ("REJECTED", "INSUFFICIENT_POSITION")),
        (FREEZE, {"quantity": "0"}, ("BAD_USER_INPUT", "quantity")),
        (UNFREEZE, {"quantity": "-1"}, ("BAD_USER_INPUT", "quantity")),
        (FREEZE, {"reason": " "}, ("BAD_USER_INPUT", "reason")),
        (FREEZE, {"reason": "x" * 501}, ("BAD_USER_INPUT", "reason")),
        (FREEZE, {"side": "SHORT"}, ("REJECTED", "INSUFFICIENT_POSITION")),
        (FREEZE, {"side": "FLAT"}, ("BAD_USER_INPUT", "side")),
        (FREEZE, {"symbol": "NOTHING"}, ("NOT_FOUND", "symbol")),
        (FREEZE, {"accountId": "nobody's"}, ("NOT_FOUND", "accountId")),
    ):
        assert await holder.ask(query, i=frozen_input(holder) | others) == error, others
    stranger = await holder.desk.add_actor(Role.TRADER)
    assert await holder.ask(FREEZE, actor=stranger, i=frozen_input(holder)) == ("NOT_FOUND", "accountId")
    viewer = Actor(holder.actor.user_id, holder.actor.email, Role.VIEWER, holder.actor.accounts)
    assert await holder.ask(UNFREEZE, actor=viewer, i=frozen_input(holder)) == ("FORBIDDEN", None)
    assert await holder.snapshot() == before


async def test_a_closed_account_refuses_a_freeze(holder: Holder, desk: Platform) -> None:
    owner, account = await desk.open_account()
    await set_account_state(desk.services.bus, owner, account.id, AccountState.CLOSED, "done")
    given = frozen_input(Holder(desk, owner, account))
    assert await holder.ask(FREEZE, actor=owner, i=given) == ("REJECTED", "ACCOUNT_NOT_ACTIVE")


@pytest.mark.parametrize("kind", [AccountKind.CASH, AccountKind.MARGIN])
async def test_an_order_does_not_sell_frozen_units(desk: Platform, kind: AccountKind) -> None:
    holder = Holder(desk, *await desk.open_account("1000", kind=kind))
    await holder.buy("3", "COIN")
    assert await holder.ask(FREEZE, i=frozen_input(holder, "1", symbol="COIN")) == {
        "quantity": "3",
        "frozen": "1",
        "closable": "2",
    }
    limit = {"type": OrderType.LIMIT, "limit_price": Decimal(120)}
    assert (await holder.order("COIN", Side.SELL, "2.001", **limit)).reject_reason == "INSUFFICIENT_POSITION"
    assert (await holder.order("COIN", Side.SELL, "2", **limit)).status == "NEW"
    # Buying more is nobody's exit.
    assert (await holder.order("COIN", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(90))).status == "NEW"


async def test_a_leg_is_frozen_by_its_side(desk: Platform) -> None:
    terms = {"kind": AccountKind.MARGIN, "position_mode": PositionMode.HEDGING}
    holder = Holder(desk, *await desk.open_account("1000", **terms))
    await holder.buy("3")
    await holder.sell("2")
    assert await holder.ask(FREEZE, i=frozen_input(holder)) == ("BAD_USER_INPUT", "side")
    shown = await holder.ask(FREEZE, i=frozen_input(holder, "2", side="SHORT"))
    assert shown == {"quantity": "-2", "frozen": "2", "closable": "0"}


quantities = st.decimals("0.001", 100, places=3)


@given(st.lists(st.tuples(st.booleans(), quantities, st.booleans()), min_size=1, max_size=12))
def test_fills_never_leave_more_frozen_than_held(steps: list[tuple[bool, Decimal, bool]]) -> None:
    book = PositionBook(ACCOUNT_ID, ACCOUNT_ID, PERPETUAL.id, Bucket.NET)
    now = datetime(2026, 1, 5, tzinfo=UTC)
    for buys, quantity, freezes in steps:
        side, before = book.side, book.held_quantity
        book_fill(book, PERPETUAL, Fill(quantity if buys else -quantity, Decimal(100)), "USD", now)
        assert book.held_quantity <= min(before, abs(book.quantity)) if book.side is side else book.held_quantity == 0
        if freezes:
            book.held_quantity += closable(book, PERPETUAL)
        assert frozen(book, PERPETUAL) + closable(book, PERPETUAL) == abs(book.quantity)


def test_a_flip_to_short_drops_what_was_frozen_of_the_long() -> None:
    two = Holds(Decimal(2))
    assert holds_after(two, Decimal(3), Decimal(-3)) == Holds()
    assert holds_after(two, Decimal(3), Decimal(1)) == Holds(Decimal(1))
    assert holds_after(two, Decimal(-3), Decimal(-5)) == two
