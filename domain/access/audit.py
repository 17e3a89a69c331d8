"""The audit log: who did what, or was refused it. Entries can be added and read, never changed or removed.

Every use case whose change a person may have to answer for calls ``record``, which commits with the change or not at
all. Targets are spelled ``kind:identifier``. Passwords, tokens and keys are never recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import orjson

from domain.access import audit_queries
from domain.access.attribution import Attribution, attributed
from domain.access.audit_queries import AuditFilter
from domain.access.types import Actor, AuditEntry, AuditOutcome, Role, require_role
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput
from domain.kernel.ids import new_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, Writing, unit_of_work
from domain.kernel.values import unguarded

NOBODY = "anonymous"
NOBODY_ACTOR = Actor(user_id=UUID(int=0), email=NOBODY, role=Role.VIEWER)
MAX_TARGET_LENGTH = 300
MAX_ADDRESS_LENGTH = 64
_MAX_FILTER_LENGTH = 254
_SECRET_WORDS = ("password", "secret", "token", "credential")


def target_of(kind: str, identifier: UUID | str) -> str:
    """The text of a target, such as ``user:0190...``."""
    return f"{kind}:{identifier}"


@unguarded
@dataclass(frozen=True, slots=True)
class Note:
    """An entry to append: the actor (None: not signed in), the action, its target and its outcome.

    ``action`` is the API's name for it, such as ``createUser``. ``detail`` holds JSON values; decimals and identifiers
    are written as text.
    """

    attribution: Attribution
    action: str
    target: str | None = None
    outcome: AuditOutcome = AuditOutcome.DONE
    detail: Mapping[str, object] | None = None


async def record(
    work: UnitOfWork,
    actor: Actor | None,
    action: str,
    target: str | None = None,
    *,
    outcome: AuditOutcome = AuditOutcome.DONE,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append an action of ``actor`` (None: not signed in) within ``work``; see ``Note``."""
    await record_all(work, [Note(attributed(actor or NOBODY_ACTOR), action, target, outcome, detail)])


async def record_all(work: Writing, notes: Sequence[Note]) -> None:
    """Append several entries with the other writes of ``work``, without a further statement."""
    await audit_queries.insert_entries(work, [_entry(note, work.now) for note in notes])


def _entry(note: Note, now: datetime) -> AuditEntry:
    told = dict(note.detail or {})
    secret = next((name for name in told if _may_be_secret(name)), None)
    if secret is not None:
        raise ValueError(f"the audit log keeps no secrets, and {secret!r} may be one")
    who = note.attribution
    return AuditEntry(
        id=new_id(),
        at=now,
        actor=who.by,
        action=note.action,
        target=_kept(note.target, MAX_TARGET_LENGTH),
        outcome=note.outcome,
        detail=orjson.dumps(_storable(told), default=str).decode() if told else None,
        api_key_id=who.key_id,
        address=_kept(who.address, MAX_ADDRESS_LENGTH),
        request_id=who.request_id,
    )


@lru_cache(maxsize=1_000)
def _may_be_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRET_WORDS)


def _kept(text: str | None, length: int) -> str | None:
    """The beginning of a text in a form that the database can hold."""
    return None if text is None else _storable_text(text)[:length]


def _storable(value: object) -> object:
    """A value for JSON in a form that the database can hold, whatever its texts are."""
    if isinstance(value, str):
        return _storable_text(value)
    if isinstance(value, Mapping):
        return {_storable_text(str(name)): _storable(each) for name, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple) else value


def _storable_text(text: str) -> str:
    """A client may send any text: the database refuses NUL, and JSON lone surrogates."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


async def record_refusal(
    bus: Bus,
    actor: Actor | None,
    action: str,
    target: str | None = None,
    *,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Append a refusal, in a unit of work of its own because nothing else is saved."""
    async with unit_of_work(bus) as work:
        await record(work, actor, action, target, outcome=AuditOutcome.REFUSED, detail=detail)


def check_filter(wanted: AuditFilter) -> AuditFilter:
    """The filter with its texts cleaned.

    Raises:
        BadInput: a text that no entry can hold, or a time range that ends before it begins.
    """
    if wanted.since is not None and wanted.until is not None and wanted.until < wanted.since:
        raise BadInput("The end is before the start.", field="to")
    return AuditFilter(
        actor=_cleaned(wanted.actor, "actor"),
        action=_cleaned(wanted.action, "action"),
        target=_cleaned(wanted.target, "target"),
        outcome=wanted.outcome,
        since=wanted.since,
        until=wanted.until,
    )


def _cleaned(text: str | None, field: str) -> str | None:
    return None if text is None else clean_text(text, field=field, max_length=_MAX_FILTER_LENGTH)


async def page_log(actor: Actor, request: PageRequest, wanted: AuditFilter) -> Page[AuditEntry]:
    """A page of the log, newest first.

    Raises:
        Forbidden: the actor is neither administrator nor risk manager.
        BadInput: the filter holds what no entry can.
    """
    require_role(actor, Role.ADMIN, Role.RISK_MANAGER)
    return await audit_queries.page_entries(request, check_filter(wanted))


async def count_log(actor: Actor, wanted: AuditFilter) -> int:
    """The number of entries that match; raises as ``page_log``."""
    require_role(actor, Role.ADMIN, Role.RISK_MANAGER)
    return await audit_queries.count_entries(check_filter(wanted))
