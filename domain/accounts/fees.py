"""Trading costs, pure: fees and tax of fills, and the total that an order pays.

The fee of a fill is notional x rate + quantity x per unit; below zero it is a rebate. The fee of an order is
max(minimum, sum of its fills' fees). Money is rounded once per order: a fill posts the difference that it makes to the
order's rounded totals, so the number of fills does not change what an order pays. Notional and rebates are rounded
against the account; fees and tax half-even.
"""

from dataclasses import dataclass
from decimal import Decimal

from domain.kernel.money import to_cash, to_cash_down
from domain.kernel.numbers import ZERO
from domain.kernel.values import unguarded
from domain.market.costs import to_exact
from domain.market.types import Instrument


@unguarded
@dataclass(frozen=True, slots=True)
class Dues:
    """The exact amounts of one or several fills of an order, in the account's currency.

    ``trade`` is the cash that a spot trade moves, below zero for a purchase. ``fee`` excludes the ``minimum`` fee of
    the order, which is zero where there is none.
    """

    trade: Decimal = ZERO
    fee: Decimal = ZERO
    minimum: Decimal = ZERO
    tax: Decimal = ZERO

    def plus(self, other: "Dues") -> "Dues":
        """The sum of both. An order has one minimum: the larger, where rates between currencies moved."""
        return Dues(
            self.trade + other.trade,
            self.fee + other.fee,
            max(self.minimum, other.minimum),
            self.tax + other.tax,
        )


NOTHING_DUE = Dues()


@dataclass(frozen=True, slots=True)
class Posted:
    """Dues in whole units of a currency."""

    trade: Decimal = ZERO
    fee: Decimal = ZERO
    tax: Decimal = ZERO

    @property
    def costs(self) -> Decimal:
        """Fee plus tax."""
        return self.fee + self.tax

    def minus(self, other: "Posted") -> "Posted":
        """The difference from an earlier total."""
        return Posted(self.trade - other.trade, self.fee - other.fee, self.tax - other.tax)


def posted(dues: Dues, currency: str) -> Posted:
    """The rounded amounts that the ledger posts for dues."""
    fee = fee_total(dues, currency)
    return Posted(to_cash_down(dues.trade, currency), fee, to_cash(dues.tax, currency))


def fee_total(dues: Dues, currency: str) -> Decimal:
    """The whole fee: at least the minimum, where there is one; a rebate is rounded towards zero."""
    fee = max(dues.minimum, dues.fee) if dues.minimum else dues.fee
    if not fee:
        return ZERO
    return to_cash(fee, currency) if fee > ZERO else -to_cash_down(-fee, currency)


def trade_notional(instrument: Instrument, quantity: Decimal, price: Decimal) -> Decimal:
    """The value of an unsigned ``quantity`` at ``price``, in quote currency.

    For inverse contracts in the base asset.
    """
    if instrument.inverse:
        return quantity * instrument.multiplier / price
    return quantity * instrument.multiplier * abs(price)


def execution_fee(instrument: Instrument, *, quantity: Decimal, price: Decimal, maker: bool) -> Decimal:
    """Fee of one fill in the instrument's currency, not rounded and without any minimum; below zero for a rebate."""
    fees = instrument.fees
    rate = fees.maker_rate if maker else fees.taker_rate
    return trade_notional(instrument, quantity, price) * rate + quantity * fees.per_unit


def execution_tax(instrument: Instrument, *, quantity: Decimal, price: Decimal, sells: bool) -> Decimal:
    """Tax on a sale, not rounded."""
    return trade_notional(instrument, quantity, price) * instrument.fees.sell_tax_rate if sells else ZERO


def trade_due(instrument: Instrument, units: Decimal, price: Decimal, rate: Decimal) -> Decimal:
    """The cash that a spot trade moves when ``units`` leave the account (below zero: come in); none for derivatives."""
    return ZERO if instrument.asset_class.is_derivative else units * instrument.multiplier * price * rate


def fill_dues(
    instrument: Instrument,
    signed: Decimal,
    price: Decimal,
    *,
    maker: bool,
    rate: Decimal,
    venue_fee: Decimal | None,
    withheld: Decimal,
) -> Dues:
    """The dues of one fill of a signed quantity. ``rate`` converts the instrument's currency into the account's.

    ``venue_fee`` is the venue's own fee, in the account's currency, in place of the instrument's rates. ``withheld``
    are units that the venue kept as its fee: they count as sold to pay it.
    """
    fee, minimum = venue_fee, ZERO
    if fee is None:
        fee = rate * execution_fee(instrument, quantity=abs(signed), price=price, maker=maker)
        minimum = instrument.fees.minimum * rate
    tax = execution_tax(instrument, quantity=abs(signed), price=price, sells=signed < ZERO) * rate
    return Dues(trade_due(instrument, withheld - signed, price, rate), to_exact(fee), minimum, to_exact(tax))


def charged(before: Dues, dues: Dues, currency: str) -> Posted:
    """The amounts that further dues of an order add to its rounded totals."""
    was, now = (posted(total, currency) for total in (before, before.plus(dues)))
    return now.minus(was)


def estimated_fee(
    instrument: Instrument, *, quantity: Decimal, price: Decimal, rate: Decimal, dues: Dues, currency: str
) -> Decimal:
    """The largest fee that ``quantity`` more of an order may add, in the account's currency, all of it as taker.

    It is never below zero. ``dues`` are those of the fills so far. ``rate`` converts the instrument's currency into the
    account's.
    """
    fee = execution_fee(instrument, quantity=quantity, price=price, maker=False) * rate
    own = Dues(fee=fee, minimum=instrument.fees.minimum * rate)
    # Most orders have no fills yet.
    after = own if dues is NOTHING_DUE else dues.plus(own)
    return max(ZERO, fee_total(after, currency) - fee_total(dues, currency))
