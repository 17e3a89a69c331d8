"""What is frozen of a position by hand, and by whom, pure: a lower role cannot let go of what a higher one froze.

Invariants: ``risk`` and ``admin`` are parts of ``total``, and none of them is below zero. Where less can be frozen than
was, what lower roles froze gives way first.
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
    """The part of a position that people of one rank froze; ``by`` did it last, None where that was not kept."""

    role: Role
    quantity: Decimal
    by: str | None


@dataclass(frozen=True, slots=True)
class Holds:
    """How much is frozen in all, and of it by risk managers and the platform (``risk``), and by administrators.

    ``by`` names who froze last: below risk managers, of them (or which part of the platform), and of administrators.
    """

    total: Decimal = ZERO
    risk: Decimal = ZERO
    admin: Decimal = ZERO
    by: tuple[str | None, str | None, str | None] = (None, None, None)

    def parts(self) -> list[Hold]:
        """What is frozen by rank, the lowest first."""
        quantities = (self.total - self.risk - self.admin, self.risk, self.admin)
        return [
            Hold(role, quantity, by)
            for role, quantity, by in zip(_RANKS, quantities, self.by, strict=True)
            if quantity > ZERO
        ]

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
        return self.within(self.from_rank_of(role))

    def plus(self, quantity: Decimal, role: Role, by: str) -> "Holds":
        """With more of it, frozen by ``by``, whose role is ``role``."""
        rank = _RANKS.index(role) if role in _RANKS else 0
        names = tuple(by if index == rank else name for index, name in enumerate(self.by))
        return Holds(
            self.total + quantity,
            self.risk + (quantity if role is Role.RISK_MANAGER else ZERO),
            self.admin + (quantity if role is Role.ADMIN else ZERO),
            cast("tuple[str | None, str | None, str | None]", names),
        )

    def within(self, limit: Decimal) -> "Holds":
        """As much of it as ``limit`` lets be frozen."""
        total = min(self.total, limit)
        admin = min(self.admin, total)
        return Holds(total, min(self.risk, total - admin), admin, self.by)

    def scaled(self, factor: Decimal, unit: Decimal) -> "Holds":
        """After a split: each part in whole units."""
        total, risk, admin = (_floor(part * factor, unit) for part in (self.total, self.risk, self.admin))
        return Holds(total, risk, admin, self.by)

    def raised_to(self, quantity: Decimal, by: str) -> "Holds":
        """All of ``quantity``: ``by``, a part of the platform, freezes what nobody has."""
        missing = max(ZERO, quantity - self.total)
        return self.within(quantity).plus(missing, Role.RISK_MANAGER, by) if missing else self.within(quantity)


def _floor(quantity: Decimal, unit: Decimal) -> Decimal:
    return (quantity / unit).to_integral_value(rounding=ROUND_DOWN) * unit
