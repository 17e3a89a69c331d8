"""Cases and their steps as JSON: in snapshots, over the bus, and their lists of accounts in the database. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, CaseStatus, Disposition
from domain.anomalies.types import AnomalyKind
from domain.risk.types import Severity


def write_ids(ids: Iterable[UUID]) -> str:
    """Identifiers as the database keeps them."""
    return orjson.dumps([str(one) for one in ids]).decode()


def read_ids(text: str) -> tuple[UUID, ...]:
    """The ids of a form of ``write_ids``."""
    return tuple(UUID(one) for one in orjson.loads(text))


def write_case(case: Case) -> str:
    """A case as a snapshot keeps it."""
    return orjson.dumps(asdict(case), default=str).decode()


def read_case(text: str | bytes) -> Case:
    """The case of a form of ``write_case``."""
    return _case(orjson.loads(text))


def encode(events: Sequence[CaseEvent]) -> bytes:
    """The form in which steps travel over the bus."""
    return orjson.dumps([asdict(event) for event in events], default=str)


def decode(message: bytes) -> list[tuple[int, CaseEvent]]:
    """The case events of a message of ``encode``, each with its number."""
    found = []
    for named in orjson.loads(message):
        event = CaseEvent(
            **{
                **named,
                "kind": CaseEventKind(named["kind"]),
                "at": datetime.fromisoformat(named["at"]),
                "anomaly_id": UUID(named["anomaly_id"]) if named["anomaly_id"] is not None else None,
                "case": _case(named["case"]),
            }
        )
        found.append((event.sequence, event))
    return found


def _ids(texts: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(UUID(text) for text in texts)


_READERS: dict[str, Any] = {
    "id": UUID,
    "kind": AnomalyKind,
    "account_ids": _ids,
    "linked_ids": _ids,
    "severity": Severity,
    "status": CaseStatus,
    "disposition": Disposition,
    **dict.fromkeys(("opened_at", "found_at", "updated_at", "closed_at"), datetime.fromisoformat),
}


def _case(named: dict[str, Any]) -> Case:
    return Case(
        **{
            item.name: _READERS[item.name](value) if item.name in _READERS and value is not None else value
            for item in fields(Case)
            for value in (named[item.name],)
        }
    )
