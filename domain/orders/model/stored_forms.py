"""The stored JSON of an order's violations and pending changes, and of the numbers and times in stored forms."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.kernel.numbers import plain
from domain.orders.model.order import PendingChange
from domain.risk.types import RiskAction, RiskRuleKind, RiskViolation


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
    """The violation of a JSON of ``violation_snapshot``."""
    return RiskViolation(
        kind=RiskRuleKind(value["kind"]),
        rule_id=UUID(value["ruleId"]) if value["ruleId"] else None,
        action=RiskAction(value["action"]),
        limit=read_number(value["limit"]),
        observed=read_number(value["observed"]),
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
    """The change of a JSON of ``change_snapshot``."""
    return PendingChange(
        quantity=read_number(value["quantity"]),
        limit_price=read_number(value["limitPrice"]),
        stop_price=read_number(value["stopPrice"]),
        trailing_offset=read_number(value["trailingOffset"]),
        expires_at=read_time(value["expiresAt"]),
        quantity_after=Decimal(value["quantityAfter"]),
        reserve_price_after=read_number(value["reservePriceAfter"]),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def read_number(value: str | None) -> Decimal | None:
    """The number that a stored text spells; None where none was stored."""
    return None if value is None else Decimal(value)


def read_time(value: str | None) -> datetime | None:
    """The time of a stored ISO 8601 text; None where none was stored."""
    return None if value is None else datetime.fromisoformat(value)
