"""Positions per account in one instrument, for reduce-only orders.

The exchange's own fills update them; other changes of a position (another venue, a bust, a corporate action) are set
with ``put``.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.orders.model.types import Side


@dataclass(frozen=True, slots=True)
class Holding:
    """An account's position: long and short units, both at least zero. Without hedging at most one is not zero.

    ``may_short`` False: its sells close its position and go no further, also if they are not reduce-only.
    """

    long: Decimal = ZERO
    short: Decimal = ZERO
    hedging: bool = False
    may_short: bool = True

    @classmethod
    def net(cls, quantity: Decimal, *, may_short: bool = True) -> "Holding":
        """The holding of a netting account from its signed quantity."""
        return cls(long=max(quantity, ZERO), short=max(-quantity, ZERO), may_short=may_short)

    @property
    def quantity(self) -> Decimal:
        """Long minus short."""
        return self.long - self.short

    def reducible(self, side: Side) -> Decimal:
        """The quantity by which an order of ``side`` could reduce it."""
        return self.short if side is Side.BUY else self.long

    def after(self, side: Side, quantity: Decimal, *, closes: bool) -> "Holding":
        """The holding after an execution; ``closes`` tells a hedging account's closing order from an opening one."""
        if not self.hedging:
            bought = quantity if side is Side.BUY else -quantity
            return Holding.net(self.quantity + bought, may_short=self.may_short)
        long, short = self.long, self.short
        if closes and side is Side.BUY:
            short = max(short - quantity, ZERO)
        elif closes:
            long = max(long - quantity, ZERO)
        elif side is Side.BUY:
            long += quantity
        else:
            short += quantity
        return Holding(long, short, hedging=True, may_short=self.may_short)


FLAT = Holding()


class Holdings:
    """The holdings of every account that has traded or was set."""

    __slots__ = ("_by_account",)

    def __init__(self) -> None:
        self._by_account: dict[Hashable, Holding] = {}

    def get(self, account: Hashable) -> Holding:
        """The account's holding; flat when it is unknown."""
        return self._by_account.get(account, FLAT)

    def put(self, account: Hashable, holding: Holding) -> None:
        """Set the account's holding."""
        self._by_account[account] = holding

    def fill(self, account: Hashable, side: Side, quantity: Decimal, *, closes: bool) -> None:
        """Book an execution."""
        self._by_account[account] = self.get(account).after(side, quantity, closes=closes)

    def introduce(self, account: Hashable, *, hedging: bool, may_short: bool) -> None:
        """Set the account's position mode; its holding stays."""
        held = self.get(account)
        if (held.hedging, held.may_short) != (hedging, may_short):
            self.put(account, Holding(held.long, held.short, hedging, may_short))

    def items(self) -> tuple[tuple[Hashable, Holding], ...]:
        """A copy to restore from."""
        return tuple(self._by_account.items())
