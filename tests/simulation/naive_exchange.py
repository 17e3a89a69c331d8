"""A second paper exchange, written from the published rules alone: one list of orders, no code of the product.

It is slow and simple on purpose: for any orders on any market it must give the same executions as the product's.
"""

from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any

ZERO = Decimal(0)
ENDED = ("FILLED", "CANCELED", "REJECTED", "EXPIRED")
TRAILING = ("TRAILING_STOP", "TRAILING_STOP_LIMIT")
TOUCHED = ("MARKET_IF_TOUCHED", "LIMIT_IF_TOUCHED")
CONDITIONAL = ("STOP", "STOP_LIMIT", *TOUCHED, *TRAILING)
BECOMES_LIMIT = ("STOP_LIMIT", "LIMIT_IF_TOUCHED", "TRAILING_STOP_LIMIT")

Levels = tuple[tuple[Decimal, Decimal], ...]


@dataclass(frozen=True)
class Event:
    """The market from a time on: (price, size) of each level, the best first. A trade is a level on both sides."""

    at: str
    bids: Levels
    asks: Levels


@dataclass
class Order:
    """The terms of an order, by the API's names, and its progress."""

    name: str
    terms: dict[str, Any]
    buys: bool
    quantity: Decimal
    limit: Decimal | None
    stop: Decimal | None
    reduces: bool = False
    status: str = "HELD"
    arrival: int = 0
    triggered: bool = False
    trails: bool = False
    filled: Decimal = ZERO
    executions: list[tuple[str, Decimal, Decimal, str]] = field(default_factory=list)
    entry: "Order | None" = None
    exits: list["Order"] = field(default_factory=list)
    other: "Order | None" = None

    @classmethod
    def of(cls, terms: dict[str, Any], **changes: Any) -> "Order":
        """An order with the terms of an input of the API."""
        fields = {
            "name": terms["clientOrderId"],
            "terms": terms,
            "buys": terms.get("side") == "BUY",
            "quantity": Decimal(terms.get("quantity", 0)),
            "limit": number(terms.get("limitPrice")),
            "stop": number(terms.get("stopPrice")),
            "reduces": terms.get("reduceOnly", False),
        }
        return cls(**fields | changes)

    @property
    def type(self) -> str:
        return self.terms["type"]  # type: ignore[no-any-return]

    @property
    def works(self) -> bool:
        return self.status == "NEW"

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def rests_at_limit(self) -> bool:
        return self.type in ("LIMIT", "MARKET_TO_LIMIT") or (self.triggered and self.type in BECOMES_LIMIT)


def number(text: str | None) -> Decimal | None:
    """The number of a text."""
    return None if text is None else Decimal(text)


