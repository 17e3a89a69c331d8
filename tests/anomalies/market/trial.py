"""A trial: made-up weeks read by all detectors, and what of the planted was found."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.anomalies.detectors.base import Detector
from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.facts import Fact
from domain.anomalies.types import AnomalyKind, Finding
from domain.risk.types import Severity
from tests.anomalies.market.cases import Case
from tests.anomalies.market.misdeeds import PLANTS
from tests.anomalies.market.second import weeks as second
from tests.anomalies.market.second.tape import Tape
from tests.anomalies.market.styles import accounts_of, live
from tests.anomalies.market.world import CLOSES, OPENS, World

_SEVERITIES = list(Severity)


@dataclass
class Trial:
    """The planted cases, the found ones, and the false findings."""

    cases: list[Case]
    accounts: int
    weeks: int
    findings: list[Finding] = field(default_factory=list)
    false: list[Finding] = field(default_factory=list)
    found: dict[int, set[AnomalyKind]] = field(default_factory=dict)

    @property
    def missed(self) -> list[Case]:
        """The planted cases without a finding."""
        return [case for index, case in enumerate(self.cases) if index not in self.found]

    @property
    def false_per_account_week(self) -> float:
        """False findings of the last week for each account."""
        return len(self.false) / self.accounts


def make_weeks(seed: int, weeks: int = 4, cases: int = 40) -> tuple[World, list[Case], int]:
    """Usual weeks, with so many misdeeds in the last one at times that do not overlap for an account."""
    world = World(seed, weeks)
    accounts = accounts_of(world)
    live(world, accounts)
    order = world.random.permutation(len(PLANTS))[:cases]
    planted: list[Case] = []
    for index in order:
        for _ in range(50):
            day = world.last_week + timedelta(days=int(world.random.integers(5)))
            at = world.moment(day, OPENS + 60, CLOSES - 100)
            before = len(world.facts)
            case = PLANTS[index](world, accounts, at)
            clash = any(
                case.subjects & other.subjects and case.begins < other.ends and other.begins < case.ends
                for other in planted
            )
            if not clash:
                planted.append(case)
                break
            del world.facts[before:]
    world.facts.sort(key=lambda fact: fact.at)
    return world, planted, len(accounts)


def run(facts: list[Fact], detectors: Mapping[AnomalyKind, Detector[Any, Any]] | None = None) -> list[Finding]:
    """All findings, once for each fingerprint and severity, as the platform reports them."""
    detectors = detectors or {kind: made() for kind, made in DETECTORS.items()}
    told: dict[str, int] = {}
    found: list[Finding] = []
    readers: dict[type, list[Detector[Any, Any]]] = {}
    for detector in detectors.values():
        for kind in detector.reads:
            readers.setdefault(kind, []).append(detector)
    for fact in facts:
        for detector in readers.get(type(fact), ()):
            for finding in detector.observe(fact):
                rank = _SEVERITIES.index(finding.severity)
                if rank > told.get(finding.fingerprint, -1):
                    told[finding.fingerprint] = rank
                    found.append(finding)
    return found


def _subjects(finding: Finding) -> set[str]:
    subject = finding.subject
    names = {name for name in (subject.account_id, subject.component) if name is not None}
    return names or ({subject.symbol} if subject.symbol is not None else set())


AUTHORS: dict[str, Callable[[int, int, int], tuple[World | Tape, list[Case], int]]] = {
    "first": make_weeks, "second": second.make,
}  # fmt: skip


def try_out(seed: int, weeks: int = 4, cases: int = 40, author: str = "first") -> Trial:
    """Simulate weeks, run the detectors on them, and judge the findings of the last week."""
    world, planted, accounts = AUTHORS[author](seed, weeks, cases)
    trial = Trial(planted, accounts, weeks)
    trial.findings = run(world.facts)
    judge(trial, world.last_week)
    return trial


def judge(trial: Trial, last_week: datetime) -> None:
    """Separate findings of a planted case from false ones."""
    for finding in trial.findings:
        belongs = [
            index
            for index, case in enumerate(trial.cases)
            if case.subjects & _subjects(finding) and case.begins <= finding.at <= case.ends
        ]
        for index in belongs:
            trial.found.setdefault(index, set()).add(finding.kind)
        if not belongs and finding.at >= last_week:
            trial.false.append(finding)


def by_kind(findings: list[Finding]) -> dict[str, int]:
    """The number of findings of each kind."""
    return dict(Counter(finding.kind.value for finding in findings))
