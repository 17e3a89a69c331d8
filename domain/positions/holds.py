"""Holds by hand on a position, pure: a lower role cannot release a hold of a higher one.

Invariants: ``risk`` and ``admin`` are parts of ``total``, and none of them is below zero. When the position gets
smaller than the holds, those of lower roles are reduced first.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import cast

from domain.access.types import Role
from domain.kernel.numbers import ZERO

# In the order of ``Holds.by``.
_RANKS = (Role.TRADER, Role.RISK_MANAGER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Hold:
    """The part of a position that people of one rank froze; ``by`` did it last, None where that was not stored."""

    role: Role
    quantity: Decimal
    by: str | None


@dataclass(frozen=True, slots=True)
class Holds:
    """The frozen quantity: in total, by risk managers and the platform (``risk``), and by administrators.

    ``by`` names the last author of each rank: below risk managers, risk managers (or a part of the platform),
    administrators.
    """

    total: Decimal = ZERO
    risk: Decimal = ZERO
    admin: Decimal = ZERO
    by: tuple[str | None, str | None, str | None] = (None, None, None)

    def parts(self) -> list[Hold]:
        """The frozen quantity by rank, the lowest first."""
        quantities = (self.total - self.risk - self.admin, self.risk, self.admin)
        return [
            Hold(role, quantity, by)
            for role, quantity, by in zip(_RANKS, quantities, self.by, strict=True)
            if quantity > ZERO
        ]

    def from_rank_of(self, role: Role) -> Decimal:
        """The quantity that ``role`` and higher ones froze."""
        if role is Role.ADMIN:
            return self.admin
        return self.admin + self.risk if role is Role.RISK_MANAGER else self.total

    def above_rank_of(self, role: Role) -> Decimal:
        """The quantity that only a role above ``role`` can release."""
        if role is Role.ADMIN:
            return ZERO
        return self.admin if role is Role.RISK_MANAGER else self.admin + self.risk

    def upheld_by(self, role: Role) -> "Holds":
        """The holds without those of roles below ``role``."""
        return self.within(self.from_rank_of(role))

    def plus(self, quantity: Decimal, role: Role, by: str) -> "Holds":
        """The holds after ``by``, whose role is ``role``, froze more."""
        rank = _RANKS.index(role) if role in _RANKS else 0
        names = tuple(by if index == rank else name for index, name in enumerate(self.by))
        return Holds(
            self.total + quantity,
            self.risk + (quantity if role is Role.RISK_MANAGER else ZERO),
            self.admin + (quantity if role is Role.ADMIN else ZERO),
            cast("tuple[str | None, str | None, str | None]", names),
        )

    def within(self, limit: Decimal) -> "Holds":
        """The holds reduced to at most ``limit``."""
        total = min(self.total, limit)
        admin = min(self.admin, total)
        return Holds(total, min(self.risk, total - admin), admin, self.by)

    def scaled(self, factor: Decimal, unit: Decimal) -> "Holds":
        """The holds after a split, each part in whole units."""
        total, risk, admin = (_floor(part * factor, unit) for part in (self.total, self.risk, self.admin))
        return Holds(total, risk, admin, self.by)

    def raised_to(self, quantity: Decimal, by: str) -> "Holds":
        """The holds raised to all of ``quantity``: ``by``, a part of the platform, freezes the rest."""
        missing = max(ZERO, quantity - self.total)
        return self.within(quantity).plus(missing, Role.RISK_MANAGER, by) if missing else self.within(quantity)


def holds_after(holds: Holds, before: Decimal, after: Decimal) -> Holds:
    """The part that stays frozen by hand after a position went from one signed quantity to another.

    It is never more than the position; a hold on a long does not apply to a short that follows it.
    """
    same_side = before * after > ZERO
    return holds.within(abs(after)) if same_side else Holds()


def _floor(quantity: Decimal, unit: Decimal) -> Decimal:
    return (quantity / unit).to_integral_value(rounding=ROUND_DOWN) * unit
