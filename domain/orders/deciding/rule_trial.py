"""Trial of a risk rule, pure: orders, fills and samples of the past in, refusals and warnings of the rule out.

Orders are judged by the same checks as when they are placed, at their stored terms, one by one in the
order of their times. A refused order does not count for later orders; its fills stay, because they changed
the position that later orders met. Limits on the account's loss are judged on its samples, as the monitor does: once
until it is within the limit again.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.accounts.rules import peak_after_flow
from domain.kernel.day_roll import DayRoll
from domain.kernel.numbers import ONE, ZERO
from domain.orders.deciding.activity import Sameness, Tally, Timeline, sameness_of
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_types import CONDITIONAL, RESTING, TRAILING
from domain.orders.model.types import Side
from domain.positions.types import Bucket
from domain.risk.rules import evaluate, refuses
from domain.risk.rules.before import CHECKS
from domain.risk.snapshot import AccountView, Activity, MarketView, ProposedOrder, RiskSnapshot, Times
from domain.risk.types import RiskLimits, RiskRule, RiskRuleKind, RiskViolation

SAMPLED = frozenset({RiskRuleKind.MAX_DAILY_LOSS, RiskRuleKind.MAX_DRAWDOWN})
# What these compare is not kept: prices of all positions, sessions and the ages of quotes at the moment of an order.
NOT_KEPT = frozenset(
    {
        RiskRuleKind.MAX_GROSS_EXPOSURE,
        RiskRuleKind.MAX_LEVERAGE,
        RiskRuleKind.MAX_CONCENTRATION,
        RiskRuleKind.MIN_MARGIN_RATIO,
        RiskRuleKind.TRADING_HOURS,
        RiskRuleKind.STALE_PRICE,
    }
)
# Ranks of what happens at one moment: an order comes before its own fills, and these before its end.
_PLACED, _FILLED, _ENDED = range(3)

# A position of an account: the symbol and the bucket in it.
Place = tuple[str, Bucket]


@dataclass(frozen=True, slots=True)
class PastOrder:
    """A stored order. ``worst`` is the price that it reserved at, ``reference`` the market's when it arrived.

    ``unit`` is the multiplier in the account's currency; ``ended_at`` None: it is open still. An exit of a parent rests
    nowhere while that works, so no order is said to trade with it.
    """

    id: UUID
    command: PlaceOrder
    bucket: Bucket
    group: UUID | None
    is_exit_of_parent: bool
    worst: Decimal | None
    reference: Decimal | None
    unit: Decimal
    inverse: bool
    at: datetime
    ended_at: datetime | None

    @property
    def rests_at(self) -> Decimal | None:
        """The price at which another order of the account could trade with it."""
        return self.command.limit_price if self.command.type in RESTING and not self.is_exit_of_parent else None

    def worth(self, quantity: Decimal, price: Decimal | None) -> Decimal | None:
        """The value of a quantity at a price, in the account's currency; None if unknown."""
        if price is None or (self.inverse and price == ZERO):
            return None
        return quantity * self.unit / abs(price) if self.inverse else quantity * self.unit * abs(price)


@dataclass(frozen=True, slots=True)
class PastFill:
    """A stored execution; ``signed`` is positive where it bought."""

    order_id: UUID
    account_id: UUID
    place: Place
    signed: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class PastSample:
    """The equity of an account at a moment; ``flow`` is the money that came in from outside since the sample before."""

    account_id: UUID
    at: datetime
    equity: Decimal
    flow: Decimal


@dataclass(frozen=True, slots=True)
class TrialHit:
    """A violation in the past: of an order, or without ``order_id`` of the account's figures."""

    at: datetime
    account_id: UUID
    symbol: str | None
    order_id: UUID | None
    violation: RiskViolation


