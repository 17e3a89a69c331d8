"""What is frozen of a position by hand, and by whom, pure: a lower role cannot let go of what a higher one froze.

Invariants: ``risk`` and ``admin`` are parts of ``total``, and none of them is below zero. Where less can be frozen than
was, what lower roles froze gives way first.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from domain.access.types import Role
from domain.kernel.numbers import ZERO


@dataclass(frozen=True, slots=True)
class Holds:
    """How much is frozen in all, and of it by risk managers and the platform (``risk``), and by administrators."""

    total: Decimal = ZERO
    risk: Decimal = ZERO
    admin: Decimal = ZERO

    def from_rank_of(self, role: Role) -> Decimal:
        """What ``role`` and higher ones froze."""
        if role is Role.ADMIN:
            return self.admin
        return self.admin + self.risk if role is Role.RISK_MANAGER else self.total

    def above_rank_of(self, role: Role) -> Decimal:
        """What only a role above ``role`` can let go of."""
        if role is Role.ADMIN:
            return ZERO
        return self.admin if role is Role.RISK_MANAGER else self.admin + self.risk

    def upheld_by(self, role: Role) -> "Holds":
        """Without what roles below ``role`` froze."""
        if role is Role.ADMIN:
            return Holds(self.admin, ZERO, self.admin)
        return Holds(self.admin + self.risk, self.risk, self.admin) if role is Role.RISK_MANAGER else self

    def plus(self, quantity: Decimal, role: Role) -> "Holds":
        """With more of it, frozen by ``role``."""
        return Holds(
            self.total + quantity,
            self.risk + (quantity if role is Role.RISK_MANAGER else ZERO),
            self.admin + (quantity if role is Role.ADMIN else ZERO),
        )

    def within(self, limit: Decimal) -> "Holds":
        """As much of it as ``limit`` lets be frozen."""
        total = min(self.total, limit)
        admin = min(self.admin, total)
        return Holds(total, min(self.risk, total - admin), admin)

    def scaled(self, factor: Decimal, unit: Decimal) -> "Holds":
        """After a split: each part in whole units."""
        total, risk, admin = (_floor(part * factor, unit) for part in (self.total, self.risk, self.admin))
        return Holds(total, risk, admin)

    def raised_to(self, quantity: Decimal) -> "Holds":
        """All of ``quantity``: the platform freezes what nobody has."""
        return self.within(quantity).plus(max(ZERO, quantity - self.total), Role.RISK_MANAGER)


def _floor(quantity: Decimal, unit: Decimal) -> Decimal:
    return (quantity / unit).to_integral_value(rounding=ROUND_DOWN) * unit
