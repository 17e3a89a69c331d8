"""The reversal of an execution: position, order and money as if it had never been, or been the corrected one."""

from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from domain.accounts import queries as account_queries
from domain.accounts.fees import Dues, posted
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, TransactionKind
from domain.kernel.errors import Conflict
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.action_store import load_actions_since
from domain.market.types import Instrument
from domain.orders import queries
from domain.orders.books.executions import total_dues
from domain.orders.books.replay import (
    PositionRebuild,
    bucket_of_execution,
    corrected,
    recompute_fills,
    recost,
)
from domain.orders.deciding.reservations import refresh_reserved, replace_reservations
from domain.orders.deciding.trading_book import EXCLUSIVE, TradingBook, alternatives
from domain.orders.model.events import record_order
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import OrderEventKind
from domain.orders.model.venue_commands import REARM
from domain.orders.reading import execution_queries
from domain.positions import adjustment_queries
from domain.positions import queries as position_queries
from domain.positions.adjustments import PositionAdjustment
from domain.positions.leftovers import restrict_if_left
from domain.positions.rules import ClosesTooMuch
from domain.positions.types import Bucket

_RUN = 5_000


@dataclass(frozen=True, slots=True)
class Correction:
    """The right values of an execution."""

    price: Decimal
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Reported:
    """A venue's report of a bust or correction, by the venue's id of it."""

    venue_execution_id: str


