"""Notices from sources, and their stored text, pure."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import orjson

from domain.accounts.events import DAY_ROLLED
from domain.accounts.types import AccountEvent
from domain.anomalies.anomaly import Anomaly
from domain.kernel.ids import made_at
from domain.kernel.numbers import plain
from domain.kernel.time import Nanos
from domain.orders.model.events import read_order_event
from domain.orders.model.types import OrderEventKind
from domain.risk.types import RiskEvent, RiskEventSource, Severity
from domain.settlement.types import DailyStatement
from domain.system.health import ComponentHealth, ComponentState
from domain.system.notifications.rules import ESCALATION
from domain.system.notifications.types import Notice, NotificationTopic
from domain.system.types import TaskRun

# Runs whose failure says that money may be wrong or a day does not end.
_GRAVE_TASKS = frozenset({"book-proof", "day-roll"})
# What the platform's health tells itself.
_TOLD_OTHERWISE = frozenset({"health"})
_SEVERITY = {ComponentState.DEGRADED: Severity.WARNING, ComponentState.DOWN: Severity.CRITICAL}
_MAX_TEXT = 1_000
RELEVANT_EVENTS = (OrderEventKind.TRADE.value, OrderEventKind.REJECTED.value, DAY_ROLLED)


def of_risk_event(event: RiskEvent) -> Iterator[Notice]:
    """A risk event, except one that an anomaly raised: the anomaly has its own notice."""
    if event.source is RiskEventSource.ANOMALY:
        return
    yield Notice(
        key=f"risk:{event.sequence}",
        topic=NotificationTopic.RISK_EVENT,
        severity=event.severity,
        at=event.created_at,
        kind=event.kind,
        text=event.message,
        account_id=event.account_id,
        symbol=event.symbol,
        subject_id=event.id,
        values=_given(observed=event.observed, limit=event.limit, action=event.action_taken),
    )


def of_unacknowledged(event: RiskEvent, now: datetime) -> Notice:
    """A risk event that nobody has acknowledged for too long."""
    return Notice(
        key=f"{ESCALATION}:{event.id}",
        topic=NotificationTopic.RISK_EVENT,
        severity=event.severity,
        at=event.created_at,
        kind=event.kind,
        text=event.message,
        account_id=event.account_id,
        symbol=event.symbol,
        subject_id=event.id,
        values=_given(
            observed=event.observed,
            limit=event.limit,
            action=event.action_taken,
            minutes=int((now - event.created_at).total_seconds() // 60),
        ),
    )


def of_anomaly(anomaly: Anomaly) -> Notice:
    """The notice of an anomaly."""
    return Notice(
        key=f"anomaly:{anomaly.sequence}",
        topic=NotificationTopic.ANOMALY,
        severity=anomaly.severity,
        # When it was told: what it is about may have its own clock.
        at=Nanos(made_at(anomaly.id)).to_datetime(),
        kind=anomaly.kind.value,
        text=anomaly.explanation,
        account_id=anomaly.account_id,
        symbol=anomaly.symbol,
        subject_id=anomaly.id,
        values=_given(component=anomaly.component),
    )


def of_run(run: TaskRun) -> Iterator[Notice]:
    """A finally failed run."""
    if run.task in _TOLD_OTHERWISE:
        return
    yield Notice(
        key=f"run:{run.id}",
        topic=NotificationTopic.TASK_FAILED,
        severity=Severity.CRITICAL if run.task in _GRAVE_TASKS else Severity.WARNING,
        at=run.changed_at,
        kind=run.task,
        text=(run.error or run.state.value)[:_MAX_TEXT],
        subject_id=run.id,
        values={"state": run.state.value},
    )


def of_component(part: ComponentHealth, before: ComponentState, number: int, now: datetime) -> Notice:
    """A changed state of a part of the platform; a channel that got a problem also gets its end."""
    severity = _SEVERITY[before] if part.state is ComponentState.UP else _SEVERITY[part.state]
    return Notice(
        key=f"health:{number}:{part.name}",
        topic=NotificationTopic.SYSTEM_HEALTH,
        severity=severity,
        at=now,
        kind=part.name,
        text=part.detail or "",
        values={"state": part.state.value, "before": before.value},
    )


def of_account_event(event: AccountEvent) -> Iterator[Notice]:
    """A fill, or an order that was refused."""
    told = read_order_event(event)
    if told is None:
        return
    order, fill = told.order, told.execution
    if told.kind is OrderEventKind.TRADE and fill is not None:
        yield Notice(
            key=f"event:{event.account_id}:{event.sequence}",
            topic=NotificationTopic.ORDER_FILLED,
            severity=None,
            at=event.at,
            kind=order.status.value,
            text="",
            account_id=event.account_id,
            symbol=order.symbol,
            subject_id=order.id,
            values=_given(
                side=fill.side.value,
                quantity=fill.quantity,
                price=fill.price,
                filled=order.filled_quantity,
                total=order.quantity,
                average=order.average_price,
                clientOrderId=order.client_order_id,
            ),
        )
    elif told.kind is OrderEventKind.REJECTED:
        yield Notice(
            key=f"event:{event.account_id}:{event.sequence}",
            topic=NotificationTopic.ORDER_REJECTED,
            severity=None,
            at=event.at,
            kind=order.reject_reason.value if order.reject_reason is not None else "VENUE_REJECTED",
            text=order.reject_message or "",
            account_id=event.account_id,
            symbol=order.symbol,
            subject_id=order.id,
            values=_given(
                side=order.side.value,
                quantity=order.quantity,
                type=order.type.value,
                price=order.limit_price,
                clientOrderId=order.client_order_id,
            ),
        )


def day_of(event: AccountEvent) -> date:
    """The day that a day roll ended."""
    return date.fromisoformat(orjson.loads(event.payload)["day"])


def of_statement(statement: DailyStatement, currency: str, at: datetime) -> Notice:
    """The notice of a daily statement."""
    return Notice(
        key=f"statement:{statement.account_id}:{statement.day}",
        topic=NotificationTopic.DAILY_STATEMENT,
        severity=None,
        at=at,
        kind=str(statement.day),
        text="",
        account_id=statement.account_id,
        values=_given(
            opening=statement.opening_equity,
            closing=statement.closing_equity,
            realized=statement.realized_pnl,
            unrealized=statement.unrealized_pnl_change,
            fees=statement.fees,
            taxes=statement.taxes,
            financing=statement.financing,
            dividends=statement.dividends,
            deposits=statement.deposits,
            withdrawals=statement.withdrawals,
            executions=statement.executions,
            currency=currency,
        ),
    )


def named(notice: Notice, accounts: Mapping[UUID, str]) -> Notice:
    """The notice with the name of its account."""
    return notice if notice.account_id is None else replace(notice, account=accounts.get(notice.account_id))


def _given(**values: Decimal | int | str | None) -> dict[str, str]:
    return {
        name: plain(value) if isinstance(value, Decimal) else str(value)
        for name, value in values.items()
        if value is not None
    }


def encode(notice: Notice) -> str:
    """A notice as it is stored."""
    return orjson.dumps({item.name: getattr(notice, item.name) for item in fields(Notice)}, default=str).decode()


def decode(text: str) -> Notice:
    """The notices of a text of ``encode``."""
    stored = orjson.loads(text)
    for name in ("account_id", "subject_id"):
        stored[name] = UUID(stored[name]) if stored[name] is not None else None
    severity = stored["severity"]
    return Notice(
        **stored
        | {
            "topic": NotificationTopic(stored["topic"]),
            "severity": None if severity is None else Severity(severity),
            "at": datetime.fromisoformat(stored["at"]),
        }
    )
