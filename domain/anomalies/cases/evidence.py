"""The evidence of a case, from its findings, and the points of its chart. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain
from uuid import UUID

import orjson

from domain.accounts.types import Transaction
from domain.anomalies.anomaly import MAX_NAMED, Anomaly
from domain.kernel.ids import parse_id
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import OrderStatus, Side

MAX_SAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A measure of a component at a time."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class NamedIds:
    """The ids that findings name. ``is_complete`` is false where they name more than is shown."""

    orders: tuple[UUID, ...]
    executions: tuple[UUID, ...]
    transactions: tuple[UUID, ...]
    samples: tuple[Sample, ...]
    is_complete: bool


class SeriesKind(StrEnum):
    """The kind of a series' points."""

    BUY_FILLS = "BUY_FILLS"
    SELL_FILLS = "SELL_FILLS"
    BUY_ORDERS = "BUY_ORDERS"
    SELL_ORDERS = "SELL_ORDERS"
    CANCELS = "CANCELS"
    AMOUNTS = "AMOUNTS"
    SAMPLES = "SAMPLES"
    SCORES = "SCORES"


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """A point: a price, an amount, a sample or a score; ``size`` is a quantity, ``id`` identifies its object."""

    at: datetime
    value: float
    size: float | None = None
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one kind, oldest first."""

    kind: SeriesKind
    points: tuple[SeriesPoint, ...]


@dataclass(frozen=True, slots=True)
class CaseEvidence:
    """Everything that a case rests on, and a chart of it."""

    orders: tuple[Order, ...]
    executions: tuple[Execution, ...]
    transactions: tuple[Transaction, ...]
    samples: tuple[Sample, ...]
    chart: tuple[Series, ...]
    is_complete: bool


def named_by(findings: Iterable[Anomaly]) -> NamedIds:
    """The ids that findings, newest first, name in their evidence."""
    parts = [orjson.loads(finding.evidence) for finding in findings]
    ids = {
        name: list(dict.fromkeys(one for part in parts for text in part.get(name, ()) if (one := parse_id(str(text)))))
        for name in ("orderIds", "executionIds", "transactionIds")
    }
    samples = {
        (str(at), float(value)): Sample(datetime.fromisoformat(str(at)), float(value))
        for part in parts
        for at, value in part.get("samples", ())
    }
    return NamedIds(
        orders=tuple(ids["orderIds"][:MAX_NAMED]),
        executions=tuple(ids["executionIds"][:MAX_NAMED]),
        transactions=tuple(ids["transactionIds"][:MAX_NAMED]),
        samples=tuple(sorted(samples.values(), key=lambda sample: sample.at)[-MAX_SAMPLES:]),
        is_complete=all(len(found) <= MAX_NAMED for found in ids.values()) and len(samples) <= MAX_SAMPLES,
    )


def chart_of(
    findings: Sequence[Anomaly],
    orders: Sequence[Order],
    executions: Sequence[Execution],
    transactions: Sequence[Transaction],
    samples: Sequence[Sample],
) -> tuple[Series, ...]:
    """The series that have points, each in the order of time."""
    points: dict[SeriesKind, Iterable[SeriesPoint]] = {
        SeriesKind.BUY_FILLS: _fills(executions, Side.BUY),
        SeriesKind.SELL_FILLS: _fills(executions, Side.SELL),
        SeriesKind.BUY_ORDERS: _orders(orders, Side.BUY),
        SeriesKind.SELL_ORDERS: _orders(orders, Side.SELL),
        SeriesKind.CANCELS: _cancels(orders),
        SeriesKind.AMOUNTS: (SeriesPoint(row.created_at, float(row.amount), id=row.id) for row in transactions),
        SeriesKind.SAMPLES: (SeriesPoint(sample.at, sample.value) for sample in samples),
        SeriesKind.SCORES: (SeriesPoint(one.detected_at, one.score, id=one.id) for one in findings),
    }
    series = (Series(kind, tuple(sorted(found, key=lambda point: point.at))) for kind, found in points.items())
    return tuple(one for one in series if one.points)


def _fills(executions: Iterable[Execution], side: Side) -> Iterable[SeriesPoint]:
    return (
        SeriesPoint(fill.at.to_datetime(), float(fill.price), float(fill.quantity), fill.id)
        for fill in executions
        if fill.side is side
    )


def _orders(orders: Iterable[Order], side: Side) -> Iterable[SeriesPoint]:
    return (
        SeriesPoint(order.created_at, float(order.limit_price), float(order.quantity), order.id)
        for order in orders
        if order.side is side and order.limit_price is not None
    )


def _cancels(orders: Iterable[Order]) -> Iterable[SeriesPoint]:
    return (
        SeriesPoint(order.closed_at, float(order.limit_price), float(order.quantity - order.filled_quantity), order.id)
        for order in orders
        if order.status is OrderStatus.CANCELED and order.closed_at is not None and order.limit_price is not None
    )


def orders_beside(named: NamedIds, executions: Iterable[Execution]) -> list[UUID]:
    """The orders that are named, and those of the executions."""
    return list(dict.fromkeys(chain(named.orders, (fill.order_id for fill in executions))))