class Reversal:
    """One execution busted, or replaced, in the books of its locked account."""

    def __init__(
        self, work: UnitOfWork, by: str, account: AccountBook, instrument: Instrument, original: Execution
    ) -> None:
        self._work = work
        self._by = by
        self._account = account
        self._instrument = instrument
        self._original = original

    async def carry_out(self, correction: Correction | None, reason: str, reported: Reported | None) -> Execution:
        """Reverse the execution, book ``correction`` in its place if there is one, and return the marked execution."""
        original, work, instrument = self._original, self._work, self._instrument
        siblings = await execution_queries.load_executions_of(work, original.order_id)
        counting = [original if row.id == original.id else row for row in siblings if row.busted_at is None]
        successor = None
        if correction is not None:
            successor = corrected(original, correction.price, correction.quantity, instrument, new_id())
            if reported is not None:
                successor.venue_execution_id = reported.venue_execution_id
        others = [row for row in counting if row is not original]
        after = others if successor is None else [successor if row is original else row for row in counting]
        paid = [total_dues(rows, instrument, self._account.currency) for rows in (counting, others, after)]
        recosted = recost(after, instrument, self._account.currency)
        book, rebuild = await self._rebuild(successor, {row.id: row for row in others})
        order = (await queries.load_orders(work, [original.order_id]))[original.order_id]
        self._compensate(rebuild, successor, paid, reason)
        self._account.realized_pnl += rebuild.finish()
        original.busted_at, original.busted_by = work.now, self._by
        original.corrected_by = successor.id if successor is not None else None
        changed = await self._refill(order, after, book)
        self._record(order, book, successor, reason)
        restrict_if_left(self._account, book.positions.values(), work.now)
        await execution_queries.update_costs(work, original.account_id, recosted)
        await self._write(changed, order, book, rebuild, successor)
        return successor if successor is not None else original

    async def _rebuild(
        self, successor: Execution | None, others: Mapping[UUID, Execution]
    ) -> tuple[TradingBook, PositionRebuild]:
        """Rebuild the position without the execution; ``others`` are those of its order, with their present costs."""
        account, original = self._account, self._original
        positions = (await position_queries.load_positions(self._work, [account.id], [original.instrument_id]))[
            account.id
        ]
        book = TradingBook(account, positions, None)
        bucket = bucket_of_execution(original, account.position_mode)
        position = book.position(original.instrument_id, bucket)
        rebuild = PositionRebuild(position, self._instrument, account.rolled_at)
        adjustments = deque(await self._adjustments(bucket))
        try:
            async for row in self._executions():
                while adjustments and adjustments[0].sequence < row.sequence:
                    rebuild.adjust(adjustments.popleft(), account.currency)
                if bucket_of_execution(row, account.position_mode) is not bucket:
                    continue
                if row.id != original.id:
                    rebuild.book(others.get(row.id, row), account.currency)
                    continue
                rebuild.take_back(row, account.currency)
                if successor is not None:
                    rebuild.book(successor, account.currency, is_new=True)
        except ClosesTooMuch as error:
            raise Conflict("Later executions closed the quantity that this one opened: bust those first.") from error
        for adjustment in adjustments:
            rebuild.adjust(adjustment, account.currency)
        return book, rebuild

    async def _adjustments(self, bucket: Bucket) -> list[PositionAdjustment]:
        """The adjustments of the position, in order.

        Raises:
            Conflict: a corporate action was skipped because nothing was held: the position cannot exist on that day.
        """
        work, instrument_id = self._work, self._instrument.id
        found = await adjustment_queries.load_adjustments(work, self._account.id, instrument_id)
        adjustments = [row for row in found if row.bucket is bucket]
        actions = await load_actions_since(work, instrument_id, self._original.created_at, self._account.rolled_at)
        if actions - {row.action_id for row in adjustments}:
            raise Conflict(
                "A corporate action took effect since then while the position was flat: post the difference as a "
                "cash movement instead."
            )
        return adjustments

    async def _executions(self) -> AsyncIterator[Execution]:
        """All valid executions of the account in the instrument, in the order of booking."""
        after = 0
        while run := await execution_queries.load_execution_run(
            self._work, self._account.id, self._original.instrument_id, after, _RUN
        ):
            for row in run:
                yield row
            after = run[-1].sequence

    def _compensate(
        self, rebuild: PositionRebuild, successor: Execution | None, paid: Sequence[Dues], reason: str
    ) -> None:
        """Post the cash: first that of the execution, reversed, then that of its correction.

        ``paid`` are the totals of the order's executions: before, without the execution, and with its correction.
        """
        moves: list[tuple[TransactionKind, Decimal, Execution]] = []
        if self._instrument.asset_class.is_derivative:
            about = successor if successor is not None else self._original
            moves.append((TransactionKind.REALIZED_PNL, rebuild.after - rebuild.before, about))
        moves += [(kind, rise, self._original) for kind, rise in rebuild.rises.items()]
        totals = [posted(dues, self._account.currency) for dues in paid]
        for row, (before, after) in zip((self._original, successor), pairwise(totals), strict=True):
            if row is None:
                continue
            rise = after.minus(before)
            moves.append((TransactionKind.TRADE, rise.trade, row))
            moves.append((TransactionKind.FEE, -rise.fee, row))
            moves.append((TransactionKind.TAX, -rise.tax, row))
            self._account.fees_paid += rise.costs
        for kind, amount, row in moves:
            post(
                self._account,
                kind,
                amount,
                self._work.now,
                self._by,
                order_id=row.order_id,
                execution_id=row.id,
                note=reason,
            )

    async def _refill(self, order: Order, executions: list[Execution], book: TradingBook) -> dict[UUID, Order]:
        """Recompute the order, and those that it excludes, from these executions."""
        orders = {order.id: order}
        if order.contingency in EXCLUSIVE:
            orders = await queries.load_groups(self._work, [order.group_id]) | orders
        legs = book.legs(alternatives(order, orders.values()))
        recompute_fills(order, executions, self._instrument, self._account.currency, self._work.now)
        replace_reservations(book.account, self._instrument, legs)
        for position in book.positions.values():
            # The reserved amount depends on the position.
            if position.changed:
                refresh_reserved(book.account, position)
        return {leg.order.id: leg.order for leg in legs}

    def _record(self, order: Order, book: TradingBook, successor: Execution | None, reason: str) -> None:
        bucket = bucket_of_execution(self._original, self._account.position_mode)
        position = book.position(order.instrument_id, bucket)
        detail = {"reason": reason, "executionId": str(self._original.id)}
        kind = OrderEventKind.TRADE_BUSTED if successor is None else OrderEventKind.TRADE_CORRECTED
        execution = successor if successor is not None else self._original
        record_order(
            self._account,
            kind,
            self._work.now,
            order,
            execution=execution,
            position=position,
            detail=detail,
            by=self._by,
        )

    async def _write(
        self,
        changed: dict[UUID, Order],
        order: Order,
        book: TradingBook,
        rebuild: PositionRebuild,
        successor: Execution | None,
    ) -> None:
        work = self._work
        await queries.update_orders(work, list(changed.values()))
        await execution_queries.mark_taken_back(work, self._original)
        await execution_queries.update_realized(work, self._original.account_id, rebuild.realized)
        await adjustment_queries.update_adjustments(work, rebuild.adjusted)
        await queries.insert_executions(work, [successor] if successor is not None else [])
        await position_queries.write_positions(work, book.positions.values())
        await account_queries.write_books(work, [self._account])
        # The venue believes in other fills and another position: it must look again.
        await queries.insert_commands(work, [(REARM, order, None)])