@dataclass(slots=True)
class _Account:
    """The working orders, positions and activity of an account, up to one moment."""

    positions: dict[Place, Decimal]
    day_ends: datetime | None = None
    open_orders: Tally = field(default_factory=Tally)
    day_orders: Tally = field(default_factory=Tally)
    day_notional: Tally = field(default_factory=Tally)
    recent: Timeline = field(default_factory=Timeline)
    same: defaultdict[Sameness, Timeline] = field(default_factory=lambda: defaultdict(Timeline))
    resting: defaultdict[tuple[str, Side], list[Decimal]] = field(default_factory=lambda: defaultdict(list))
    working: defaultdict[tuple[str, Bucket, Side], dict[UUID, PastOrder]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    left: dict[UUID, Decimal] = field(default_factory=dict)

    def roll(self, at: datetime, day_roll: DayRoll) -> None:
        """Reset the counts of the day after its end."""
        if self.day_ends is None or at >= self.day_ends:
            self.day_ends = day_roll.next_after(at)
            self.day_orders, self.day_notional = Tally(), Tally()

    def before(self, order: PastOrder) -> Activity:
        """The activity that an order meets."""
        command = order.command
        symbol, strategy = command.symbol, command.strategy or ""
        same = self.same.get(sameness_of(command))
        prices = self.resting.get((symbol, command.side.opposite))
        best = None if not prices else prices[-1] if command.side is Side.SELL else prices[0]
        return Activity(
            open_orders=self.open_orders.share(symbol, strategy),
            day_orders=self.day_orders.share(symbol, strategy),
            day_notional=self.day_notional.share(symbol, strategy),
            recent=self.recent.times(symbol, strategy),
            same=same.times(symbol, strategy) if same is not None else Times(),
            opposite=best,
        )

    def opens(self, symbol: str, bucket: Bucket, side: Side) -> Decimal:
        """The quantity that working orders of a side could add to a position; of those in a group the largest."""
        groups: defaultdict[UUID, Decimal] = defaultdict(lambda: ZERO)
        for order in self.working[symbol, bucket, side].values():
            if not order.command.only_reduces:
                key = order.group or order.id
                groups[key] = max(groups[key], self.left[order.id])
        return sum(groups.values(), ZERO)

    def add(self, order: PastOrder) -> None:
        """Count an order that was not refused."""
        command = order.command
        symbol, strategy = command.symbol, command.strategy or ""
        self.open_orders.add(symbol, strategy, ONE)
        self.day_orders.add(symbol, strategy, ONE)
        self.day_notional.add(symbol, strategy, order.worth(command.quantity, order.worst) or ZERO)
        self.recent.add(symbol, strategy, order.at)
        self.same[sameness_of(command)].add(symbol, strategy, order.at)
        self.working[symbol, order.bucket, command.side][order.id] = order
        self.left[order.id] = command.quantity
        if order.rests_at is not None:
            insort(self.resting[symbol, command.side], order.rests_at)

    def fill(self, fill: PastFill) -> None:
        """Change the position and the remaining quantity of the order."""
        self.positions[fill.place] = self.positions.get(fill.place, ZERO) + fill.signed
        if fill.order_id in self.left:
            self.left[fill.order_id] = max(ZERO, self.left[fill.order_id] - abs(fill.signed))

    def end(self, order: PastOrder) -> None:
        """Remove an order from the count of open orders."""
        command = order.command
        if self.working[command.symbol, order.bucket, command.side].pop(order.id, None) is None:
            return
        self.open_orders.add(command.symbol, command.strategy or "", -ONE)
        del self.left[order.id]
        if order.rests_at is not None:
            self.resting[command.symbol, command.side].remove(order.rests_at)


def try_on_orders(
    rule: RiskRule,
    orders: Sequence[PastOrder],
    fills: Iterable[PastFill],
    positions: Mapping[UUID, Mapping[Place, Decimal]],
    since: datetime,
    day_roll: DayRoll,
) -> tuple[int, list[TrialHit]]:
    """The number of orders at ``since`` or later that the rule covers, and those among them that it hits.

    ``positions`` are those before the first order or fill. Earlier orders only count.
    """
    limits = RiskLimits((rule,))
    accounts: dict[UUID, _Account] = {}
    tried, hits = 0, []
    steps: list[tuple[datetime, int, UUID, PastOrder | PastFill]] = []
    for order in orders:
        steps.append((order.at, _PLACED, order.id, order))
        if order.ended_at is not None:
            steps.append((order.ended_at, _ENDED, order.id, order))
    steps += [(fill.at, _FILLED, fill.order_id, fill) for fill in fills]
    for at, rank, _, step in sorted(steps, key=lambda step: step[:3]):
        account_id = step.account_id if isinstance(step, PastFill) else step.command.account_id
        account = accounts.get(account_id)
        if account is None:
            account = accounts[account_id] = _Account(dict(positions.get(account_id, {})))
        if isinstance(step, PastFill):
            account.fill(step)
        elif rank == _ENDED:
            account.end(step)
        else:
            account.roll(at, day_roll)
            found: tuple[RiskViolation, ...] = ()
            command = step.command
            if at >= since and limits.rules_for(account_id, command.symbol, command.strategy):
                tried += 1
                found = _judge(rule, step, account)
                hits += [TrialHit(at, account_id, command.symbol, step.id, violation) for violation in found]
            if not refuses(found):
                account.add(step)
    return tried, hits


def _judge(rule: RiskRule, order: PastOrder, account: _Account) -> tuple[RiskViolation, ...]:
    command, buys = order.command, order.command.side is Side.BUY
    position = account.positions.get((command.symbol, order.bucket), ZERO)
    bought, sold = (account.opens(command.symbol, order.bucket, side) for side in (Side.BUY, Side.SELL))
    size = ZERO if command.only_reduces else command.quantity
    bought, sold = (bought + size, sold) if buys else (bought, sold + size)
    largest = max(abs(position + bought), abs(position - sold))
    reduces = position < ZERO and bought <= -position if buys else position > ZERO and sold <= position
    waits = command.type in CONDITIONAL
    trails = command.type in TRAILING
    limit = None if trails else command.limit_price
    proposal = ProposedOrder(
        account_id=command.account_id,
        symbol=command.symbol,
        strategy=command.strategy,
        buys=buys,
        quantity=command.quantity,
        price=limit,
        notional=order.worth(command.quantity, order.worst),
        is_exit=command.only_reduces or reduces,
        trigger=command.stop_price if waits and limit is not None else None,
        takes=not (waits or command.post_only),
        worst=order.worst if command.limit_price is None else None,
    )
    snapshot = RiskSnapshot(
        market=MarketView(order.reference),
        account=AccountView(largest, order.worth(largest, order.reference), None, None, None, None, None),
        activity=account.before(order),
        now=order.at,
    )
    return evaluate(proposal, snapshot, (rule,))


@dataclass(slots=True)
class _Equity:
    """The figures from which an account's loss is measured, up to one sample."""

    at: datetime
    last: Decimal
    opening: Decimal
    peak: Decimal
    day_ends: datetime
    transfers: Decimal = ZERO
    is_broken: bool = False


def try_on_samples(
    rule: RiskRule, samples: Iterable[PastSample], since: datetime, day_roll: DayRoll
) -> tuple[int, list[TrialHit]]:
    """The number of samples at ``since`` or later, and the beginnings of the breaches among them.

    ``samples`` are of each account in the order of their times. The day opens with the last sample before its roll, or
    with the first that there is; a drawdown counts from the highest equity since ``since``.
    """
    states: dict[UUID, _Equity] = {}
    tried, hits = 0, []
    for sample in samples:
        at, equity = sample.at, sample.equity
        state = states.get(sample.account_id)
        if state is None:
            states[sample.account_id] = _Equity(at, equity, equity, equity, day_roll.next_after(at))
            state = states[sample.account_id]
        else:
            _advance(state, sample, since, day_roll)
        if at < since:
            continue
        tried += 1
        violation = _judge_sample(rule, sample, state)
        if violation is not None and not state.is_broken:
            hits.append(TrialHit(at, sample.account_id, None, None, violation))
        state.is_broken = violation is not None
    return tried, sorted(hits, key=lambda hit: hit.at)


def _advance(state: _Equity, sample: PastSample, since: datetime, day_roll: DayRoll) -> None:
    if sample.at > state.day_ends:
        state.opening, state.transfers = state.last, ZERO
        state.day_ends = day_roll.next_after(sample.at)
    if sample.flow:
        state.transfers += sample.flow
        state.peak = peak_after_flow(state.peak, state.last, sample.flow)
    # What was higher before the range is not part of the trial.
    state.peak = max(state.peak, sample.equity) if state.at >= since else sample.equity
    state.last, state.at = sample.equity, sample.at


def _judge_sample(rule: RiskRule, sample: PastSample, state: _Equity) -> RiskViolation | None:
    order = ProposedOrder(sample.account_id, "", None, True, ZERO, None, None, is_exit=False)
    account = AccountView(
        ZERO, None, None, None, sample.equity, sample.equity - state.opening - state.transfers, state.peak
    )
    return CHECKS[rule.kind](rule, order, RiskSnapshot(MarketView(None), account, Activity(), sample.at))
