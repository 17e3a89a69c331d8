"""The pre-trade decision, pure: accepts or refuses an order, and gives its reservation while it works.

``checkOrder`` and ``placeOrder`` both decide here. Later orders of a batch see the reservations of earlier ones,
because each accepted order is added to the books before the next decision.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.accounts.fees import NOTHING_DUE
from domain.kernel.numbers import ONE, ZERO
from domain.kernel.values import unguarded
from domain.market.types import Instrument
from domain.orders.deciding.activity import Displaced
from domain.orders.deciding.business_checks import CHECKS, Candidate, first_refusal
from domain.orders.deciding.reservations import (
    Reservation,
    reservation_for,
    reservation_price,
    reserve,
    unreserve,
)
from domain.orders.deciding.risk_checks import RuleVerdict, judge
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model import refusals
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import RejectReason, Side
from domain.risk.types import RiskViolation


@unguarded
@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on one order. ``reserved`` is the rise of the account's reserved amount, ``reason`` None accepts.

    ``is_exit`` says that it can only reduce a position. ``displaced`` are own orders to cancel for it.
    """

    reservation: Reservation
    reserved: Decimal
    violations: tuple[RiskViolation, ...]
    reason: RejectReason | None = None
    message: str | None = None
    is_exit: bool = False
    displaced: Displaced | None = None

    @property
    def accepted(self) -> bool:
        """True if the order may go to its venue."""
        return self.reason is None


def decide(command: PlaceOrder, instrument: Instrument, market: MarketState, book: TradingBook) -> Decision:
    """Decide on one well-formed order; if it is accepted, ``book`` counts it and its reservation."""
    position = book.position_for(command, instrument.id)
    price = reservation_price(command, market.fresh)
    candidate = Candidate(command, instrument, market, book, position, price, command.quantity)
    reservation = reservation_for(
        book.account,
        instrument,
        position.bucket,
        buys=command.side is Side.BUY,
        remaining=command.quantity,
        price=price,
        dues=NOTHING_DUE,
        # Without a rate the order is refused, and reserves nothing.
        rate=candidate.rate or ONE,
        only_reduces=command.only_reduces,
    )
    verdict = judge(candidate)
    refusal = first_refusal(candidate, CHECKS)
    if refusal is not None:
        return Decision(reservation, ZERO, verdict.violations, *refusal)
    decision = _reserve(candidate, reservation, verdict)
    if decision.accepted and book.activity is not None:
        book.activity.add(command, candidate.notional, market.at, verdict.displaced)
    return decision


def _reserve(candidate: Candidate, reservation: Reservation, verdict: RuleVerdict) -> Decision:
    """Reserve what the order needs if it is available and no rule refuses. An exit is never refused for funds.

    Insufficient funds take precedence over violations of rules.
    """
    book, violations, refusal = candidate.book, verdict.violations, verdict.refusal
    is_exit, before, changed = candidate.reduces, book.available, candidate.position.changed
    reserved = reserve(book.account, candidate.position, reservation, buys=candidate.buys)
    is_there = reserved <= ZERO or is_exit or (before is not None and reserved <= before)
    if is_there and refusal is None:
        return Decision(reservation, reserved, violations, is_exit=is_exit, displaced=verdict.displaced)
    unreserve(book.account, candidate.position, reservation, buys=candidate.buys)
    # A refused order leaves no trace in the books, not even an empty position.
    candidate.position.changed = changed
    if not is_there or refusal is None:
        refusal = refusals.lack_of_funds(reserved, before, book.account.currency)
    return Decision(reservation, reserved, violations, *refusal)
