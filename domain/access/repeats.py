"""Audit entries of actions that a program repeats many times in a minute, such as publishing quotes.

The first call in a minute of one actor, API key, address, action and target is an entry. Later calls are counted, and
the next entry carries the count since the one before it.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from domain.access.attribution import attributed
from domain.access.audit import Note, record_all
from domain.access.types import Actor
from domain.kernel.bus import Bus
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import unit_of_work

WINDOW_SECONDS = 60.0
MAX_KEYS = 1_000
_log = structlog.stdlib.get_logger("access")

_Key = tuple[str, UUID | None, str | None, str, str]


@dataclass(slots=True)
class _Window:
    noted_at: float
    since: Counter[str] = field(default_factory=Counter)


class Repeats:
    """Records the repeated actions of one process. Its memory is bounded; a lost count adds one entry."""

    def __init__(self, bus: Bus, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._monotonic = monotonic
        self._windows: dict[_Key, _Window] = {}

    async def note(self, actor: Actor, action: str, target: str, **amounts: int) -> None:
        """Count a successful call, and append an entry when the last one is a minute old.

        ``amounts`` are added up. Never raises a domain error: the call has taken effect; the next call tries again.
        """
        who = attributed(actor)
        key = (who.by, who.key_id, who.address, action, target)
        now = self._monotonic()
        window = self._windows.get(key) or self._opened(key)
        window.since.update({"calls": 1, **amounts})
        if now - window.noted_at < WINDOW_SECONDS:
            return
        told, noted_at = window.since, window.noted_at
        window.since, window.noted_at = Counter(), now
        try:
            async with unit_of_work(self._bus) as work:
                await record_all(work, [Note(who, action, target, detail=dict(told))])
        except DomainError as error:
            window.since.update(told)
            window.noted_at = noted_at
            _log.warning("could not note a repeated action", action=action, actor=who.by, error=error.message)

    def _opened(self, key: _Key) -> _Window:
        if len(self._windows) >= MAX_KEYS:
            del self._windows[next(iter(self._windows))]
        window = self._windows[key] = _Window(float("-inf"))
        return window
