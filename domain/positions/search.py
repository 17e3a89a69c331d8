"""Searches of the positions of one account, pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.positions.types import PositionSide
from domain.positions.values import PositionValue


@dataclass(frozen=True, slots=True)
class PositionSearch:
    """The wanted positions of an account; None asks for any. Closed ones have a quantity of zero."""

    account_id: UUID
    symbols: Sequence[str] | None = None
    side: PositionSide | None = None
    include_closed: bool = False

    def of(self, positions: Iterable[PositionValue]) -> list[PositionValue]:
        """The positions that match."""
        return [
            each
            for each in positions
            if (self.include_closed or each.quantity)
            and (self.symbols is None or each.symbol in self.symbols)
            and self.side in (None, each.side)
        ]
