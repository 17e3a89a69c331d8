"""The answer to an import of history."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import; ``already_there`` counts lines that an earlier one had brought with the same content.

    The last three are the account's figures after it, in ``currency``.
    """

    lines: int
    imported: int
    already_there: int
    executions: int
    orders: int
    cash_movements: int
    currency: str
    cash: Decimal
    realized_pnl: Decimal
    fees_paid: Decimal

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """The report of an answer."""
        return cls(
            lines=data["lines"],
            imported=data["imported"],
            already_there=data["alreadyThere"],
            executions=data["executions"],
            orders=data["orders"],
            cash_movements=data["cashMovements"],
            currency=data["currency"],
            cash=Decimal(data["cash"]),
            realized_pnl=Decimal(data["realizedPnl"]),
            fees_paid=Decimal(data["feesPaid"]),
        )
