"""Risk events: raised within the change that caused them, numbered, followed without gaps, handled by people.

An event holds the observed value, the limit and the action taken. It never changes, except that people acknowledge it
and resolve it with a note.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.accounts.queries import visible_to
from domain.kernel.bus import Bus
from domain.kernel.errors import Conflict, NotFound
from domain.kernel.log_tail import StoredLog
from domain.kernel.numbers import plain
from domain.kernel.pages import Page, PageRequest
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.risk import event_queries as queries
from domain.risk.event_queries import RiskEventFilter
from domain.risk.types import (
    RiskAction,
    RiskEvent,
    RiskEventSource,
    RiskEventState,
    RiskSignal,
    Severity,
)

CHANNEL = "risk"
HANDLERS = (Role.RISK_MANAGER, Role.ADMIN)
_MAX_NOTE = 2_000
Numbered = tuple[int, RiskEvent]


async def raise_events(work: UnitOfWork, signals: Sequence[RiskSignal]) -> list[RiskEvent]:
    """Append events and tell the bus after the commit: a step. Accounts of the work must be locked before.

    Events whose fingerprint is already active are left out; returns the appended ones.
    """
    if not signals:
        return []
    events = await queries.append_events(work, signals)
    if events:
        work.publish(CHANNEL, encode_events(events))
    return events


# ------------------------------------------------------------------ the log


def encode_events(events: Sequence[RiskEvent]) -> bytes:
    """The form in which events travel over the bus."""
    return orjson.dumps([[_plain(getattr(event, item.name)) for item in fields(RiskEvent)] for event in events])


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return plain(value)
    return str(value) if isinstance(value, UUID) else value


def decode_events(message: bytes) -> list[Numbered]:
    """The events of a message of ``encode_events``, each with its number."""
    events = [_decoded(values) for values in orjson.loads(message)]
    return [(event.sequence, event) for event in events]


def _decoded(values: list[Any]) -> RiskEvent:
    names = [item.name for item in fields(RiskEvent)]
    named = {
        name: _READERS[name](value) if name in _READERS and value is not None else value
        for name, value in zip(names, values, strict=True)
    }
    return RiskEvent(**named)


_READERS: dict[str, Any] = {
    **dict.fromkeys(("id", "account_id", "order_id", "rule_id"), UUID),
    **dict.fromkeys(("observed", "limit"), Decimal),
    **dict.fromkeys(("created_at", "cleared_at", "resolved_at"), datetime.fromisoformat),
    "source": RiskEventSource,
    "severity": Severity,
    "action_taken": RiskAction,
    "state": RiskEventState,
}


def risk_log(bus: Bus) -> StoredLog[RiskEvent]:
    """All risk events, as one process follows them."""
    most = queries.MAX_EVENTS_PER_READ
    return StoredLog(bus, CHANNEL, queries.read_head, queries.read_events, decode_events, most)


# ------------------------------------------------------------------ use cases


async def list_risk_events(actor: Actor, wanted: RiskEventFilter, request: PageRequest) -> Page[RiskEvent]:
    """A page of the events that the actor may see, newest first.

    Raises:
        NotFound: the filter names an account that the actor may not see.
    """
    return await queries.list_events(await visible_to(actor, wanted), request)


async def count_risk_events(actor: Actor, wanted: RiskEventFilter) -> int:
    """The number of events on all pages of ``list_risk_events``."""
    return await queries.count_events(await visible_to(actor, wanted))


async def acknowledge_event(bus: Bus, actor: Actor, event_id: UUID) -> RiskEvent:
    """Acknowledge an event. A repeat changes nothing.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such event.
        Conflict: it is resolved already.
    """
    require_role(actor, *HANDLERS)
    async with unit_of_work(bus) as work:
        event = await _lock(work, event_id)
        if event.state is RiskEventState.ACKNOWLEDGED:
            return event
        if event.state is RiskEventState.RESOLVED:
            raise Conflict("The event is resolved already.")
        handled = replace(event, state=RiskEventState.ACKNOWLEDGED, acknowledged_by=actor.email)
        await queries.save_handling(work, handled)
        await audit(work, actor, "acknowledgeRiskEvent", target_of("riskEvent", event_id))
    return handled


async def resolve_event(bus: Bus, actor: Actor, event_id: UUID, note: str) -> RiskEvent:
    """Resolve an event with a note on what was done. The same note again changes nothing.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: the note is empty or too long.
        NotFound: there is no such event.
        Conflict: it was resolved with another note.
    """
    require_role(actor, *HANDLERS)
    note = clean_text(note, field="note", max_length=_MAX_NOTE)
    async with unit_of_work(bus) as work:
        event = await _lock(work, event_id)
        if event.state is RiskEventState.RESOLVED:
            if event.note == note:
                return event
            raise Conflict("The event is resolved already.")
        handled = replace(
            event,
            state=RiskEventState.RESOLVED,
            acknowledged_by=event.acknowledged_by or actor.email,
            note=note,
            resolved_at=work.now,
        )
        await queries.save_handling(work, handled)
        await audit(work, actor, "resolveRiskEvent", target_of("riskEvent", event_id), detail={"note": note})
    return handled


async def resolve_events(work: UnitOfWork, event_ids: Collection[UUID], by: str, note: str) -> None:
    """Close those of these events that are not resolved yet, with one note: a step."""
    if event_ids:
        await queries.resolve_all(work, event_ids, by, note)


async def _lock(work: UnitOfWork, event_id: UUID) -> RiskEvent:
    event = await queries.lock_event(work, event_id)
    if event is None:
        raise NotFound("There is no such event.", field="id")
    return event
