"""A run of the detectors over new events, in one transaction: reading, memory and findings commit together.

A run that dies is repeated without trace; of two runs at the same time the second waits and reads the rest.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.access.attribution import PlatformPart
from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import PLATFORM_ROLE, Actor, require_role
from domain.accounts.queries import lock_books
from domain.anomalies import queries
from domain.anomalies.anomaly import Anomaly, DetectorSetting
from domain.anomalies.cases.gathering import gather, leave_out_dismissed
from domain.anomalies.detectors.base import Detector
from domain.anomalies.detectors.catalogue import DETECTORS
from domain.anomalies.facts import Fact
from domain.anomalies.intake import IntakeRefusal
from domain.anomalies.log import CHANNEL, encode
from domain.anomalies.reading import StoredEvent, facts_of
from domain.anomalies.service import OWNERS, read_detectors
from domain.anomalies.trading_days import trading_days_of
from domain.anomalies.types import AnomalyKind, Finding, Tuning
from domain.kernel.bus import Bus
from domain.kernel.ids import new_id, parse_id
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.calendar_store import read_calendars
from domain.market.session_rules import CalendarRule
from domain.orders.protection.enforcement import apply_actions
from domain.orders.protection.halting import finish_halt
from domain.risk.events import raise_events
from domain.risk.halts import HaltTrading, halt
from domain.risk.types import RiskAction, RiskEventSource, RiskScope, RiskSignal, Severity, TradingHalt

# One transaction reads so many events at most, and of one account so many.
MAX_EVENTS, MAX_EVENTS_OF_ACCOUNT = 2_000, 500
# One run tells so much at most; what would be more is a storm, of which these say enough.
MAX_TOLD = 200
# What is asked for by a person reads so many transactions' worth at most; the schedule goes on with the rest.
MAX_RUNS = 10
# Clocks differ a little; a fact that is further ahead is from no clock that can be believed.
AHEAD = timedelta(minutes=5)
BY = PlatformPart.DETECTION.value
CAUSE = "ANOMALY"
MAX_REASON = 450
_SEVERITIES = list(Severity)


@dataclass(frozen=True, slots=True)
class RunReport:
    """The result of a run: the number of events read, its findings, and whether events are left.

    ``refused`` counts refused facts, by reason: for each reason the largest number that one detector refused.
    ``suppressed`` counts findings that were not reported because people dismissed such findings.
    """

    events: int
    anomalies: tuple[Anomaly, ...]
    is_unfinished: bool
    refused: Mapping[IntakeRefusal, int] = field(default_factory=dict)
    suppressed: int = 0


async def run_detectors(bus: Bus, facts: Sequence[Fact] = ()) -> RunReport:
    """Read the next events of all accounts, and ``facts`` from outside the event log: prices, component samples.

    Findings become anomalies with a risk event each, join cases or open them, and trigger their detector's action. A
    finding that people dismissed is left out and counted. A finding whose fingerprint was reported before is left out
    unless it is more severe now. Disabled detectors learn and report nothing. Facts from the future, repeated, late or
    with invalid numbers are left out and counted.
    """
    settings, rules, halts = await read_detectors(), await read_calendars(), list[TradingHalt]()
    async with unit_of_work(bus) as work:
        head = await queries.lock_head(work)
        events, is_unfinished = await queries.next_events(work, MAX_EVENTS_OF_ACCOUNT, MAX_EVENTS)
        read = sorted([*_facts(events), *facts], key=lambda fact: fact.at)
        present = [fact for fact in read if fact.at <= work.now + AHEAD]
        findings, refused = await _observe(work, settings, rules, present)
        if len(present) < len(read):
            refused[IntakeRefusal.FROM_THE_FUTURE] += len(read) - len(present)
        kept = await leave_out_dismissed(work, findings)
        anomalies = await _tell(work, head, settings, kept[:MAX_TOLD], halts)
        await queries.advance(work, {stored.event.account_id: stored.event.sequence for stored in events})
        await queries.save_head(work, head + len(anomalies))
        if anomalies:
            work.publish(CHANNEL, encode(anomalies))
    for made in halts:
        await finish_halt(bus, made)
    suppressed = len(findings) - len(kept)
    return RunReport(len(events), tuple(anomalies), is_unfinished, dict(refused), suppressed)


async def run_on_request(bus: Bus, actor: Actor, kinds: Collection[AnomalyKind] | None) -> list[Anomaly]:
    """Read all events up to now, and return the findings of some kinds, or of all.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
    """
    require_role(actor, *OWNERS)
    found: list[Anomaly] = []
    for _ in range(MAX_RUNS):
        report = await run_detectors(bus)
        found += report.anomalies
        if not report.is_unfinished:
            break
    async with unit_of_work(bus) as work:
        asked = "all" if kinds is None else ",".join(sorted(kinds))
        await audit(work, actor, "runAnomalyDetection", target_of("detectors", asked), detail={"found": len(found)})
    return [anomaly for anomaly in found if kinds is None or anomaly.kind in kinds]


def _facts(events: Sequence[StoredEvent]) -> list[Fact]:
    return [fact for stored in events for fact in facts_of(stored)]


async def _observe(
    work: UnitOfWork,
    settings: Collection[DetectorSetting],
    rules: Mapping[str, CalendarRule],
    facts: Sequence[Fact],
) -> tuple[list[Finding], Counter[IntakeRefusal]]:
    """Let every detector read the facts with its loaded memory, and store the memory."""
    detectors: dict[AnomalyKind, Detector[Any, Any]] = {
        setting.kind: DETECTORS[setting.kind](Tuning(setting.sensitivity, setting.warmup)) for setting in settings
    }
    wanted = {
        kind: {key for fact in facts if isinstance(fact, detector.reads) for key in detector.subjects_of(fact)}
        for kind, detector in detectors.items()
    }
    known = await queries.recall(work, wanted)
    symbols = {symbol for fact in facts if (symbol := getattr(fact, "symbol", None)) is not None}
    trading_days = await trading_days_of(await queries.calendars_of(work, symbols), rules)
    enabled = {setting.kind for setting in settings if setting.enabled}
    findings: list[Finding] = []
    for kind, detector in detectors.items():
        detector.restore(known[kind])
        detector.trading_days = trading_days
        for fact in facts:
            if isinstance(fact, detector.reads):
                found = detector.observe(fact)
                findings += found if kind in enabled else ()
    await queries.remember(work, {kind: detectors[kind].state(keys) for kind, keys in wanted.items()})
    refused: Counter[IntakeRefusal] = Counter()
    for detector in detectors.values():
        refused |= detector.intake.refused
    return sorted(findings, key=lambda finding: finding.at), refused


async def _tell(
    work: UnitOfWork,
    head: int,
    settings: Collection[DetectorSetting],
    findings: Sequence[Finding],
    halts: list[TradingHalt],
) -> list[Anomaly]:
    """Store new and more severe findings, act on them and raise risk events; ``halts`` collects the halts made."""
    told = await queries.reported_severities(work, {finding.fingerprint for finding in findings})
    actions = {setting.kind: setting.action for setting in settings}
    fresh: list[Finding] = []
    for finding in findings:
        before = told.setdefault(finding.fingerprint, set())
        if all(_SEVERITIES.index(finding.severity) > _SEVERITIES.index(severity) for severity in before):
            before.add(finding.severity)
            fresh.append(finding)
    if not fresh:
        return []
    fresh = await _with_orders(work, fresh)
    concerned = {finding.subject.account_id for finding in fresh if actions[finding.kind] is not RiskAction.WARN}
    # All at once and in their order, before anything else is locked.
    await lock_books(work, {UUID(account_id) for account_id in concerned if account_id is not None})
    for finding in fresh:
        made = await _act(work, finding, actions[finding.kind])
        halts += [made] if made is not None else []
    events = await raise_events(work, [_signal(finding, actions[finding.kind]) for finding in fresh])
    assert len(events) == len(fresh), "signals without a fingerprint are all raised"
    anomalies = await gather(
        work,
        [
            _anomaly(finding, head + place, event.id)
            for place, (finding, event) in enumerate(zip(fresh, events, strict=True), 1)
        ],
    )
    await queries.append(work, anomalies)
    return anomalies


async def _with_orders(work: UnitOfWork, findings: Sequence[Finding]) -> list[Finding]:
    """The findings with the orders of the executions that they rest on, beside those that they name already."""
    executions = {
        execution
        for finding in findings
        for text in finding.evidence.get("executionIds", ())
        if (execution := parse_id(str(text))) is not None
    }
    orders = await queries.orders_of(work, executions) if executions else {}
    return [_naming_orders(finding, {str(key): str(order) for key, order in orders.items()}) for finding in findings]


def _naming_orders(finding: Finding, orders: Mapping[str, str]) -> Finding:
    executions = finding.evidence.get("executionIds", ())
    named = dict.fromkeys(
        [*finding.evidence.get("orderIds", ()), *(orders[one] for one in executions if one in orders)]
    )
    return replace(finding, evidence={**finding.evidence, "orderIds": list(named)}) if named else finding


async def _act(work: UnitOfWork, finding: Finding, action: RiskAction) -> TradingHalt | None:
    """Act on the account of the finding, else halt its symbol; a finding about a component has no action."""
    account, symbol = finding.subject.account_id, finding.subject.symbol
    if action is RiskAction.WARN:
        return None
    reason = f"{finding.kind}: {finding.explanation}"
    if account is not None:
        return (await apply_actions(work, UUID(account), (action,), reason, BY, CAUSE)).halt
    if symbol is not None and action is RiskAction.HALT:
        command = HaltTrading(RiskScope.INSTRUMENT, reason[:MAX_REASON], symbol=symbol)
        return await halt(work, BY, PLATFORM_ROLE, command)
    return None


def _signal(finding: Finding, action: RiskAction) -> RiskSignal:
    account, symbol = finding.subject.account_id, finding.subject.symbol
    can_act = action is not RiskAction.WARN and account is not None
    can_act |= action is RiskAction.HALT and symbol is not None
    return RiskSignal(
        source=RiskEventSource.ANOMALY,
        kind=finding.kind.value,
        severity=finding.severity,
        message=finding.explanation[:1_000],
        account_id=UUID(account) if account is not None else None,
        symbol=symbol,
        observed=Decimal(repr(finding.observed)),
        limit=Decimal(repr(finding.expected)) if finding.expected is not None else None,
        action_taken=action if can_act else None,
    )


def _anomaly(finding: Finding, sequence: int, risk_event_id: UUID) -> Anomaly:
    account = finding.subject.account_id
    return Anomaly(
        id=new_id(),
        sequence=sequence,
        kind=finding.kind,
        severity=finding.severity,
        account_id=UUID(account) if account is not None else None,
        symbol=finding.subject.symbol,
        component=finding.subject.component,
        score=finding.score,
        observed=finding.observed,
        expected=finding.expected,
        threshold=finding.threshold,
        explanation=finding.explanation[:1_000],
        evidence=orjson.dumps(finding.evidence).decode(),
        fingerprint=finding.fingerprint,
        detected_at=finding.at,
        risk_event_id=risk_event_id,
    )
