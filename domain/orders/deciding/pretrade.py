"""The pre-trade decision, pure: whether an order may go to its venue, and what it holds back while it works.

``checkOrder`` and ``placeOrder`` both decide here. Later orders of a batch see the reservations of earlier ones,
because each accepted order is added to the books that the next one is decided on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.numbers import ONE, ZERO, plain
from domain.market.types import Instrument
from domain.orders.deciding.checks import CHECKS, Candidate, Refusal, first_refusal
from domain.orders.deciding.risk_view import proposal_of, snapshot_of, worst_notional
from domain.orders.deciding.trading_book import (
    Contribution,
    MarketState,
    TradingBook,
    add,
    contribution_of,
    take_off,
    worst_price,
)
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import RejectReason, Side
from domain.positions.reservation import bucket_for
from domain.risk.rules import evaluate, refuses
from domain.risk.types import RiskViolation


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one order. ``held`` is the rise of the account's reserved amount, ``reason`` None accepts.

    ``is_exit`` says that it can only reduce a position.
    """

    contribution: Contribution
    held: Decimal
    violations: tuple[RiskViolation, ...]
    reason: RejectReason | None = None
    message: str | None = None
    is_exit: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the order may go to its venue."""
        return self.reason is None


def decide(command: PlaceOrder, instrument: Instrument, market: MarketState, book: TradingBook) -> Decision:
    """Decide on one well-formed order; when it is accepted, its contribution and itself have been added to ``book``."""
    buys = command.side is Side.BUY
    bucket = bucket_for(book.account.position_mode, buys=buys, closes=command.only_reduces)
    price = worst_price(command, market.fresh)
    candidate = Candidate(
        command, instrument, market, book, book.position(instrument.id, bucket), price, command.quantity
    )
    violations = violations_of(candidate)
    contribution = contribution_of(
        book.account,
        instrument,
        bucket,
        buys=buys,
        remaining=command.quantity,
        price=price,
        fee_charged=False,
        # Without a rate the order is refused, and holds nothing back.
        rate=candidate.rate or ONE,
        only_reduces=command.only_reduces,
    )
    refusal = first_refusal(candidate, CHECKS)
    if refusal is not None:
        return Decision(contribution, ZERO, violations, *refusal)
    decision = _reserve(candidate, contribution, violations)
    if decision.accepted and book.activity is not None:
        book.activity.add(command, worst_notional(candidate), market.at)
    return decision


def refused_by_rules(violations: Iterable[RiskViolation]) -> Refusal | None:
    """The refusal that violations amount to, if any of them is more than a warning."""
    first = next((row for row in violations if refuses([row])), None)
    return (RejectReason.RISK_RULE, first.message) if first is not None else None


def lack_of_funds(book: TradingBook, needed: Decimal, available: Decimal | None) -> Refusal:
    """Why what is available does not do."""
    if available is None:
        return RejectReason.NO_MARKET_PRICE, "A position of the account has no market price to value it at."
    there = plain(max(available, ZERO))
    message = f"The order needs {plain(needed)} {book.account.currency}, and {there} is available."
    return RejectReason.INSUFFICIENT_FUNDS, message


def _reserve(candidate: Candidate, contribution: Contribution, violations: tuple[RiskViolation, ...]) -> Decision:
    """Hold back what the order needs, if it is there and no rule refuses. An exit is never refused for funds.

    Who has not the money hears of that first, whatever rules say.
    """
    book = candidate.book
    is_exit, before, changed = candidate.reduces, book.available, candidate.position.changed
    held = add(book, candidate.instrument.id, contribution, buys=candidate.buys)
    is_there = held <= ZERO or is_exit or (before is not None and held <= before)
    refusal = refused_by_rules(violations) if is_there else lack_of_funds(book, held, before)
    if refusal is None:
        return Decision(contribution, held, violations, is_exit=is_exit)
    take_off(book, candidate.instrument.id, contribution, buys=candidate.buys)
    # A refused order leaves no trace in the books, not even an empty position.
    candidate.position.changed = changed
    return Decision(contribution, held, violations, *refusal)


def violations_of(candidate: Candidate) -> tuple[RiskViolation, ...]:
    """Every rule in force that the order breaks."""
    limits, command = candidate.book.limits, candidate.command
    rules = limits.rules_for(command.account_id, command.symbol, command.strategy)
    return evaluate(proposal_of(candidate), snapshot_of(candidate), rules) if rules else ()
