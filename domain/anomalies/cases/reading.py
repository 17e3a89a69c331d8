"""Reads of cases, with the visibility of each reader.

Risk managers and administrators see all. Owners see the cases about their accounts without notes and assignees, and
only the evidence about their accounts.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.access.types import Actor, require_role
from domain.access.user_store import find_user_by_email
from domain.accounts.queries import read_transactions, require_account, visible_to
from domain.accounts.types import Transaction
from domain.anomalies.anomaly import MAX_NAMED, Anomaly
from domain.anomalies.cases import queries, rules, store
from domain.anomalies.cases.evidence import CaseEvidence, NamedIds, chart_of, named_by, orders_beside
from domain.anomalies.cases.queries import CaseFilter
from domain.anomalies.cases.service import MAX_EMAIL, WORKERS
from domain.anomalies.cases.types import Case, CaseEvent, CaseEventKind, Dismissal
from domain.kernel.errors import Forbidden, NotFound
from domain.kernel.pages import Page, PageRequest
from domain.kernel.text import clean_text
from domain.orders.model.order import Execution, Order
from domain.orders.queries import read_orders
from domain.orders.reading.execution_queries import read_executions


async def list_dismissals(actor: Actor, account_id: UUID | None) -> list[Dismissal]:
    """The dismissals of an account or of all, newest first; at most 1,000.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such account.
    """
    await _check(actor, account_id)
    return await store.read_dismissals(account_id)


async def page_dismissals(actor: Actor, request: PageRequest, account_id: UUID | None) -> Page[Dismissal]:
    """A page of the dismissals of an account or of all, newest first; raises as ``list_dismissals``."""
    await _check(actor, account_id)
    return await store.page_dismissals(request, account_id)


async def count_dismissals(actor: Actor, account_id: UUID | None) -> int:
    """The number of dismissals; raises as ``list_dismissals``."""
    await _check(actor, account_id)
    return await store.count_dismissals(account_id)


async def _check(actor: Actor, account_id: UUID | None) -> None:
    require_role(actor, *WORKERS)
    if account_id is not None:
        await require_account(actor, account_id)


async def list_cases(actor: Actor, wanted: CaseFilter, request: PageRequest) -> Page[Case]:
    """A page of the cases that the actor may see, newest first.

    Raises:
        NotFound: the filter names an account that is not the actor's to see, or nobody's email.
        Forbidden: the filter asks who works on cases, which only those who work them may know.
    """
    page = await queries.list_page(await _checked(actor, wanted), request)
    return replace(page, nodes=[shown_to(actor, case) for case in page.nodes])


async def count_cases(actor: Actor, wanted: CaseFilter) -> int:
    """The number of cases on all pages of ``list_cases``."""
    return await queries.count(await _checked(actor, wanted))


async def _checked(actor: Actor, wanted: CaseFilter) -> CaseFilter:
    """The filter narrowed to what the actor may see; see ``list_cases``."""
    if wanted.assignee is not None:
        if actor.role not in WORKERS:
            raise Forbidden("Only who works cases may know who works on them.", field="assignee")
        email = clean_text(wanted.assignee, field="assignee", max_length=MAX_EMAIL).lower()
        if await find_user_by_email(email) is None:
            raise NotFound("There is no user with this email.", field="assignee")
        wanted = replace(wanted, assignee=email)
    return await visible_to(actor, wanted)


async def find_case(actor: Actor, case_id: UUID) -> Case | None:
    """A case that the actor may see."""
    case = await store.find_case(case_id)
    return shown_to(actor, case) if case is not None and concerns(actor, case) else None


def concerns(actor: Actor, case: Case) -> bool:
    """True if the actor may see a case: a finding of it is about a visible account, or the actor sees all."""
    return actor.sees_all or any(actor.may_read(account_id) for account_id in case.account_ids)


def shown_to(actor: Actor, case: Case) -> Case:
    """The case as the actor may see it: notes, other accounts and their findings are for those who work cases."""
    if actor.sees_all:
        return case
    return replace(rules.narrowed(case, actor.may_read), note=None, assignee=None)


def step_shown_to(actor: Actor, event: CaseEvent) -> CaseEvent | None:
    """The step as the actor may see it (see ``shown_to``); None for a step of a finding about another account."""
    if actor.sees_all:
        return event
    if not rules.is_step_of(event, actor.may_read):
        return None
    case = shown_to(actor, event.case)
    # What joined a case of others has opened what this reader sees of it.
    kind = CaseEventKind.OPENED if event.anomaly_id is not None and case.version == 1 else event.kind
    return replace(event, kind=kind, note=None, case=case)


def findings_shown_to(actor: Actor, findings: Iterable[Anomaly]) -> list[Anomaly]:
    """The findings about accounts that the actor may see; all for who sees all."""
    if actor.sees_all:
        return list(findings)
    return [one for one in findings if one.account_id is not None and actor.may_read(one.account_id)]


@dataclass(frozen=True, slots=True)
class Material:
    """All objects that the findings of a case name, of any account."""

    findings: Sequence[Anomaly]
    named: NamedIds
    orders: Sequence[Order]
    executions: Sequence[Execution]
    transactions: Sequence[Transaction]


async def read_material(case_ids: Collection[UUID]) -> dict[UUID, Material]:
    """The data that the findings of cases name, in four statements however many cases there are."""
    findings = await queries.read_findings_of(case_ids)
    named = {case_id: named_by(found) for case_id, found in findings.items()}
    fills = await read_executions({one for each in named.values() for one in each.executions})
    wanted = {
        case_id: orders_beside(each, [fills[one] for one in each.executions if one in fills])
        for case_id, each in named.items()
    }
    orders = await read_orders({one for each in wanted.values() for one in each})
    rows = await read_transactions({one for each in named.values() for one in each.transactions})
    return {
        case_id: Material(
            findings[case_id],
            each,
            [orders[one] for one in sorted(wanted[case_id]) if one in orders],
            sorted((fills[one] for one in each.executions if one in fills), key=lambda fill: fill.at),
            [rows[one] for one in sorted(each.transactions) if one in rows],
        )
        for case_id, each in named.items()
    }


def evidence_shown_to(actor: Actor, case: Case, material: Material) -> CaseEvidence:
    """The evidence of a case about accounts that the actor may see."""
    findings = findings_shown_to(actor, material.findings)
    orders = [order for order in material.orders if actor.may_read(order.account_id)]
    fills = [fill for fill in material.executions if actor.may_read(fill.account_id)]
    moved = [row for row in material.transactions if actor.may_read(row.account_id)]
    return CaseEvidence(
        orders=tuple(orders[:MAX_NAMED]),
        executions=tuple(fills),
        transactions=tuple(moved),
        samples=material.named.samples,
        chart=chart_of(findings, orders, fills, moved, material.named.samples),
        is_complete=material.named.is_complete and len(orders) <= MAX_NAMED and case.finding_count <= queries.MAX_SHOWN,
    )
