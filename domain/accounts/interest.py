"""Interest on loans: a yearly rate per currency, set by an ADMIN, charged at every day roll on cash below zero."""

from decimal import Decimal

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.accounts.rate_store import InterestRate, read_interest_rates, save_interest_rate
from domain.accounts.rules import check_currency
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput
from domain.kernel.numbers import ZERO, plain, within_bounds
from domain.kernel.unit_of_work import unit_of_work

# 1,000 % a year: what is above is a slip of the pen.
MAX_RATE = Decimal(10)


async def set_interest_rate(bus: Bus, actor: Actor, currency: str, loan_rate: Decimal) -> InterestRate:
    """Set the rate of loans in a currency from the next day roll on; setting the same rate again changes nothing.

    Raises:
        Forbidden: the actor is no administrator.
        BadInput: no currency, or a rate that cannot be.
    """
    require_role(actor, Role.ADMIN)
    check_currency(currency)
    if not (within_bounds(loan_rate) and ZERO <= loan_rate <= MAX_RATE):
        raise BadInput("A yearly rate is a ratio from 0 to 10: 0.05 stands for 5 %.", field="loanRate")
    async with unit_of_work(bus) as work:
        if await save_interest_rate(work, currency, loan_rate):
            detail = {"loanRate": plain(loan_rate)}
            await audit(work, actor, "setInterestRate", target_of("currency", currency), detail=detail)
    return next(rate for rate in await list_interest_rates() if rate.currency == currency)


async def list_interest_rates(currency: str | None = None) -> list[InterestRate]:
    """Every rate that was set, or that of one currency, by currency.

    Raises:
        BadInput: no currency has this name.
    """
    if currency is not None:
        check_currency(currency)
    return [rate for rate in await read_interest_rates() if currency in (None, rate.currency)]
