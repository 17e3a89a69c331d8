"""Requests of one client's session: each is one call of the use case that the API calls, and an answer if it fails.

The events of an order are reported by ``reporting``; an answer here is only for requests without an event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from adapters.fix import code_sets
from adapters.fix.client_order_ids import Names, newest_id
from adapters.fix.message import Malformed, Message
from adapters.fix.reports import (
    Out,
    business_reject,
    cancel_reject,
    mass_cancel_report,
    refused_order,
    status_report,
)
from adapters.fix.requests import (
    CancelRequest,
    OrderReference,
    ReplaceRequest,
    read_account,
    read_cancel,
    read_id,
    read_mass_cancel,
    read_new_order,
    read_reference,
    read_replace,
)
from adapters.fix.tags import BusinessReject, MsgType, SessionReject, Tag
from adapters.wiring import ProcessServices
from domain.access.types import Actor
from domain.accounts.event_queries import read_order_events
from domain.kernel.errors import DomainError, NotFound, RateLimited, Unavailable
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.deciding.modify_rules import as_changed
from domain.orders.entry.canceling import cancel_orders
from domain.orders.entry.finding import find_order
from domain.orders.model.commands import ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.events import read_order_event
from domain.orders.model.order import Order, OrderEvent, changes_in
from domain.orders.model.types import OrderEventKind
from domain.system.fix import queries
from domain.system.fix.stored import StoredRequest
from workers.fix.refusals import cancel_repeated, id_used, not_now, refused, refused_change, rejected

MAX_STATUSES = 1_000
_EVENT_OF = {"F": OrderEventKind.PENDING_CANCEL, "G": OrderEventKind.PENDING_REPLACE}
_CALLERS_TURN = (RateLimited, Unavailable)
Reach = Callable[[set[UUID]], Awaitable[None]]


@dataclass(slots=True)
class Asked:
    """The orders that a session has asked to cancel or replace; ``turn`` keeps a request before its own reports."""

    order_ids: set[UUID]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class ClientRequests:
    """Carries out the requests of one session. ``reach`` begins to follow accounts that it has not used before."""

    def __init__(self, services: ProcessServices, session_id: UUID, key_id: UUID, asked: Asked, reach: Reach) -> None:
        self._services = services
        self._session_id = session_id
        self._key_id = key_id
        self._asked = asked
        self._reach = reach
        self._answers: Mapping[str, Callable[[Message, Actor], Awaitable[list[Out]]]] = {
            MsgType.ORDER_CANCEL_REQUEST: self._cancel,
            MsgType.ORDER_CANCEL_REPLACE_REQUEST: self._replace,
            MsgType.ORDER_STATUS_REQUEST: self._status,
            MsgType.ORDER_MASS_STATUS_REQUEST: self._statuses,
            MsgType.ORDER_MASS_CANCEL_REQUEST: self._mass_cancel,
        }

    async def answer(self, message: Message, actor: Actor) -> list[Out]:
        """Carry out anything but a new order."""
        answer = self._answers.get(message.type)
        if answer is None:
            text = f"Messages of type {message.type} are not supported."
            return [business_reject(message, BusinessReject.UNSUPPORTED_MESSAGE_TYPE, text)]
        try:
            return await answer(message, actor)
        except Malformed as fault:
            return [rejected(message, fault)]
        except _CALLERS_TURN as error:
            return [not_now(message, error)]

    async def place(self, messages: Sequence[Message], actor: Actor) -> list[Out]:
        """Place the orders of several messages side by side: they share transactions, in their order."""
        answers: list[Out] = []
        taken: list[tuple[Message, PlaceOrder]] = []
        for message in messages:
            try:
                taken.append((message, read_new_order(message, _account(message, actor))))
            except Malformed as fault:
                answers.append(rejected(message, fault))
            except NotFound as error:
                answers.append(refused(message, error))
        await self._reach({command.account_id for _, command in taken})
        calls = (self._services.entry.place_orders(actor, [command]) for _, command in taken)
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        for (message, _), outcome in zip(taken, outcomes, strict=True):
            if isinstance(outcome, _CALLERS_TURN):
                answers.append(not_now(message, outcome))
            elif isinstance(outcome, DomainError):
                answers.append(refused(message, outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            elif outcome[0].replayed and not _is_repeat(message):
                answers.append(await self._status_of(outcome[0].order))
        return answers

    async def _cancel(self, message: Message, actor: Actor) -> list[Out]:
        request = read_cancel(message)
        order = await self._find(request.order, actor)

        async def carry_out(found: Order) -> tuple[Order, bool]:
            canceled = await self._services.canceling.cancel_order(actor, OrderKey(found.id))
            return canceled.order, canceled.replayed

        return await self._request(message, request, order, actor, carry_out)

    async def _replace(self, message: Message, actor: Actor) -> list[Out]:
        request = read_replace(message)
        order = await self._find(request.order, actor)
        if order is not None and order.type is not request.type:
            return [cancel_reject(message, order, code_sets.OTHER, "The type of an order cannot change.", utc_now())]

        async def carry_out(found: Order) -> tuple[Order, bool]:
            shown = ModifyOrder(OrderKey(found.id), **_terms(as_changed(found)))
            return await self._services.modifying.modify_order(actor, request.command(found.id, shown)), False

        return await self._request(message, request, order, actor, carry_out)

    async def _request(
        self,
        message: Message,
        request: CancelRequest | ReplaceRequest,
        order: Order | None,
        actor: Actor,
        carry_out: Callable[[Order], Awaitable[tuple[Order, bool]]],
    ) -> list[Out]:
        """Carry out a cancel or replace once for its ClOrdID."""
        if order is None:
            return [cancel_reject(message, None, code_sets.CXL_UNKNOWN_ORDER, "NOT_FOUND: no such order", utc_now())]
        symbol, side = message.get(Tag.SYMBOL), code_sets.SIDES.get(message.text(Tag.SIDE))
        if (symbol, side) != (order.symbol, order.side):
            text = "Symbol or side differ from those of the order."
            return [cancel_reject(message, order, code_sets.OTHER, text, utc_now())]
        known = await queries.find_request(self._session_id, request.client_order_id)
        if known is None:
            if await queries.find_orders(request.client_order_id, [order.account_id]):
                return [id_used(message, order)]
        elif not _is_repeat(message):
            return [id_used(message, order)]
        elif known.version is not None or known.refused:
            return []
        await self._reach({order.account_id})
        async with self._asked.turn:
            self._asked.order_ids.add(order.id)
            return await self._once(message, request.client_order_id, order, known, actor, carry_out)

    async def _once(
        self,
        message: Message,
        client_order_id: str,
        order: Order,
        known: StoredRequest | None,
        actor: Actor,
        carry_out: Callable[[Order], Awaitable[tuple[Order, bool]]],
    ) -> list[Out]:
        version: int | None = None
        answers: list[Out] = []
        if known is not None:
            # It may have been carried out before a crash: then an event says so.
            version = await self._version_left(known, actor)
        else:
            now, original = utc_now(), message.get(Tag.ORIG_CL_ORD_ID) or order.client_order_id
            stored = StoredRequest(
                client_order_id=client_order_id,
                original_id=original,
                kind=message.type,
                order_id=order.id,
                created_at=now,
            )
            async with unit_of_work(self._services.bus) as work:
                await queries.add_request(work, self._session_id, stored)
        if version is None:
            try:
                done, replayed = await carry_out(order)
                version = None if replayed else done.version
                if replayed:
                    answers = [cancel_repeated(message, done)]
            except _CALLERS_TURN:
                raise
            except DomainError as error:
                answers = [refused_change(message, await find_order(actor, OrderKey(order.id)), error)]
        async with unit_of_work(self._services.bus) as work:
            await queries.answer_request(work, self._session_id, client_order_id, version)
        return answers

    async def _version_left(self, known: StoredRequest, actor: Actor) -> int | None:
        """The version that a request left, if it was carried out by a process that could not note it any more."""
        others = {row.version for row in await queries.read_requests(self._session_id, known.order_id)}
        for event in await order_events(known.order_id):
            asked = event.kind == _EVENT_OF[known.kind] and event.by == actor.email and event.at >= known.created_at
            if asked and event.order.version not in others:
                return event.order.version
        return None

    async def _status(self, message: Message, actor: Actor) -> list[Out]:
        message.check(Tag.SYMBOL, Tag.SIDE)
        order = await self._find(read_reference(message, Tag.CL_ORD_ID), actor)
        if order is None:
            text = "NOT_FOUND: no such order"
            return [refused_order(message, code_sets.UNKNOWN_ORDER, text, utc_now(), is_question=True)]
        return [await self._status_of(order, ((Tag.ORD_STATUS_REQ_ID, message.get(Tag.ORD_STATUS_REQ_ID)),))]

    async def _statuses(self, message: Message, actor: Actor) -> list[Out]:
        message.check(Tag.MASS_STATUS_REQ_ID, Tag.MASS_STATUS_REQ_TYPE)
        name = read_id(message, Tag.MASS_STATUS_REQ_ID)
        wanted = message.text(Tag.MASS_STATUS_REQ_TYPE)
        if wanted not in ("1", "7"):
            text = "Ask for an instrument (1) or for all orders (7)."
            raise Malformed(SessionReject.VALUE_INCORRECT, Tag.MASS_STATUS_REQ_TYPE, text)
        named = read_account(message)
        accounts = set(actor.accounts) if named is None else {named} & set(actor.accounts)
        symbol = read_id(message, Tag.SYMBOL) if wanted == "1" else None
        orders = await queries.read_open_orders(accounts, self._key_id, symbol, MAX_STATUSES)
        request: tuple[int, str | None] = (Tag.MASS_STATUS_REQ_ID, name)
        if not orders:
            none = refused_order(message, code_sets.UNKNOWN_ORDER, "No open orders.", utc_now(), is_question=True)
            last = ((int(Tag.MASS_STATUS_REQ_ID), name), (int(Tag.LAST_RPT_REQUESTED), "Y"))
            return [(none[0], (*none[1], (int(Tag.TOT_NUM_REPORTS), "0"), *last))]
        count = (Tag.TOT_NUM_REPORTS, str(len(orders)))
        return [
            await self._status_of(order, (request, count, (Tag.LAST_RPT_REQUESTED, "Y" if is_last else "N")))
            for order, is_last in ((order, order is orders[-1]) for order in orders)
        ]

    async def _mass_cancel(self, message: Message, actor: Actor) -> list[Out]:
        message.check(Tag.CL_ORD_ID, Tag.MASS_CANCEL_REQUEST_TYPE, Tag.TRANSACT_TIME)
        try:
            command = read_mass_cancel(message, _account(message, actor))
            if command is None:
                text = "Cancel those of an instrument (1) or all orders (7)."
                return [mass_cancel_report(message, None, text, utc_now())]
            canceled = await cancel_orders(self._services.bus, actor, command)
        except _CALLERS_TURN:
            raise
        except DomainError as error:
            return [mass_cancel_report(message, None, f"{error.code}: {error.message}", utc_now())]
        return [mass_cancel_report(message, len(canceled), None, utc_now())]

    async def _status_of(self, order: Order, extra: Sequence[tuple[int, str | None]] = ()) -> Out:
        name: str | None = None
        if order.id in self._asked.order_ids:
            requests = await queries.read_requests(self._session_id, order.id)
            name = newest_id(await order_events(order.id), requests)
        return status_report(order, Names(name or order.client_order_id), utc_now(), extra)

    async def _find(self, reference: OrderReference, actor: Actor) -> Order | None:
        order_id, name = reference.order_id, reference.client_order_id
        if order_id is None and name is not None:
            request = await queries.find_request(self._session_id, name)
            accounts = list(actor.accounts) if reference.account_id is None else [reference.account_id]
            found = [request.order_id] if request is not None else await queries.find_orders(name, accounts)
            order_id = found[0] if len(found) == 1 else None
        if order_id is None:
            return None
        try:
            return await find_order(actor, OrderKey(order_id, reference.account_id))
        except NotFound:
            return None


async def order_events(order_id: UUID) -> list[OrderEvent]:
    """All events of an order so far."""
    events = (await read_order_events([order_id]))[order_id]
    return [event for row in events if (event := read_order_event(row)) is not None]


def _account(message: Message, actor: Actor) -> UUID:
    """The account of a message: the key's only one where none is named.

    Raises:
        Malformed: it names none, and the key has several.
        NotFound: the key has none.
    """
    named = read_account(message)
    if named is not None:
        return named
    if not actor.accounts:
        raise NotFound("This API key has no account.", field="accountId")
    if len(actor.accounts) > 1:
        message.text(Tag.ACCOUNT)
    return next(iter(actor.accounts))


def _terms(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in changes_in(ModifyOrder(OrderKey()))}


def _is_repeat(message: Message) -> bool:
    return message.get(Tag.POSS_DUP_FLAG) == "Y"
