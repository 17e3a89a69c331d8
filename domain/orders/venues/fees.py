"""Fees charged by venues: the part that the account pays in cash, and the part that the venue kept in units. Pure."""

from decimal import Decimal
from typing import Any

from domain.kernel.numbers import ONE, ZERO, plain
from domain.market.rates import RateOf, base_currency
from domain.market.types import Instrument
from domain.orders.exchange.execution_reports import Filled


def charged_fee(
    report: Filled, instrument: Instrument, currency: str, rate: Decimal, rate_of: RateOf
) -> Decimal | None:
    """The fee in ``currency``, not rounded; None where the venue does not give it, or it cannot be converted.

    ``rate`` converts the instrument's currency into the account's. A fee in the traded asset is valued at the trade's
    price; any other is converted at the newest rate.
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
    """The quantity of traded units that the venue kept as its fee, below zero for a rebate.

    A spot venue that charges in the bought coin delivers that much less. A fee in the account's own currency is charged
    in cash.
    """
    if report.fee is None or report.fee_currency in (None, currency, instrument.currency):
        return ZERO
    is_base = instrument.multiplier == ONE and report.fee_currency == base_currency(instrument)
    return report.fee if is_base else ZERO


def foreign_fee(report: Filled, currency: str) -> dict[str, Any] | None:
    """The venue's own figures of its fee, where they are in another currency than the account's."""
    if report.fee is None or report.fee_currency in (None, currency):
        return None
    return {"venueFee": plain(report.fee), "venueFeeCurrency": report.fee_currency}
