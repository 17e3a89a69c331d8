"""Intake of facts: refuses repeated, very late and invalid facts."""

import math
from collections import Counter, OrderedDict
from dataclasses import fields
from decimal import Decimal
from enum import StrEnum

from domain.anomalies.facts import Fact

# Of so many facts it is remembered that they were read, in this process.
REMEMBERED_FACTS = 20_000
# A fact so much older than the newest one is late.
LATE_SECONDS = 3_600.0
# So many facts of several accounts at one and the same moment: the clock stands still.
FROZEN_FACTS, FROZEN_ACCOUNTS = 200, 3


class IntakeRefusal(StrEnum):
    """The reason for which a fact was left out."""

    REPEATED = "REPEATED"
    LATE = "LATE"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    FROZEN_CLOCK = "FROZEN_CLOCK"
    FROM_THE_FUTURE = "FROM_THE_FUTURE"


class Intake:
    """Judges facts one by one, and counts refused ones by reason.

    Samples, prices and proofs have no identity: only invalid numbers of them are refused.
    """

    __slots__ = ("_accounts", "_newest", "_read", "_same", "refused")

    def __init__(self) -> None:
        self.refused: Counter[IntakeRefusal] = Counter()
        self._read: OrderedDict[int, None] = OrderedDict()
        self._newest = -math.inf
        self._same = 0
        self._accounts: set[str] = set()

    def admits(self, fact: Fact) -> bool:
        """True if a fact is accepted."""
        refusal = self._refusal(fact)
        if refusal is not None:
            self.refused[refusal] += 1
        return refusal is None

    def _refusal(self, fact: Fact) -> IntakeRefusal | None:
        if not _is_finite(fact):
            return IntakeRefusal.NOT_A_NUMBER
        if not hasattr(fact, "id"):
            return None
        now = fact.at.timestamp()
        if now < self._newest - LATE_SECONDS:
            return IntakeRefusal.LATE
        key = hash(fact)
        if key in self._read:
            return IntakeRefusal.REPEATED
        self._read[key] = None
        if len(self._read) > REMEMBERED_FACTS:
            self._read.popitem(last=False)
        if now != self._newest:
            self._same = 0
            self._accounts.clear()
        self._newest = max(self._newest, now)
        self._same += 1
        if len(self._accounts) < FROZEN_ACCOUNTS:
            self._accounts.add(str(getattr(fact, "account_id", "")))
        is_frozen = self._same > FROZEN_FACTS and len(self._accounts) >= FROZEN_ACCOUNTS
        return IntakeRefusal.FROZEN_CLOCK if is_frozen else None


_NUMBERS: dict[type, tuple[str, ...]] = {}


def _is_finite(fact: Fact) -> bool:
    names = _NUMBERS.get(type(fact))
    if names is None:
        names = _NUMBERS[type(fact)] = tuple(
            item.name for item in fields(fact) if "Decimal" in str(item.type) or "float" in str(item.type)
        )
    for name in names:
        value = getattr(fact, name)
        if value is None:
            continue
        if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
            return False
    return True
