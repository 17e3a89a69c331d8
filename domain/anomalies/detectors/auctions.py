"""Detector of spoofing around auctions: large orders of one side withdrawn just before a session begins or ends.

At those times orders determine the price before any trade. What counts is the notional that an owner placed shortly
before and withdrew on one side, beyond what it withdrew on the other, in usual orders of its own. Whoever withdraws
quotes of both sides, or an order that rested all day, shows nothing.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.anomalies.detectors.base import ALL, Detector, Memory
from domain.anomalies.detectors.usual import SessionHours, next_usual, usual_begin, usual_end
from domain.anomalies.facts import Executed, MarketChecked, OrderChanged, OrderEnded, OrderPlaced
from domain.anomalies.habits import Habit, Peers, Scale
from domain.anomalies.types import AnomalyKind, Finding, Subject

DAY_SECONDS = 86_400
# An auction is this long before the usual first or last trade of a day, and a little after it.
BEFORE_OPEN, BEFORE_CLOSE, AFTER_OPEN, AFTER_CLOSE = 1_800.0, 600.0, 120.0, 600.0
# The times of so many days are known; an order that was placed so long before was not placed for the auction.
KEPT_DAYS, PLACED_SECONDS = 10, 1_800.0
MAX_WORKING, MAX_WITHDRAWN = 500, 200
# Fewer usual orders are nothing to speak of; on a logarithmic scale, and the spread of peers before any is known.
LEAST_ORDERS = 4
SCALE, PRIOR = Scale(math.log1p(LEAST_ORDERS), 0.1, 0.4, first_seconds=300.0), 0.1

Owned = OrderPlaced | OrderChanged | OrderEnded | Executed
Read = Owned | MarketChecked


@dataclass(slots=True)
class AuctionMemory(Memory):
    """For an owner in a symbol: working and withdrawn orders. For a symbol: the usual start and end of its sessions."""

    # By order: sign, open quantity, notional of one, when it was placed.
    working: dict[str, list[float]] = field(default_factory=dict)
    # Time, sign, notional, order.
    withdrawn: deque[list[float | str]] = field(default_factory=lambda: deque(maxlen=MAX_WITHDRAWN))
    orders: int = 0
    usual: float = 0.0
    told_day: int = -1
    habit: Habit = field(default_factory=Habit)
    peers: Peers = field(default_factory=lambda: Peers(PRIOR))
    day: int = -1
    first: float = 0.0
    last: float = 0.0
    opens: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_DAYS))
    closes: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_DAYS))
    hours: SessionHours = field(default_factory=SessionHours)

    def trade(self, now: float) -> None:
        """Record a trade in the symbol."""
        day, second = int(now // DAY_SECONDS), now % DAY_SECONDS
        if day > self.day:
            if self.day >= 0:
                self.opens.append(self.first)
                self.closes.append(self.last)
            self.day, self.first, self.last = day, second, second
        elif day == self.day:
            self.last = max(self.last, second)

    def auction(self, now: float) -> tuple[str, float] | None:
        """The auction that is near, as words, and the second of the day at which it usually is."""
        ends = self.hours.ends if self.hours.ends is not None else usual_end(self.closes)
        begins = self.hours.begins if self.hours.begins is not None else usual_begin(self.opens)
        second = now % DAY_SECONDS
        for words, at, before, after in (
            ("ends", ends, BEFORE_CLOSE, AFTER_CLOSE), ("begins", begins, BEFORE_OPEN, AFTER_OPEN),
        ):  # fmt: skip
            if at is not None and -after <= at - second <= before:
                return words, at
        return None


class AuctionSpoofing(Detector[Read, AuctionMemory]):
    """Compares an owner's withdrawals on one side around auctions with its earlier days and those of its peers."""

    kind = AnomalyKind.AUCTION_SPOOFING
    description = "Large orders on one side that are placed and withdrawn just before a session begins or ends"
    reads = (OrderPlaced, OrderChanged, OrderEnded, Executed, MarketChecked)
    # Orders and fills of all owners.
    warmup = 300
    memory = AuctionMemory

    def subjects_of(self, fact: Read) -> tuple[str, ...]:
        """See the base class."""
        symbol = Subject(symbol=fact.symbol).key
        return (symbol,) if isinstance(fact, MarketChecked) else (f"{self._owner_of(fact)}|{fact.symbol}", symbol, ALL)

    def _observe(self, fact: Read) -> Sequence[Finding]:
        if isinstance(fact, MarketChecked):
            self._memory_of(fact).hours.check(fact.at.timestamp(), fact.is_open)
            return ()
        own, symbol, everybody = (self._subjects[key] for key in self.subjects_of(fact))
        everybody.orders += 1
        now = fact.at.timestamp()
        gone = 0.0
        if isinstance(fact, Executed):
            symbol.trade(now)
            held = own.working.get(fact.order_id)
            if held is not None:
                held[1] = max(held[1] - float(fact.quantity), 0.0)
            return ()
        if isinstance(fact, OrderPlaced):
            _place(own, fact, now)
        else:
            gone = _withdraw(own, fact)
        auction = symbol.auction(now)
        if auction is None:
            return ()
        return self._judge(own, everybody, fact, now, gone, auction)

    def _judge(
        self,
        own: AuctionMemory,
        everybody: AuctionMemory,
        fact: OrderPlaced | OrderChanged | OrderEnded,
        now: float,
        gone: float,
        auction: tuple[str, float],
    ) -> Sequence[Finding]:
        if gone:
            own.withdrawn.append([now, math.copysign(1.0, gone), abs(gone), fact.id])
        while own.withdrawn and now - float(own.withdrawn[0][0]) > PLACED_SECONDS:
            own.withdrawn.popleft()
        net = sum(float(sign) * float(notional) for _, sign, notional, _ in own.withdrawn)
        total = sum(float(notional) for _, _, notional, _ in own.withdrawn)
        # Of what is withdrawn on both sides the difference is chance: it counts by its part of all.
        times = abs(net) / own.usual * abs(net) / total if own.usual and total else 0.0
        score, middle = own.habit.look(
            now, math.log1p(times), everybody.peers, SCALE, self.tuning.threshold, self._days_of(fact)
        )
        if everybody.orders <= self.tuning.warmup or score < self.tuning.threshold or own.told_day == own.habit.day:
            return ()
        own.told_day = own.habit.day
        usual, days = math.expm1(middle), len(own.habit.tops)
        words, at = auction
        orders = list(dict.fromkeys(str(name) for _, sign, _, name in own.withdrawn if float(sign) * net > 0))
        whose = f"{days} days of this owner" if days else "usual days of other owners"
        side = "bids" if net > 0 else "offers"
        explanation = (
            f"{abs(net):.8g} of {side} in {len(orders)} orders were withdrawn around the usual time at which the "
            f"session {words} ({_clock(at)} UTC): {times:.1f} times a usual order, usual is at most {usual:.1f} times "
            f"on {whose}: the orders may have moved the auction price"
        )
        evidence = {"orderIds": orders, "accountIds": [fact.account_id]}
        subject = Subject(fact.account_id, fact.symbol)
        return (self._found(subject, fact.at, score, times, usual, explanation, evidence),)


def _place(own: AuctionMemory, fact: OrderPlaced, now: float) -> None:
    """Learn the size of an order, and remember it if it rests."""
    notional = abs(float(fact.notional))
    if fact.quantity <= 0 or not notional:
        return
    if fact.price is not None:
        own.working[fact.id] = [float(fact.side.sign), float(fact.quantity), notional / float(fact.quantity), now]
    own.orders += 1
    own.usual = next_usual(own.usual, notional, own.orders)
    if len(own.working) > MAX_WORKING:
        del own.working[next(iter(own.working))]


def _withdraw(own: AuctionMemory, fact: OrderChanged | OrderEnded) -> float:
    """The signed notional that was taken back of an order that was placed shortly before."""
    held = own.working.get(fact.id)
    if held is None:
        return 0.0
    if isinstance(fact, OrderChanged):
        left = float(fact.open_quantity)
        gone, held[1] = max(held[1] - left, 0.0), left
    else:
        del own.working[fact.id]
        gone = held[1] if fact.canceled else 0.0
    return held[0] * gone * held[2] if fact.at.timestamp() - held[3] <= PLACED_SECONDS else 0.0


def _clock(second: float) -> str:
    return f"{int(second) // 3_600:02d}:{int(second) % 3_600 // 60:02d}"
