"""Queues of open orders: for the market, for a price, for a move of their trail, for their expiry.

Every working order is in exactly the ladders that can reach it, so an event costs only the work for the orders it
reaches. ``WorkingOrder.waits`` lists its ladders.
"""

from decimal import Decimal
from typing import Any

from domain.orders.exchange.book.ladder import Ladder, Room
from domain.orders.exchange.book.market import ExchangeMarket, Reference
from domain.orders.exchange.book.working import WorkingOrder

PriceLadders = dict[tuple[Reference, bool], Ladder[Decimal, WorkingOrder]]
QUOTED = (Reference.ASK, Reference.BID)
UNQUOTED = (Reference.LAST, Reference.MID)


def _price_ladders(room: Room, references: tuple[Reference, ...]) -> PriceLadders:
    return {(reference, rising): Ladder(room, rising=rising) for reference in references for rising in (False, True)}


class Queues:
    """All queues of one instrument."""

    __slots__ = (
        "_activations",
        "_ask_falls",
        "_ask_ratchet",
        "_ask_rises",
        "_bid_falls",
        "_bid_ratchet",
        "_bid_rises",
        "_prices",
        "_ratchets",
        "_rests",
        "_unquoted",
        "_unquoted_trails",
        "_unset",
        "dormant",
        "expiries",
        "trails",
    )

    def __init__(self) -> None:
        self._unquoted = Room()
        quoted = _price_ladders(Room(), QUOTED)
        self._prices = quoted | _price_ladders(self._unquoted, UNQUOTED)
        self._ask_falls, self._ask_rises = quoted[Reference.ASK, False], quoted[Reference.ASK, True]
        self._bid_falls, self._bid_rises = quoted[Reference.BID, False], quoted[Reference.BID, True]
        self._rests: Ladder[int, WorkingOrder] = Ladder(Room(), rising=True)
        self.dormant = Room()
        self._activations = _price_ladders(self.dormant, QUOTED + UNQUOTED)
        self.trails = Room()
        self._unquoted_trails = Room()
        self._ratchets = _price_ladders(self.trails, QUOTED) | _price_ladders(self._unquoted_trails, UNQUOTED)
        self._ask_ratchet = self._ratchets[Reference.ASK, False]
        self._bid_ratchet = self._ratchets[Reference.BID, True]
        self._unset: Ladder[int, WorkingOrder] = Ladder(self.trails, rising=True)
        self.expiries: Ladder[int, WorkingOrder] = Ladder(Room(), rising=True)

    # ------------------------------------------------------------------ standing in line

    def place(self, order: WorkingOrder) -> None:
        """Put a working order into the queues of its state; it must be in none."""
        assert not order.waits
        if order.expires_at is not None:
            self._wait(order, self.expiries, order.expires_at)
        if order.rests_at_limit:
            assert order.limit is not None
            reference = Reference.ASK if order.is_buy else Reference.BID
            self._wait(order, self._prices[reference, not order.is_buy], order.limit)
        elif order.is_trailing:
            self._place_trailing(order)
        elif order.is_conditional:
            self._wait_for_condition(order)
        else:
            self._wait(order, self._rests, order.sequence)

    def place_for_time(self, order: WorkingOrder) -> None:
        """Put an order that works elsewhere into the expiry queue alone; it must be in none."""
        assert not order.waits
        if order.expires_at is not None:
            self._wait(order, self.expiries, order.expires_at)

    def remove(self, order: WorkingOrder) -> None:
        """Remove the order from all queues."""
        for ladder, key in order.waits:
            ladder.remove(key, order)
        order.waits.clear()

    def _place_trailing(self, order: WorkingOrder) -> None:
        favourable = not order.is_buy
        if not order.activated and order.terms.activation_price is not None:
            self._wait(order, self._activations[order.reference, favourable], order.terms.activation_price)
            return
        if order.anchor is None:
            self._wait(order, self._unset, order.sequence)
        else:
            self._wait(order, self._ratchets[order.reference, favourable], order.anchor)
        if order.stop is not None:
            self._wait_for_condition(order)

    def _wait_for_condition(self, order: WorkingOrder) -> None:
        assert order.stop is not None
        rising = order.is_buy is not order.waits_for_touch
        self._wait(order, self._prices[order.reference, rising], order.stop)

    def _wait(self, order: WorkingOrder, ladder: Ladder[Any, WorkingOrder], key: Any) -> None:
        ladder.add(key, order)
        order.waits.append((ladder, key))

    # ------------------------------------------------------------------ being called

    def woken(self, market: ExchangeMarket) -> list[WorkingOrder]:
        """The orders that this market lets trade or trigger, in the order of matching."""
        found: list[WorkingOrder] = []
        ask = market.ask
        if ask is not None:
            best = self._ask_falls.best
            if best is not None and ask <= best:
                found += self._ask_falls.reached(ask)
            best = self._ask_rises.best
            if best is not None and ask >= best:
                found += self._ask_rises.reached(ask)
        bid = market.bid
        if bid is not None:
            best = self._bid_rises.best
            if best is not None and bid >= best:
                found += self._bid_rises.reached(bid)
            best = self._bid_falls.best
            if best is not None and bid <= best:
                found += self._bid_falls.reached(bid)
        if self._unquoted.waiting:
            for reference in UNQUOTED:
                found += _reached(self._prices, reference, market)
        if self._rests.best is not None:
            found += self._rests.everyone()
        if len(found) > 1:
            found.sort(key=_priority)
        return found

    def expired(self, at: int) -> list[WorkingOrder]:
        """The orders that are expired at ``at``, in the order of matching."""
        return sorted(self.expiries.reached(at), key=_priority)

    def to_activate(self, market: ExchangeMarket) -> list[WorkingOrder]:
        """Dormant trailing orders whose activation price is touched."""
        found: list[WorkingOrder] = []
        for reference in Reference:
            found += _reached(self._activations, reference, market)
        return sorted(found, key=_arrival)

    def to_trail(self, market: ExchangeMarket) -> list[WorkingOrder]:
        """Trailing orders for which the price is the most favourable so far, and those that have no stop yet."""
        found = self._unset.everyone() if self._unset.best is not None else []
        best, price = self._ask_ratchet.best, market.ask
        if best is not None and price is not None and price < best:
            found += self._ask_ratchet.passed(price)
        best, price = self._bid_ratchet.best, market.bid
        if best is not None and price is not None and price > best:
            found += self._bid_ratchet.passed(price)
        if self._unquoted_trails.waiting:
            for reference in UNQUOTED:
                if (price := market.reference(reference)) is not None:
                    found += self._ratchets[reference, False].passed(price)
                    found += self._ratchets[reference, True].passed(price)
        if len(found) > 1:
            found.sort(key=_arrival)
        return found

    @property
    def any_trails(self) -> bool:
        """True if any stop trails."""
        return self.trails.waiting > 0 or self._unquoted_trails.waiting > 0


def _reached(ladders: PriceLadders, reference: Reference, market: ExchangeMarket) -> list[WorkingOrder]:
    falling, rising = ladders[reference, False], ladders[reference, True]
    if falling.best is None and rising.best is None:
        return []
    price = market.reference(reference)
    return [] if price is None else falling.reached(price) + rising.reached(price)


def _arrival(order: WorkingOrder) -> int:
    return order.sequence


def _priority(order: WorkingOrder) -> tuple[int, Decimal | int, int]:
    """The rest of market orders first, then buys from the highest price down, then sells from the lowest up."""
    price = order.limit if order.rests_at_limit else order.stop
    if price is None:
        return (0, 0, order.sequence)
    return (1, -price, order.sequence) if order.is_buy else (2, price, order.sequence)
