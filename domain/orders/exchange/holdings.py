"""Positions per account in one instrument, as far as reduce-only needs them.

Kept in step by the exchange's own fills; whatever else moves a position (another venue, a bust, a corporate action) is
told with ``put``.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ZERO
from domain.orders.model.types import Side


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account holds: long and short units, both at least zero. Without hedging at most one is not zero."""

    long: Decimal = ZERO
    short: Decimal = ZERO
    hedging: bool = False

    @classmethod
    def net(cls, quantity: Decimal) -> "Holding":
        """The holding of a netting account from its signed quantity."""
        return cls(long=max(quantity, ZERO), short=max(-quantity, ZERO))

    @property
    def quantity(self) -> Decimal:
        """Long minus short."""
        return self.long - self.short

    def reducible(self, side: Side) -> Decimal:
        """How much an order of ``side`` could reduce."""
        return self.short if side is Side.BUY else self.long

    def after(self, side: Side, quantity: Decimal, *, closes: bool) -> "Holding":
        """The holding after an execution; ``closes`` tells a hedging account's closing order from an opening one."""
        if not self.hedging:
            return Holding.net(self.quantity + (quantity if side is Side.BUY else -quantity))
        if closes:
            if side is Side.BUY:
                return Holding(self.long, max(self.short - quantity, ZERO), hedging=True)
            return Holding(max(self.long - quantity, ZERO), self.short, hedging=True)
        if side is Side.BUY:
            return Holding(self.long + quantity, self.short, hedging=True)
        return Holding(self.long, self.short + quantity, hedging=True)


FLAT = Holding()


class Holdings:
    """The holdings of every account that has traded or been told of."""

    __slots__ = ("_by_account",)

    def __init__(self) -> None:
        self._by_account: dict[Hashable, Holding] = {}

    def get(self, account: Hashable) -> Holding:
        """What the account holds; flat when nothing is known of it."""
        return self._by_account.get(account, FLAT)

    def put(self, account: Hashable, holding: Holding) -> None:
        """Set what the account holds."""
        self._by_account[account] = holding

    def fill(self, account: Hashable, side: Side, quantity: Decimal, *, closes: bool) -> None:
        """Book an execution."""
        self._by_account[account] = self.get(account).after(side, quantity, closes=closes)

    def items(self) -> tuple[tuple[Hashable, Holding], ...]:
        """A copy to restore from."""
        return tuple(self._by_account.items())
