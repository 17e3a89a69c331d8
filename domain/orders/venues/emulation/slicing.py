"""Orders larger than a venue takes, pure: the quantities of their parts."""

from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ZERO


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and the largest quantity of one order at the venue; None where there is no largest."""

    smallest: Decimal = ZERO
    largest: Decimal | None = None


def parts_of(quantity: Decimal, largest: Decimal, smallest: Decimal) -> list[Decimal]:
    """A quantity in as few parts as there can be, none above ``largest``, and none below ``smallest`` if possible."""
    parts: list[Decimal] = []
    left = quantity
    while left > largest:
        part = largest
        if left - part < smallest and left - smallest >= smallest:
            # The last one would be too small.
            part = left - smallest
        parts.append(part)
        left -= part
    return [*parts, left]
