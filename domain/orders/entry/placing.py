"""Placing orders: one load, one decision per order, one write, for a whole batch at once.

Guarantees: all orders of a call are decided in order and committed together; an accepted order leaves as a command to
its venue in the same transaction; a refused one is stored as REJECTED with every violation; a malformed one is an error
and nothing of its call is saved. ``client_order_id`` makes a repeat return the first order. Rules, instruments and
rights that changed before the call are in force: cached ones are compared with the database inside the transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from domain.access.types import Actor, Role
from domain.accounts import queries as account_queries
from domain.kernel.errors import BadInput, DomainError
from domain.kernel.guarded_work import OutdatedReads, StaleVersions
from domain.kernel.shortcut import Shortcut
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.deciding.activity import UnknownPrice
from domain.orders.deciding.grouping import GroupRequest, bracket_orders, decide_group, group_digest, oco_orders
from domain.orders.entry.batch import Batch, PlaceCall, PlacedOrder
from domain.orders.entry.book_memory import BookMemory
from domain.orders.entry.context import OrderContext, ReferenceData
from domain.orders.entry.displacing import with_enough_prices
from domain.orders.entry.group_commit import AccountTurns, GroupCommit, outcomes_of
from domain.orders.model.commands import PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.group_validation import check_bracket, check_oco
from domain.orders.model.order import REUSED_ID, Order
from domain.orders.model.order_validation import check_command

MAX_BATCH = 1_000


Outcome = list[PlacedOrder] | BaseException


class OrderEntry:
    """The entry of orders: simultaneous calls share a transaction."""

    def __init__(self, context: OrderContext) -> None:
        self.context = context
        self.memory = BookMemory()
        # Batches that use the same remembered books come one after the other.
        self.turns = AccountTurns()
        self.commits = GroupCommit[PlaceCall, list[PlacedOrder]](context, self._place, turns=self.turns)
        self._reading_anew = Shortcut()

    async def place_orders(
        self, actor: Actor, commands: Sequence[PlaceOrder], *, all_or_none: bool = False
    ) -> list[PlacedOrder]:
        """Place up to 1,000 orders; the answers come in the order of the commands.

        With ``all_or_none`` one refusal refuses all of the call, the others with GROUP_REJECTED.

        Raises:
            BadInput: an order is malformed (``index`` names it), or there are none or too many; nothing is saved.
            NotFound, Forbidden: an account or symbol does not exist for the actor, or may not be traded by it.
            Conflict: a client order id was used for another order.
            RateLimited: too many orders wait; nothing was saved.
            Unavailable: the database is away; the outcome is unknown, so repeat the call with its client order ids.
        """
        if not 1 <= len(commands) <= MAX_BATCH:
            raise BadInput(f"A batch holds 1 to {MAX_BATCH} orders.", field="orders")
        accounts = {command.account_id for command in commands}
        call = PlaceCall(await self.current(actor, *accounts), tuple(commands), all_or_none)
        call.authorize()
        now = self.context.clock()
        checked = 0
        try:
            for command in commands:
                check_command(command, now)
                checked += 1
        except DomainError as error:
            call.name_order(error, checked)
            raise
        return await self.commits.submit(call)

    async def place_bracket(self, actor: Actor, bracket: PlaceBracket) -> list[PlacedOrder]:
        """Place an entry with its exits: returned in that order, all accepted or all refused.

        The exits are held until the entry begins to fill, and then work for the filled quantity. Any client order id of
        the group makes a repeat return the first group.

        Raises:
            BadInput: it is malformed; ``field`` is a path such as ``stopLoss.type``.
            NotFound, Forbidden, Conflict, RateLimited, Unavailable: as ``place_orders``.
        """
        call = PlaceCall(await self.current(actor, bracket.entry.account_id), (bracket.entry,))
        call.authorize()
        check_bracket(bracket, self.context.clock())
        parts, commands = bracket_orders(bracket)
        return await self.commits.submit(PlaceCall(call.actor, commands, parts=parts))

    async def place_oco(self, actor: Actor, oco: PlaceOco) -> list[PlacedOrder]:
        """Place two orders that exclude each other: a fill or the end of one cancels the other.

        Both are accepted or both refused.

        Raises:
            BadInput: it is malformed; ``field`` is a path such as ``second.symbol``.
            NotFound, Forbidden, Conflict, RateLimited, Unavailable: as ``place_orders``.
        """
        parts, commands = oco_orders(oco)
        call = PlaceCall(await self.current(actor, *(row.account_id for row in commands)), commands, parts=parts)
        call.authorize()
        check_oco(oco, self.context.clock())
        return await self.commits.submit(call)

    async def current(self, actor: Actor, *account_ids: UUID) -> Actor:
        """The actor, read again if an account is newer than this process's cached rights."""
        if all(actor.may_read(account_id) for account_id in account_ids):
            for account_id in account_ids if actor.role is Role.RISK_MANAGER else ():
                # It sees all accounts and trades none: an account that is not there is not forbidden to it.
                await account_queries.require_account(actor, account_id)
            return actor
        return await self.context.authenticator.fresh(actor)

    async def _place(
        self, reference_data: ReferenceData, calls: Sequence[PlaceCall], refused: Mapping[int, BaseException]
    ) -> list[Outcome]:
        if not refused:
            try:
                return await self._place_from_memory(reference_data, calls)
            except OutdatedReads:
                # A fill, or another process, has changed an account. Its book is out of the memory now.
                placed = await self._place_on_new_reads(reference_data, calls)
                if placed is not None:
                    return placed
            except StaleVersions:
                # Only a transaction can decide on these orders.
                pass
        return await with_enough_prices(partial(self._place_under_lock, reference_data, calls, refused))

    async def _place_on_new_reads(
        self, reference_data: ReferenceData, calls: Sequence[PlaceCall]
    ) -> list[Outcome] | None:
        """Decide once more, on books that are read anew; None if it failed, or failed lately and is not tried now."""
        if not self._reading_anew.is_due():
            return None
        try:
            placed = await self._place_from_memory(reference_data, calls)
        except StaleVersions:
            self._reading_anew.note(worked=False)
            return None
        self._reading_anew.note(worked=True)
        return placed

    async def _place_from_memory(self, reference_data: ReferenceData, calls: Sequence[PlaceCall]) -> list[Outcome]:
        """Decide on remembered books and write in one statement that proves them current.

        Raises:
            OutdatedReads: they were not; nothing was written.
            StaleVersions: a call is refused or repeats another; nothing was written.
        """
        batch = Batch(self.context, reference_data)
        now = utc_now()
        await batch.recall(self.memory, calls, now)
        try:
            outcomes: list[Outcome] = [_decide_call(batch, call, now) for call in calls]
        except (DomainError, UnknownPrice) as error:
            # The answer must not rest on what may be out of date.
            raise StaleVersions(str(error)) from error
        await batch.commit(self.memory, now)
        return outcomes

    async def _place_under_lock(
        self,
        reference_data: ReferenceData,
        calls: Sequence[PlaceCall],
        refused: Mapping[int, BaseException],
        max_prices: int | None,
    ) -> list[Outcome]:
        batch = Batch(self.context, reference_data)
        async with unit_of_work(self.context.bus) as work:
            await batch.load(work, calls, max_prices)
            outcomes = outcomes_of(calls, refused, lambda call: _decide_call(batch, call, work.now))
            await batch.write(work)
        return outcomes


