"""Cases and their steps as JSON: in snapshots, over the bus, and their lists of accounts in the database. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson

from domain.anomalies.cases.types import Case, CaseEvent, CaseShare
from domain.kernel.named_form import NamedForm


def write_ids(ids: Iterable[UUID]) -> str:
    """Identifiers as the database keeps them."""
    return orjson.dumps([str(one) for one in ids]).decode()


def read_ids(text: str) -> tuple[UUID, ...]:
    """The ids of a form of ``write_ids``."""
    return tuple(UUID(one) for one in orjson.loads(text))


def write_shares(shares: Iterable[CaseShare]) -> str:
    """Shares as the database keeps them."""
    return orjson.dumps([asdict(share) for share in shares], default=str).decode()


def read_shares(text: str) -> tuple[CaseShare, ...]:
    """The shares of a form of ``write_shares``."""
    return _shares(orjson.loads(text))


def write_case(case: Case) -> str:
    """A case as a snapshot keeps it."""
    return orjson.dumps(asdict(case), default=str).decode()


def read_case(text: str | bytes) -> Case:
    """The case of a form of ``write_case``."""
    return _CASE.read(orjson.loads(text))


def encode(events: Sequence[CaseEvent]) -> bytes:
    """The form in which steps travel over the bus."""
    return orjson.dumps([asdict(event) for event in events], default=str)


def decode(message: bytes) -> list[tuple[int, CaseEvent]]:
    """The case events of a message of ``encode`` in this or another version, each with its number."""
    return [(event.sequence, event) for event in map(_EVENT.read, orjson.loads(message))]


def _ids(texts: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(UUID(text) for text in texts)


def _shares(forms: Iterable[Mapping[str, Any]]) -> tuple[CaseShare, ...]:
    return tuple(map(_SHARE.read, forms))


# For reading only: what is written names every member, as earlier versions need it.
_SHARE = NamedForm(CaseShare)
_CASE = NamedForm(Case, parts={**dict.fromkeys(("account_ids", "linked_ids"), (list, _ids)), "shares": (list, _shares)})
_EVENT = NamedForm(CaseEvent, parts={"case": (_CASE.write, _CASE.read)})
