"""The check of an order against the risk rules: the order as the rules see it, its snapshot, and the verdict.

The snapshot has the market, the account in the worst case, and the activity before the order. Figures are computed only
where a rule in force needs them.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO
from domain.kernel.values import unguarded
from domain.orders.deciding.activity import Displaced
from domain.orders.deciding.business_checks import Candidate
from domain.orders.deciding.reservations import MARKET_BUFFER
from domain.orders.exchange.trailing import TickGrid, trail
from domain.orders.model.order_types import TRAILING
from domain.orders.model.refusals import Refusal
from domain.orders.model.types import RejectReason
from domain.positions.exposure import Marks, largest, potential_exposure, worth
from domain.positions.valuation import value_all
from domain.risk.rules import displaces, evaluate, refuses
from domain.risk.snapshot import AccountView, Activity, MarketView, ProposedOrder, RiskSnapshot
from domain.risk.types import RiskRuleKind, RiskViolation

_ACCOUNT = frozenset(
    {
        RiskRuleKind.MAX_GROSS_EXPOSURE,
        RiskRuleKind.MAX_LEVERAGE,
        RiskRuleKind.MAX_CONCENTRATION,
        RiskRuleKind.MAX_DAILY_LOSS,
        RiskRuleKind.MAX_DRAWDOWN,
        RiskRuleKind.MIN_MARGIN_RATIO,
    }
)
_LOOK_AT_VALUES = _ACCOUNT | {RiskRuleKind.MAX_POSITION_NOTIONAL}
_LOOK_AT_ACCOUNT = _LOOK_AT_VALUES | {RiskRuleKind.MAX_POSITION_QUANTITY}
_UNASKED = AccountView(ZERO, None, None, None, None, None, None)


@unguarded
@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """Every rule in force that the order violates, and own orders that would have to be cancelled for it."""

    violations: tuple[RiskViolation, ...] = ()
    displaced: Displaced | None = None

    @property
    def refusal(self) -> Refusal | None:
        """The refusal that the violations lead to, if any of them is more than a warning."""
        first = next((row for row in self.violations if refuses([row])), None)
        return Refusal(RejectReason.RISK_RULE, first.message) if first is not None else None


def judge(candidate: Candidate) -> RuleVerdict:
    """Evaluate the rules in force on an order."""
    command = candidate.command
    rules = candidate.book.rules_for(command.symbol, command.strategy)
    if not rules:
        return RuleVerdict()
    proposal, snapshot = proposal_of(candidate), snapshot_of(candidate)
    displaced = None
    if displaces(proposal, snapshot, rules):
        displaced = Displaced(command.symbol, command.side.opposite, proposal.bound)
    return RuleVerdict(evaluate(proposal, snapshot, rules), displaced)


def collared(candidate: Candidate) -> RuleVerdict:
    """The price-collar violations of a bracket's exit: its limit is compared with its own trigger.

    The exit trades after its entry, so the present market does not matter. A take-profit without a trigger is not
    compared.
    """
    command = candidate.command
    proposal = proposal_of(candidate)
    if proposal.trigger is None and not candidate.triggered:
        return RuleVerdict()
    rules = candidate.book.rules_for(command.symbol, command.strategy)
    collars = [rule for rule in rules if rule.kind is RiskRuleKind.PRICE_COLLAR]
    return RuleVerdict(evaluate(proposal, snapshot_of(candidate), collars)) if collars else RuleVerdict()


def proposal_of(candidate: Candidate) -> ProposedOrder:
    """An order as the rules see it."""
    command = candidate.command
    limit, trigger = _limit_and_trigger(candidate)
    return ProposedOrder(
        account_id=command.account_id,
        symbol=command.symbol,
        strategy=command.strategy,
        buys=candidate.buys,
        quantity=command.quantity,
        price=limit,
        notional=candidate.notional,
        is_exit=candidate.reduces,
        replaces=candidate.replaces,
        trigger=trigger,
        takes=not (candidate.waits or command.post_only),
        worst=_worst_at_market(candidate) if limit is None else None,
    )


def _limit_and_trigger(candidate: Candidate) -> tuple[Decimal | None, Decimal | None]:
    """The limit price of the order, and the price that makes it a limit order, as far as they are known by now."""
    command = candidate.command
    if not candidate.waits:
        return command.limit_price, None
    if command.type not in TRAILING:
        return command.limit_price, command.stop_price if command.limit_price is not None else None
    reference = candidate.market.fresh.reference if candidate.market.fresh is not None else None
    if command.limit_offset is None or command.trailing_offset is None or reference is None:
        return None, None
    side, kind, grid = command.side, command.trailing_offset_kind, TickGrid.of(candidate.instrument.tick_size)
    # Both trail the same price: how far apart they stay is what matters.
    return (
        trail(side, reference, command.limit_offset, kind, grid),
        trail(side, reference, command.trailing_offset, kind, grid),
    )


def _worst_at_market(candidate: Candidate) -> Decimal | None:
    """The worst price of an order without a limit: the far touch plus the buffer, as market orders reserve."""
    quote = candidate.market.fresh
    touch = None if quote is None else quote.ask if candidate.buys else quote.bid
    if touch is None:
        return None
    beyond = abs(touch) * (MARKET_BUFFER - ONE)
    return touch + beyond if candidate.buys else touch - beyond


def snapshot_of(candidate: Candidate) -> RiskSnapshot:
    """The risk snapshot of an order, as of the moment of its market data."""
    market, kinds = candidate.market, candidate.book.limits.kinds
    quote = market.fresh
    reason = "the market price is stale" if market.lacks_freshness else "there is no market price"
    if candidate.rate is None:
        reason = "there is no rate for its currency"
    activity = candidate.book.activity
    return RiskSnapshot(
        market=MarketView(
            reference=quote.reference if quote is not None and RiskRuleKind.PRICE_COLLAR in kinds else None,
            missing=reason,
            age=market.age,
            session_open=market.session_open,
        ),
        account=_UNASKED if kinds.isdisjoint(_LOOK_AT_ACCOUNT) else _account(candidate),
        activity=activity.before(candidate.command) if activity is not None else Activity(),
        now=market.at,
    )


def _account(candidate: Candidate) -> AccountView:
    book, instrument, position = candidate.book, candidate.instrument, candidate.position
    kinds = book.limits.kinds
    # What can only reduce the position makes it no larger.
    opens = ZERO if candidate.command.only_reduces else candidate.remaining
    bought, sold = (opens, ZERO) if candidate.buys else (ZERO, opens)
    size = largest(position, buys=bought, sells=sold)
    marks, account = book.marks, book.account
    if marks is None or kinds.isdisjoint(_LOOK_AT_VALUES):
        return AccountView(size, None, None, None, None, None, None)
    mark, rate = marks.fresh_mark(instrument), marks.fresh_rate(instrument, account.currency)
    value = None if mark is None or rate is None else worth(instrument, size, mark, rate)
    if kinds.isdisjoint(_ACCOUNT):
        return AccountView(size, value, None, None, None, None, None)
    worst = potential_exposure(book.positions.values(), {position.id: size}, marks, account.currency)
    if book.fresh_equity is None:
        book.fresh_equity = (_equity(candidate, marks),)
    (equity,) = book.fresh_equity
    return AccountView(
        position=size,
        position_notional=value,
        gross_exposure=worst.gross_exposure if worst is not None else None,
        maintenance_margin=worst.maintenance_margin if worst is not None else None,
        equity=equity,
        day_pnl=None if equity is None else equity - account.day_opening_equity - account.day_transfers,
        peak_equity=None if equity is None else max(account.peak_equity, equity),
    )


def _equity(candidate: Candidate, marks: Marks) -> Decimal | None:
    """The account's equity at fresh prices and rates, None when one of them is missing."""
    book = candidate.book
    held = [position for position in book.positions.values() if position.quantity]
    for position in held:
        instrument = marks.instruments[position.instrument_id]
        if marks.fresh_mark(instrument) is None or marks.fresh_rate(instrument, book.account.currency) is None:
            return None
    return value_all(book.account, held, marks.instruments, marks.quote_of).equity