def _decide_call(batch: Batch, call: PlaceCall, now: datetime) -> list[PlacedOrder]:
    return _place_group(batch, call, now) if call.parts else batch.place(call, now)


def _place_group(batch: Batch, call: PlaceCall, now: datetime) -> list[PlacedOrder]:
    """Decide on the orders of one call, which are those of a group.

    Raises:
        DomainError: the call is refused as a whole, and has left no trace.
    """
    first = call.commands[0]
    try:
        instrument = batch.instrument(first)
    except DomainError as error:
        call.name_order(error, 0)
        raise
    digest = group_digest(call.parts, call.commands)
    known = _known_group(batch, call, digest)
    if known is not None:
        return [PlacedOrder(order, replayed=True) for order in known]
    book = batch.book(first.account_id)
    group = decide_group(
        GroupRequest(
            call.parts,
            call.commands,
            [batch.context.works_until(command, instrument, now) for command in call.commands],
            digest,
            instrument,
            batch.markets.state(instrument, now, book.account.currency),
            book,
            now,
        )
    )
    batch.keep_group(group, now, call.attribution)
    return [PlacedOrder(order, replayed=False) for order in group.orders]


def _known_group(batch: Batch, call: PlaceCall, digest: bytes) -> list[Order] | None:
    """The group that was placed before with these client order ids, if any of them was used.

    Raises:
        Conflict: it is another group.
    """
    for index, command in enumerate(call.commands):
        known = batch.known(command.account_id, command.client_order_id)
        if known is None:
            continue
        group = batch.group_of(known)
        ids = [row.client_order_id for row in call.commands]
        same = known.request_digest == digest and len(group) == len(ids)
        if not same or any(given not in (None, order.client_order_id) for given, order in zip(ids, group, strict=True)):
            conflict = known.conflict(REUSED_ID, field="clientOrderId")
            call.name_order(conflict, index)
            raise conflict
        return group
    return None
