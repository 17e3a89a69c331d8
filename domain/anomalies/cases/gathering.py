"""Grouping of findings into cases, before and after they are reported: steps of the detector run's transaction.

Findings that people dismissed are left out and counted; the others open cases or join them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import orjson

from domain.access.attribution import PlatformPart
from domain.anomalies.anomaly import Anomaly
from domain.anomalies.cases import queries, rules, store
from domain.anomalies.cases.forms import encode
from domain.anomalies.cases.log import CHANNEL
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind
from domain.anomalies.types import Finding
from domain.kernel.ids import new_id, parse_id
from domain.kernel.unit_of_work import UnitOfWork


async def leave_out_dismissed(work: UnitOfWork, findings: Sequence[Finding]) -> list[Finding]:
    """The findings without those that a dismissal covers, which are counted there."""
    if not findings:
        return []
    dismissals = await store.load_dismissals(work, {finding.subject.key for finding in findings})
    kept: list[Finding] = []
    suppressed: Counter[UUID] = Counter()
    for finding in findings:
        by = next((one for one in dismissals if rules.covers(one, finding)), None)
        if by is None:
            kept.append(finding)
        else:
            suppressed[by.id] += 1
    for dismissal_id, times in sorted(suppressed.items()):
        await store.count_suppressed(work, dismissal_id, times)
    return kept


async def gather(work: UnitOfWork, anomalies: Sequence[Anomaly]) -> list[Anomaly]:
    """Let findings join cases or open them, and tell the bus after the commit; the findings with their cases."""
    sequence, number = await queries.lock_head(work)
    since = min(anomaly.detected_at for anomaly in anomalies) - rules.JOIN_WINDOW
    cases = {case.id: case for case in await store.load_open_cases(work, {one.kind for one in anomalies}, since)}
    gathered: list[Anomaly] = []
    events: list[CaseEvent] = []
    for anomaly in anomalies:
        accounts = accounts_of(anomaly)
        joined = rules.case_to_join(cases.values(), anomaly, accounts)
        if joined is None:
            number += 1
            case = rules.open_case(new_id(), number, anomaly, accounts, work.now)
        else:
            case = rules.join(joined, anomaly, accounts, work.now)
        cases[case.id] = case
        gathered.append(replace(anomaly, case_id=case.id))
        events.append(_step(sequence + len(events) + 1, joined, anomaly, case))
    await queries.append(work, events, number)
    work.publish(CHANNEL, encode(events))
    return gathered


def _step(sequence: int, before: Case | None, anomaly: Anomaly, case: Case) -> CaseEvent:
    kind = CaseEventKind.OPENED if before is None else CaseEventKind.JOINED
    return CaseEvent(
        sequence, kind, case.updated_at, PlatformPart.DETECTION.value, None, anomaly.id, case, anomaly.account_id
    )


def accounts_of(anomaly: Anomaly) -> list[UUID]:
    """The account that a finding is about, and those that its evidence names."""
    named = [parse_id(str(text)) for text in orjson.loads(anomaly.evidence).get("accountIds", ())]
    own = [anomaly.account_id] if anomaly.account_id is not None else []
    return list(dict.fromkeys([*own, *(account for account in named if account is not None)]))
