"""The order and its executions as values, and the snapshot of them that events carry."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kernel.numbers import ONE, ZERO, plain
from domain.kernel.time import Nanos
from domain.orders.model.types import (
    CLOSING,
    Contingency,
    Liquidity,
    OffsetKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
    TriggerPrice,
)
from domain.risk.types import RiskAction, RiskRuleKind, RiskViolation


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A change that was asked of the venue; None leaves a field as it is.

    ``quantity_after`` and ``reserve_price_after`` are the order's if it is made: while it is pending, the larger of
    both claims is held back.
    """

    quantity: Decimal | None
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_offset: Decimal | None
    expires_at: datetime | None
    quantity_after: Decimal
    reserve_price_after: Decimal | None


@dataclass(slots=True)
class Order:
    """An order with its whole state; the fields are the columns of its table, in order, then ``symbol``.

    ``filled_value`` is the exact sum of price x quantity of its fills (quantity / price for inverse instruments), from
    which the average follows. ``reserved_margin`` and ``reserved_fee`` are its contributions to its bucket's sums.
    ``works_until`` is when the venue lets it expire: the session's end for DAY, ``expires_at`` for GTD.
    ``venue_sequence`` and ``activated`` are what the paper exchange needs to re-arm it: its place among equal prices,
    and whether a trailing stop trails yet.

    ``version`` counts what the answer to a command could be overtaken by: commands to change or cancel it, fills,
    triggers, restatements, its end. A venue's mere acknowledgement and the moves of a trailing stop do not raise it, so
    what placing or changing an order answered stays good for the next change. ``working_quantity`` is how much of it
    counts in its bucket's sums: of orders that exclude each other only the largest claim does. ``pending_changes`` are
    those that the venue has not answered yet, in order. ``reserve_rate`` is what one unit of the instrument's currency
    was in the account's when the order was placed or changed last: what it holds back is converted at it.
    """

    id: UUID
    account_id: UUID
    instrument_id: UUID
    client_order_id: str
    request_digest: bytes
    venue: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    position_effect: PositionEffect
    quantity: Decimal
    limit_price: Decimal | None
    stop_price: Decimal | None
    trailing_offset: Decimal | None
    trailing_offset_kind: OffsetKind | None
    limit_offset: Decimal | None
    activation_price: Decimal | None
    trigger_price: TriggerPrice
    post_only: bool
    reduce_only: bool
    expires_at: datetime | None
    works_until: datetime | None
    status: OrderStatus
    filled_quantity: Decimal
    filled_value: Decimal
    average_price: Decimal | None
    execution_count: int
    fees: Decimal
    reserved: Decimal
    reserved_margin: Decimal
    reserved_fee: Decimal
    reserve_price: Decimal | None
    arrival_price: Decimal | None
    strategy: str | None
    tags: list[str]
    contingency: Contingency
    parent_id: UUID | None
    group_id: UUID | None
    pending_action: PendingAction | None
    reject_reason: RejectReason | None
    reject_message: str | None
    venue_order_id: str | None
    venue_sequence: int
    activated: bool
    violations: tuple[RiskViolation, ...]
    created_at: datetime
    updated_at: datetime
    triggered_at: datetime | None
    closed_at: datetime | None
    version: int
    working_quantity: Decimal
    pending_changes: tuple[PendingChange, ...]
    reserve_rate: Decimal
    symbol: str

    @property
    def remaining_quantity(self) -> Decimal:
        """What may still fill (FIX LeavesQty): zero once the order is over."""
        return ZERO if self.closed_at is not None else self.quantity - self.filled_quantity

    @property
    def only_reduces(self) -> bool:
        """Whether it can do nothing but reduce a position: its venue cuts it to what is left of that."""
        return self.reduce_only or self.position_effect in CLOSING

    @property
    def is_open(self) -> bool:
        """Whether it may still fill in the normal course of things."""
        return self.closed_at is None


