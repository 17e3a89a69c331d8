"""Refusals: audit entries of refused actions, bounded so that refusals cannot fill the log.

Each person, address and action has a limited number of entries per minute. Further refusals are counted, and the next
entry carries the count.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from domain.access.attribution import Origin, attributed
from domain.access.audit import NOBODY_ACTOR, Note, record_all
from domain.access.types import Actor, AuditOutcome
from domain.kernel.bus import Bus
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import unit_of_work

PER_MINUTE = 60
MAX_KEYS = 10_000
_WINDOW_SECONDS = 60.0
_log = structlog.stdlib.get_logger("access")


@dataclass(slots=True)
class _Window:
    began: float
    noted: int = 0
    beyond: int = 0


class Refusals:
    """Records the refusals of one process; its memory is bounded and can be lost at any time."""

    def __init__(self, bus: Bus, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str, str], _Window] = {}

    async def note(
        self,
        actor: Actor | None,
        origin: Origin,
        action: str,
        target: str | None,
        *,
        code: str,
        field: str | None = None,
    ) -> None:
        """Append that ``actor`` (None: not signed in) was refused ``action``; never raises a domain error.

        ``code`` is the code of the error, ``field`` its subject.
        """
        who = attributed(actor or NOBODY_ACTOR, origin)
        beyond = self._counted((who.by, origin.address, action))
        if beyond is None:
            return
        detail = {"code": code, "field": field, "suppressed": beyond or None}
        told = {name: value for name, value in detail.items() if value is not None}
        try:
            async with unit_of_work(self._bus) as work:
                await record_all(work, [Note(who, action, target, AuditOutcome.REFUSED, told)])
        except DomainError as error:
            _log.warning("could not note a refusal", action=action, actor=who.by, error=error.message)

    def _counted(self, key: tuple[str, str, str]) -> int | None:
        """The number of refusals left out before this one; None when this one is left out, too."""
        now = self._monotonic()
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= MAX_KEYS:
                del self._windows[next(iter(self._windows))]
            window = self._windows[key] = _Window(now)
        beyond = 0
        if now - window.began > _WINDOW_SECONDS:
            beyond, window.began, window.noted, window.beyond = window.beyond, now, 0, 0
        if window.noted >= PER_MINUTE:
            window.beyond += 1
            return None
        window.noted += 1
        return beyond
