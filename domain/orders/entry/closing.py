"""Use cases that close positions: the orders are planned under the account's lock and placed like any other.

Guarantees: those of placing. The quantity is decided in the transaction that places the orders, which are reduce-only,
so two simultaneous calls do not close twice. A caller may have other working orders on the position cancelled first;
the venue's answers are awaited, because until then these may still fill.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from domain.access.types import PLATFORM_ROLE, SYSTEM, Actor, no_account, require_stop
from domain.accounts import queries as account_queries
from domain.kernel.errors import Unavailable
from domain.kernel.unit_of_work import unit_of_work
from domain.orders import queries
from domain.orders.deciding.closing_rules import check_closing, closing_plans, closing_side
from domain.orders.deciding.trading_book import bucket_of
from domain.orders.entry.batch import Batch, PlacedOrder
from domain.orders.entry.canceling import request_cancels
from domain.orders.entry.context import OrderContext, ReferenceData
from domain.orders.entry.displacing import with_enough_prices
from domain.orders.entry.group_commit import ActorsCall, GroupCommit, outcomes_of
from domain.orders.model.commands import ClosePosition, Closing, closing_digest, request_digest
from domain.orders.model.order import REUSED_ID, Order
from domain.orders.model.types import PendingAction
from domain.positions import queries as position_queries
from domain.positions.freezing import report_release
from domain.positions.lookup import find_position

ANSWER_SECONDS = 10.0
CAUSE = "CLOSE_POSITION"
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class CloseCall(ActorsCall):
    """One caller's request to close."""

    command: Closing

    @property
    def accounts(self) -> tuple[UUID, ...]:
        """The accounts that the call locks."""
        return (self.command.account_id,)

    def authorize(self) -> None:
        """Check that the actor may make the call."""
        require_stop(self.actor, self.command.account_id)


class PositionClosing:
    """The entry of closing: simultaneous calls share a transaction."""

    def __init__(self, context: OrderContext) -> None:
        self._context = context
        self.commits = GroupCommit[CloseCall, list[PlacedOrder]](context, self._place)

    async def close(self, actor: Actor, command: Closing, *, cancel_working: bool = False) -> list[PlacedOrder]:
        """Place the orders that close a position, or everything that can be closed, and return them as stored.

        A closing order may be refused like any other: it is stored as REJECTED then. With ``cancel_working`` the
        working orders on the closing side (for everything: all open orders of the account) are cancelled first.

        Raises:
            BadInput: a malformed quantity, price or client order id, or no side where one is needed.
            NotFound, Forbidden: the account or symbol does not exist for the actor, or it may not act on it.
            Refused: INSUFFICIENT_POSITION (not held, or not free), ACCOUNT_NOT_ACTIVE (closed).
            Conflict: the client order id was used for something else.
            Unavailable: the database is away, or the venue did not answer the cancels in time; nothing was closed then.
            RateLimited: too many calls wait.
        """
        if not actor.may_read(command.account_id):
            actor = await self._context.authenticator.fresh(actor)
        call = CloseCall(actor, command)
        call.authorize()
        check_closing(command)
        if isinstance(command, ClosePosition):
            await self._context.market.find(command.symbol)
        if cancel_working and not await _is_repeat(command):
            await self._cancel_working(actor, command)
        return await self.commits.submit(call)

    async def _place(
        self, reference_data: ReferenceData, calls: Sequence[CloseCall], refused: Mapping[int, BaseException]
    ) -> list[list[PlacedOrder] | BaseException]:
        return await with_enough_prices(partial(self._place_with, reference_data, calls, refused))

    async def _place_with(
        self,
        reference_data: ReferenceData,
        calls: Sequence[CloseCall],
        refused: Mapping[int, BaseException],
        max_prices: int | None,
    ) -> list[list[PlacedOrder] | BaseException]:
        batch = Batch(self._context, reference_data)
        async with unit_of_work(self._context.bus) as work:
            keys = {key for call in calls if (key := _key(call.command)) is not None}
            await batch.load_accounts(work, {call.command.account_id for call in calls}, (), keys, max_prices)
            outcomes = outcomes_of(calls, refused, lambda call: _close(batch, reference_data, call, work.now))
            await batch.write(work)
        return outcomes

    async def _cancel_working(self, actor: Actor, command: Closing) -> None:
        catalog = await self._context.market.refresh()
        async with unit_of_work(self._context.bus) as work:
            books = await account_queries.lock_books(work, [command.account_id])
            if not books:
                raise no_account()
            symbol = command.symbol if isinstance(command, ClosePosition) else None
            orders = await queries.load_open_orders(work, books, symbol=symbol)
            if isinstance(command, ClosePosition):
                positions = (await position_queries.load_positions(work, books, []))[command.account_id].values()
                held = [row for row in positions if catalog.by_id[row.instrument_id].symbol == command.symbol]
                position = find_position(held, command.symbol, command.side)
                mode = books[command.account_id].position_mode
                side = closing_side(position)
                orders = [order for order in orders if order.side is side and bucket_of(order, mode) is position.bucket]
            await request_cancels(work, orders, books, actor.email, CAUSE)
        await _answered({order.id for order in orders})


def _key(command: Closing) -> tuple[UUID, str] | None:
    """The account and client order id that make a repeat safe."""
    if not isinstance(command, ClosePosition) or command.client_order_id is None:
        return None
    return command.account_id, command.client_order_id


async def _is_repeat(command: Closing) -> bool:
    key = _key(command)
    return key is not None and await queries.read_order_by_client_id(*key) is not None


def _close(batch: Batch, reference_data: ReferenceData, call: CloseCall, now: datetime) -> list[PlacedOrder]:
    """Decide on one call.

    Raises:
        DomainError: it is refused as a whole, and has left no trace.
    """
    command, attribution = call.command, call.attribution
    role = PLATFORM_ROLE if call.actor.user_id == SYSTEM.user_id else call.actor.role
    book, digest = batch.book(command.account_id), None
    if isinstance(command, ClosePosition):
        digest = closing_digest(command)
        first = batch.known(command.account_id, command.client_order_id)
        if first is not None:
            return [_replayed(first, digest)]
    placed: list[Order] = []
    for plan in closing_plans(command, book, reference_data.by_id, role):
        before, plan.position.holds = plan.position.holds, plan.holds
        orders = [batch.place_one(order, now, digest or request_digest(order), attribution) for order in plan.orders]
        placed += orders
        if not plan.thaws_from(before):
            continue
        if any(order.is_open for order in orders):
            report_release(book.account, plan.position, before, call.actor, now)
        else:
            plan.position.holds = before
    return [PlacedOrder(order, replayed=False) for order in placed]


def _replayed(first: Order, digest: bytes) -> PlacedOrder:
    if first.request_digest != digest:
        raise first.conflict(REUSED_ID, field="clientOrderId")
    return PlacedOrder(first, replayed=True)


async def _answered(order_ids: Collection[UUID]) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while order_ids and any(
        order.pending_action is PendingAction.CANCEL for order in (await queries.read_orders(order_ids)).values()
    ):
        if time.monotonic() > deadline:
            raise Unavailable("The venue has not confirmed the cancellations yet, so nothing was closed; try again.")
        await asyncio.sleep(_LOOK_SECONDS)