@dataclass(slots=True)
class Execution:
    """One fill; ``at`` is the venue's time, ``realized_pnl`` is gross of fees, all money in the account's currency.

    ``sequence`` is that of its event: the order in which an account's executions were booked. ``price`` is in the
    instrument's currency, of which one unit was ``fx_rate`` in the account's.
    """

    id: UUID
    order_id: UUID
    account_id: UUID
    instrument_id: UUID
    venue_execution_id: str
    sequence: int
    side: Side
    position_effect: PositionEffect
    price: Decimal
    quantity: Decimal
    fee: Decimal
    tax: Decimal
    realized_pnl: Decimal
    liquidity: Liquidity
    at: Nanos
    busted_at: datetime | None
    corrected_by: UUID | None
    created_at: datetime
    symbol: str
    fx_rate: Decimal = ONE


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One change of an order, with the order as it was right after it."""

    account_id: UUID
    sequence: int
    kind: str
    at: datetime
    order: Order
    execution: Execution | None
    detail: dict[str, Any] | None = field(default=None)

    @property
    def status(self) -> OrderStatus:
        """Status right after the event."""
        return self.order.status


def violation_snapshot(violation: RiskViolation) -> dict[str, Any]:
    """A violation as JSON."""
    return {
        "kind": violation.kind.value,
        "ruleId": str(violation.rule_id) if violation.rule_id else None,
        "action": violation.action.value,
        "limit": _text(violation.limit),
        "observed": _text(violation.observed),
        "message": violation.message,
    }


def read_violation(value: dict[str, Any]) -> RiskViolation:
    """What ``violation_snapshot`` made."""
    return RiskViolation(
        kind=RiskRuleKind(value["kind"]),
        rule_id=UUID(value["ruleId"]) if value["ruleId"] else None,
        action=RiskAction(value["action"]),
        limit=_number(value["limit"]),
        observed=_number(value["observed"]),
        message=value["message"],
    )


def change_snapshot(change: PendingChange) -> dict[str, Any]:
    """A pending change as JSON."""
    return {
        "quantity": _text(change.quantity),
        "limitPrice": _text(change.limit_price),
        "stopPrice": _text(change.stop_price),
        "trailingOffset": _text(change.trailing_offset),
        "expiresAt": change.expires_at.isoformat() if change.expires_at is not None else None,
        "quantityAfter": plain(change.quantity_after),
        "reservePriceAfter": _text(change.reserve_price_after),
    }


def read_change(value: dict[str, Any]) -> PendingChange:
    """What ``change_snapshot`` made."""
    return PendingChange(
        quantity=_number(value["quantity"]),
        limit_price=_number(value["limitPrice"]),
        stop_price=_number(value["stopPrice"]),
        trailing_offset=_number(value["trailingOffset"]),
        expires_at=_moment(value["expiresAt"]),
        quantity_after=Decimal(value["quantityAfter"]),
        reserve_price_after=_number(value["reservePriceAfter"]),
    )


def order_snapshot(order: Order) -> list[Any]:
    """The order as JSON: its fields in order, which keeps a million events small."""
    return [
        order.id,
        order.account_id,
        order.instrument_id,
        order.client_order_id,
        order.venue,
        order.side,
        order.type,
        order.time_in_force,
        order.position_effect,
        plain(order.quantity),
        _text(order.limit_price),
        _text(order.stop_price),
        _text(order.trailing_offset),
        order.trailing_offset_kind,
        _text(order.limit_offset),
        _text(order.activation_price),
        order.trigger_price,
        order.post_only,
        order.reduce_only,
        order.expires_at,
        order.status,
        plain(order.filled_quantity),
        _text(order.average_price),
        plain(order.fees),
        plain(order.reserved),
        order.strategy,
        order.tags,
        order.contingency,
        order.parent_id,
        order.group_id,
        order.pending_action,
        order.reject_reason,
        order.reject_message,
        order.venue_order_id,
        [violation_snapshot(violation) for violation in order.violations],
        order.created_at,
        order.updated_at,
        order.triggered_at,
        order.closed_at,
        order.version,
        order.symbol,
    ]


def read_order(values: list[Any]) -> Order:
    """What ``order_snapshot`` made; internal figures that it leaves out are neutral."""
    return Order(
        id=UUID(values[0]),
        account_id=UUID(values[1]),
        instrument_id=UUID(values[2]),
        client_order_id=values[3],
        request_digest=b"",
        venue=values[4],
        side=Side(values[5]),
        type=OrderType(values[6]),
        time_in_force=TimeInForce(values[7]),
        position_effect=PositionEffect(values[8]),
        quantity=Decimal(values[9]),
        limit_price=_number(values[10]),
        stop_price=_number(values[11]),
        trailing_offset=_number(values[12]),
        trailing_offset_kind=OffsetKind(values[13]) if values[13] else None,
        limit_offset=_number(values[14]),
        activation_price=_number(values[15]),
        trigger_price=TriggerPrice(values[16]),
        post_only=values[17],
        reduce_only=values[18],
        expires_at=_moment(values[19]),
        works_until=None,
        status=OrderStatus(values[20]),
        filled_quantity=Decimal(values[21]),
        filled_value=ZERO,
        average_price=_number(values[22]),
        execution_count=0,
        fees=Decimal(values[23]),
        reserved=Decimal(values[24]),
        reserved_margin=ZERO,
        reserved_fee=ZERO,
        reserve_price=None,
        arrival_price=None,
        strategy=values[25],
        tags=values[26],
        contingency=Contingency(values[27]),
        parent_id=UUID(values[28]) if values[28] else None,
        group_id=UUID(values[29]) if values[29] else None,
        pending_action=PendingAction(values[30]) if values[30] else None,
        reject_reason=RejectReason(values[31]) if values[31] else None,
        reject_message=values[32],
        venue_order_id=values[33],
        venue_sequence=0,
        activated=False,
        violations=tuple(read_violation(value) for value in values[34]),
        created_at=datetime.fromisoformat(values[35]),
        updated_at=datetime.fromisoformat(values[36]),
        triggered_at=_moment(values[37]),
        closed_at=_moment(values[38]),
        version=values[39],
        working_quantity=ZERO,
        pending_changes=(),
        reserve_rate=ONE,
        symbol=values[40],
    )


def execution_snapshot(execution: Execution) -> list[Any]:
    """The execution as JSON: its fields in order."""
    return [
        execution.id,
        execution.order_id,
        execution.account_id,
        execution.instrument_id,
        execution.venue_execution_id,
        execution.sequence,
        execution.side,
        execution.position_effect,
        plain(execution.price),
        plain(execution.quantity),
        plain(execution.fee),
        plain(execution.tax),
        plain(execution.realized_pnl),
        execution.liquidity,
        int(execution.at),
        execution.busted_at,
        execution.corrected_by,
        execution.created_at,
        execution.symbol,
        plain(execution.fx_rate),
    ]


def read_execution(values: list[Any]) -> Execution:
    """What ``execution_snapshot`` made."""
    return Execution(
        id=UUID(values[0]),
        order_id=UUID(values[1]),
        account_id=UUID(values[2]),
        instrument_id=UUID(values[3]),
        venue_execution_id=values[4],
        sequence=values[5],
        side=Side(values[6]),
        position_effect=PositionEffect(values[7]),
        price=Decimal(values[8]),
        quantity=Decimal(values[9]),
        fee=Decimal(values[10]),
        tax=Decimal(values[11]),
        realized_pnl=Decimal(values[12]),
        liquidity=Liquidity(values[13]),
        at=Nanos(values[14]),
        busted_at=_moment(values[15]),
        corrected_by=UUID(values[16]) if values[16] else None,
        created_at=datetime.fromisoformat(values[17]),
        symbol=values[18],
        fx_rate=Decimal(values[19]),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _number(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
