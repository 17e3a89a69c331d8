"""Where open orders wait: for the market, for a price, for their trail to move, for their time.

Every open order that works stands in exactly the ladders that can wake it, so the cost of an event is that of the
orders it touches.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from domain.orders.exchange.ladder import Ladder
from domain.orders.exchange.market import Market, Reference
from domain.orders.exchange.working import WorkingOrder
from domain.orders.types import OrderType, Side

PriceLadders = dict[tuple[Reference, bool], Ladder[Decimal]]


def _price_ladders() -> PriceLadders:
    return {(reference, rising): Ladder(rising=rising) for reference in Reference for rising in (False, True)}


class Queues:
    """All the waiting of one instrument's orders."""

    __slots__ = ("_activations", "_ladders", "_others", "_quoted", "_ratchets", "_unset", "expiries", "rests", "trails")

    def __init__(self) -> None:
        self.rests: dict[int, WorkingOrder] = {}
        self._ladders = _price_ladders()
        # The four that every quote can reach are looked at first; last and mid only when somebody watches them.
        self._quoted = tuple(
            (reference is Reference.ASK, rising, self._ladders[reference, rising])
            for reference in (Reference.ASK, Reference.BID)
            for rising in (False, True)
        )
        self._others = 0
        self._activations = _price_ladders()
        self._ratchets = _price_ladders()
        self._unset: dict[int, WorkingOrder] = {}
        self.trails = 0
        self.expiries: Ladder[int] = Ladder(rising=True)

    def place(self, order: WorkingOrder) -> None:
        """Let a working order wait wherever its state says; it must not be waiting yet."""
        if order.expires_at is not None:
            self._wait(order, self.expiries, order.expires_at)
        if order.is_trailing and not order.rests_at_limit:
            self._place_trailing(order)
        elif order.rests_at_limit:
            assert order.limit is not None
            reference = Reference.ASK if order.is_buy else Reference.BID
            self._wait(order, self._ladders[reference, not order.is_buy], order.limit)
        elif order.is_conditional:
            self._wait_for_condition(order)
        else:
            self.rests[order.sequence] = order

    def _place_trailing(self, order: WorkingOrder) -> None:
        self.trails += 1
        if not order.activated and order.terms.activation_price is not None:
            ladder = self._activations[order.reference, not order.is_buy]
            self._wait(order, ladder, order.terms.activation_price)
            return
        if order.anchor is None:
            self._unset[order.sequence] = order
        else:
            self._wait(order, self._ratchets[order.reference, not order.is_buy], order.anchor)
        if order.stop is not None:
            self._wait_for_condition(order)

    def _wait_for_condition(self, order: WorkingOrder) -> None:
        assert order.stop is not None
        rising = order.is_buy is not order.waits_for_touch
        self._wait(order, self._ladders[order.reference, rising], order.stop)
        if order.reference in (Reference.LAST, Reference.MID):
            self._others += 1

    def _wait(self, order: WorkingOrder, ladder: Ladder[Any], key: Any) -> None:
        ladder.add(key, order)
        order.waits.append((ladder, key))

    def remove(self, order: WorkingOrder) -> None:
        """Let the order wait for nothing; harmless when it does not wait."""
        waits = order.waits
        if not waits:
            if self.rests.pop(order.sequence, None) is None and self._unset.pop(order.sequence, None) is not None:
                self.trails -= 1
            return
        if self.rests.pop(order.sequence, None) is None and order.is_trailing and not order.rests_at_limit:
            self.trails -= 1
        self._unset.pop(order.sequence, None)
        for ladder, key in waits:
            ladder.remove(key, order)
        waits.clear()