class NaiveExchange:
    """The rules for one instrument and one account."""

    def __init__(self, tick: Decimal) -> None:
        self.tick = tick
        self.event: Event | None = None
        self.orders: list[Order] = []
        self.arrivals = 0

    def held_against(self, order: Order) -> Decimal:
        """The quantity of the position that the order could reduce."""
        position = sum((each.filled if each.buys else -each.filled for each in self.orders), ZERO)
        return -position if order.buys else position

    # ------------------------------------------------------------------ requests

    def place(self, at: str, *orders: Order) -> None:
        """Take orders of one request; exits wait for their entry."""
        self.orders.extend(orders)
        for order in orders:
            if order.entry is None and order.status == "HELD":
                self.arrive(order, at)

    def cancel(self, order: Order) -> None:
        """Cancel an order that is open."""
        if order.status not in ENDED:
            self.end(order, "CANCELED")

    def modify(self, at: str, order: Order, quantity: Any, limit: Any, stop: Any) -> None:
        """Give an open order other terms, unless the exchange would reject an order with them; None keeps one."""
        if order.status in ENDED or (quantity is not None and quantity < order.filled):
            return
        given = {"quantity": quantity, "limit": limit, "stop": stop}
        changed = replace(order, **{name: value for name, value in given.items() if value is not None})
        if order.works and self.event is not None:
            # A stop that has become a limit order has no stop price to change.
            if order.type in CONDITIONAL and stop is not None and (order.rests_at_limit or self.is_met(changed)):
                return
            if order.terms.get("postOnly") and self.reached(changed):
                return
        order.quantity, order.limit, order.stop = changed.quantity, changed.limit, changed.stop
        if not order.rest:
            order.status = "FILLED"
        if order.works and order.rests_at_limit:
            self.take(order, at)

    # ------------------------------------------------------------------ the market

    def see(self, event: Event) -> None:
        """Match, then expire, then trail."""
        self.event = event
        for order in self.by_priority():
            if order.works:
                self.match(order, event.at)
        for order in self.orders:
            if order.status not in ENDED and "expiresAt" in order.terms and event.at >= order.terms["expiresAt"]:
                self.end(order, "EXPIRED")
        for order in self.orders:
            # A triggered stop-limit is a plain limit order.
            if order.works and order.type in TRAILING and not order.rests_at_limit:
                self.trail(order)

    def by_priority(self) -> list[Order]:
        """Orders at the market, then buys from the highest price down, then sells from the lowest up."""
        prices = {id(o): o.limit if o.rests_at_limit else o.stop for o in self.orders if o.works}
        working = sorted((o for o in self.orders if id(o) in prices), key=lambda o: o.arrival)
        priced = [o for o in working if prices[id(o)] is not None]
        buys = sorted((o for o in priced if o.buys), key=lambda o: -prices[id(o)])  # type: ignore[operator]
        sells = sorted((o for o in priced if not o.buys), key=lambda o: prices[id(o)])  # type: ignore[arg-type,return-value]
        return [o for o in working if prices[id(o)] is None] + buys + sells

    # ------------------------------------------------------------------ one order

    def arrive(self, order: Order, at: str) -> None:
        """Reject an order, or let it trade or rest."""
        order.status = "NEW"
        self.arrivals += 1
        order.arrival = self.arrivals
        if order.reduces and self.held_against(order) <= 0:
            self.end(order, "REJECTED")
            return
        if order.reduces:
            order.quantity = min(order.quantity, self.held_against(order))
        if order.type in CONDITIONAL:
            activation = number(order.terms.get("activationPrice"))
            if self.event is not None and order.stop is not None and self.is_met(order):
                self.end(order, "REJECTED")
            elif order.type in TRAILING and (activation is None or self.touched(order, activation)):
                order.trails = True
                given = order.stop
                self.move(order)
                order.stop = order.stop if given is None else given
        elif order.type == "LIMIT":
            if order.terms.get("postOnly") and self.reached(order):
                self.end(order, "REJECTED")
            else:
                self.take(order, at)
        elif self.event is None:
            self.end(order, "REJECTED")
        else:
            self.market(order, at)

    def match(self, order: Order, at: str) -> None:
        """Match a working order with an event."""
        if order.rests_at_limit:
            if self.reached(order) and self.cut(order):
                size = sum((size for price, size in self.opposite(order) if self.within(order, price)), ZERO)
                assert order.limit is not None
                self.fill(order, at, [(order.limit, min(size, order.rest))], "MAKER")
        elif order.type not in CONDITIONAL:
            if self.cut(order):
                self.market(order, at)
        elif order.stop is not None and (order.trails or order.type not in TRAILING) and self.is_met(order):
            if not self.cut(order):
                return
            order.triggered = True
            if order.type in BECOMES_LIMIT:
                order.limit = self.away(order, "limitOffset") if order.limit is None else order.limit
                self.take(order, at)
            else:
                self.market(order, at)

    def market(self, order: Order, at: str) -> None:
        """Trade at the prices of the other side, up to the sizes shown."""
        levels = self.opposite(order)[:1] if order.type == "MARKET_TO_LIMIT" else self.opposite(order)
        self.sweep(order, at, levels)
        if order.works and order.type == "MARKET_TO_LIMIT":
            order.limit = levels[0][0]

    def take(self, order: Order, at: str) -> None:
        """Trade at the prices of the other side that are within the limit; the rest rests."""
        levels = tuple(level for level in self.opposite(order) if self.within(order, level[0])) if self.event else ()
        if not levels or self.cut(order):
            self.sweep(order, at, levels)

    def sweep(self, order: Order, at: str, levels: Levels) -> None:
        """Fill level by level. IOC cancels the rest; FOK is all or nothing."""
        tif = order.terms["timeInForce"]
        wanted = order.rest
        if tif != "FOK" or sum((size for _, size in levels), ZERO) >= wanted:
            taken = []
            for price, size in levels:
                taken.append((price, min(size, wanted)))
                wanted -= taken[-1][1]
            self.fill(order, at, taken, "TAKER")
        if order.works and tif in ("IOC", "FOK"):
            self.end(order, "CANCELED")

    # ------------------------------------------------------------------ effects

    def fill(self, order: Order, at: str, taken: list[tuple[Decimal, Decimal]], liquidity: str) -> None:
        """Book executions, with their effects on the order's group and on reduce-only orders."""
        before = order.filled
        for price, quantity in taken:
            if quantity:
                order.filled += quantity
                order.executions.append((at, price, quantity, liquidity))
        if order.filled == before:
            return
        if not order.rest:
            order.status = "FILLED"
        released = [each for each in order.exits if each.status == "HELD"]
        for each in order.exits:
            if each.status == "HELD":
                each.quantity = order.filled
            elif each.works:
                each.quantity += order.filled - before
        if order.other is not None and order.other.status not in ENDED:
            if order.entry is None:
                order.other.status = "CANCELED"
            else:
                order.other.quantity = min(order.other.quantity, order.other.filled + order.rest)
        if order.entry is not None and order.status == "FILLED":
            self.end_group(order)
        for each in self.orders:
            if each.works and each.reduces and self.held_against(each) <= 0:
                self.end_exit(each)
        for each in released:
            if each.status == "HELD":
                self.arrive(each, at)

    def end(self, order: Order, status: str) -> None:
        """End an order; exits that wait for it, and the other leg of an OCO, end with it."""
        order.status = status
        for each in order.exits:
            if each.status == "HELD":
                each.status = "REJECTED" if status == "REJECTED" else "CANCELED"
        if order.entry is None and order.other is not None and order.other.status not in ENDED:
            never_came = status == "REJECTED" and order.other.status == "HELD"
            order.other.status = "REJECTED" if never_came else "CANCELED"

    def end_exit(self, order: Order) -> None:
        """End an order that only reduces where there is nothing to reduce, and the rest of its bracket."""
        self.end(order, "CANCELED")
        if order.entry is not None:
            self.end_group(order)

    def end_group(self, order: Order) -> None:
        """End the other exit and the rest of the entry."""
        for each in (order.other, order.entry):
            if each is not None and each.status not in ENDED:
                each.status = "CANCELED"

    def cut(self, order: Order) -> bool:
        """Cut a reduce-only order to the position; False if nothing is left of it."""
        if not order.reduces:
            return True
        held = self.held_against(order)
        if held <= 0:
            self.end_exit(order)
            return False
        order.quantity = min(order.quantity, order.filled + held)
        return True

    # ------------------------------------------------------------------ prices

    def opposite(self, order: Order) -> Levels:
        """The levels that the order trades with."""
        assert self.event is not None
        return self.event.asks if order.buys else self.event.bids

    def within(self, order: Order, price: Decimal) -> bool:
        """True if the order's limit allows the price."""
        assert order.limit is not None
        return price <= order.limit if order.buys else price >= order.limit

    def reached(self, order: Order) -> bool:
        """True if the other side's best price is within the limit."""
        return self.event is not None and self.within(order, self.opposite(order)[0][0])

    def is_met(self, order: Order) -> bool:
        """True if the market has met the stop price."""
        assert order.stop is not None
        if order.type in TOUCHED:
            return self.touched(order, order.stop)
        best = self.opposite(order)[0][0]
        return best >= order.stop if order.buys else best <= order.stop

    def touched(self, order: Order, price: Decimal) -> bool:
        """True if the market has come to a price that is better for the order."""
        if self.event is None:
            return False
        best = self.opposite(order)[0][0]
        return best <= price if order.buys else best >= price

    def trail(self, order: Order) -> None:
        """Begin to trail when the activation price is touched; then follow the market."""
        activation = number(order.terms.get("activationPrice"))
        if not order.trails and (activation is None or not self.touched(order, activation)):
            return
        order.trails = True
        self.move(order)

    def move(self, order: Order) -> None:
        """Move stop and limit, if that is favourable."""
        if self.event is None:
            return
        better = min if order.buys else max
        stop = self.away(order, "trailingOffset")
        order.stop = stop if order.stop is None else better(order.stop, stop)
        if order.type == "TRAILING_STOP_LIMIT":
            limit = self.away(order, "limitOffset")
            order.limit = limit if order.limit is None else better(order.limit, limit)

    def away(self, order: Order, offset: str) -> Decimal:
        """The price on the grid that lies this far behind the market."""
        best, distance = self.opposite(order)[0][0], Decimal(order.terms[offset])
        kind = order.terms["trailingOffsetKind"]
        if kind == "TICKS":
            distance *= self.tick
        elif kind == "BASIS_POINTS":
            distance = abs(best) * distance / 10000
        is_decimal_grid = self.tick.normalize().as_tuple().digits == (1,)
        rounding = ROUND_HALF_EVEN if is_decimal_grid else ROUND_CEILING if order.buys else ROUND_FLOOR
        steps = (best + distance if order.buys else best - distance) / self.tick
        return steps.to_integral_value(rounding) * self.tick
