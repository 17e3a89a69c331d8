"""What a venue says that a fill costs: what of it the account's money pays, and what the venue kept itself. Pure."""

from decimal import Decimal
from typing import Any

from domain.kernel.numbers import ONE, ZERO, plain
from domain.market.rates import RateOf, base_currency
from domain.market.types import Instrument
from domain.orders.exchange.execution_reports import Filled


def charged_fee(
    report: Filled, instrument: Instrument, currency: str, rate: Decimal, rate_of: RateOf
) -> Decimal | None:
    """The fee in ``currency``, not rounded; None where the venue does not tell it, or it cannot be converted.

    ``rate`` is what one unit of the instrument's currency is in the account's. A fee in what was traded is worth what
    that was traded at; any other is converted at the newest rate.
    """
    if report.fee is None or report.fee_currency is None or not report.fee:
        return report.fee
    if report.fee_currency == currency:
        return report.fee
    if report.fee_currency == instrument.currency:
        return report.fee * rate
    if not instrument.inverse and report.fee_currency == base_currency(instrument):
        return report.fee * report.price * rate
    converted = rate_of(report.fee_currency, currency)
    return None if converted is None else report.fee * converted


def withheld(report: Filled, instrument: Instrument, currency: str) -> Decimal:
    """How many of the units that were traded the venue has kept as its fee, below zero where it added a rebate.

    A spot venue that charges in the coin which is bought delivers that much less. What the account holds as its own
    currency is no position, and is charged in cash.
    """
    if report.fee is None or report.fee_currency in (None, currency, instrument.currency):
        return ZERO
    is_base = instrument.multiplier == ONE and report.fee_currency == base_currency(instrument)
    return report.fee if is_base else ZERO


def foreign_fee(report: Filled, currency: str) -> dict[str, Any] | None:
    """The venue's own words on its fee, where they are about other money than the account's."""
    if report.fee is None or report.fee_currency in (None, currency):
        return None
    return {"venueFee": plain(report.fee), "venueFeeCurrency": report.fee_currency}
