"""Carry, pure: the cost or income of holding positions over the day roll: funding, interest on loans, borrowing costs.

Per account and day, at the marks of the roll, with market value and cash in the account's currency:

    funding    - (signed market value) x funding rate             each perpetual; the rate is per day
    borrowing  - |market value| x borrow rate / 365               each spot position below zero
    loan       - |cash| x loan rate / 365                         cash below zero

Funding above zero is paid by longs to shorts, as perpetual exchanges define it; interest counts actual days over 365.
The loan is the debt at the end of the day, before its own carry. Each amount is rounded once, half-even, when it is
posted.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from domain.access.attribution import PlatformPart
from domain.accounts.rules import post
from domain.accounts.types import AccountBook, Transaction, TransactionKind
from domain.kernel.numbers import ZERO, plain
from domain.market.rates import QuoteOf
from domain.market.types import AssetClass, Instrument
from domain.positions.types import PositionBook
from domain.positions.valuation import value_all
from domain.positions.values import PositionValue

DAYS_PER_YEAR = 365


@dataclass(frozen=True, slots=True)
class CarryTerms:
    """The inputs of carry: instruments, their quotes at the roll, and yearly loan rates by currency."""

    instruments: Mapping[UUID, Instrument]
    quote_of: QuoteOf
    loan_rates: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Charge:
    """An unrounded amount in the account's currency, below zero where the account pays; ``note`` names its reason."""

    kind: TransactionKind
    amount: Decimal
    note: str


def post_carry(
    book: AccountBook, positions: Iterable[PositionBook], terms: CarryTerms, day: date, now: datetime
) -> list[Transaction]:
    """Post a day's carry to a locked account: a step of the day roll, whose caller writes the account and its event.

    Once per account and day: nothing happens for a day that is posted already, or that is before a posted one.
    """
    if book.carried_on is not None and day <= book.carried_on:
        return []
    charges = carry_of(book, positions, terms, day)
    book.carried_on = day
    posted = (
        post(book, charge.kind, charge.amount, now, PlatformPart.SETTLEMENT, note=charge.note) for charge in charges
    )
    return [row for row in posted if row is not None]


def carry_of(book: AccountBook, positions: Iterable[PositionBook], terms: CarryTerms, day: date) -> list[Charge]:
    """The carry of an account at the end of ``day``, by instrument, the loan last."""
    held = [position for position in positions if position.quantity != ZERO]
    value = value_all(book, held, terms.instruments, terms.quote_of)
    charges = [
        charge
        for row in sorted(value.positions, key=lambda row: (row.symbol, row.position.bucket))
        for charge in (_funding(row, day), _borrowing(row, day))
        if charge is not None
    ]
    rate = terms.loan_rates.get(book.currency, ZERO)
    if book.cash < ZERO and rate != ZERO:
        note = f"{day} loan of {plain(-book.cash)} {book.currency} at {plain(rate)} a year"
        charges.append(Charge(TransactionKind.INTEREST, book.cash * rate / DAYS_PER_YEAR, note))
    return charges


def _funding(row: PositionValue, day: date) -> Charge | None:
    rate = row.instrument.funding_rate
    if row.instrument.asset_class is not AssetClass.PERPETUAL or rate == ZERO or row.instrument.funding_hours:
        # What has hours of its own pays at those.
        return None
    note = f"{day} funding of {_held(row)} at {plain(rate)}"
    return Charge(TransactionKind.FUNDING, -row.market_value * rate, note)


def _borrowing(row: PositionValue, day: date) -> Charge | None:
    rate = row.instrument.borrow_rate
    if row.instrument.asset_class.is_derivative or row.quantity > ZERO or rate == ZERO:
        return None
    note = f"{day} borrowing of {_held(row)} at {plain(rate)} a year"
    return Charge(TransactionKind.INTEREST, -abs(row.market_value) * rate / DAYS_PER_YEAR, note)


def _held(row: PositionValue) -> str:
    price = row.mark_price if row.mark_price is not None else row.average_price
    return f"{plain(row.quantity)} {row.symbol} at {plain(price)}"
