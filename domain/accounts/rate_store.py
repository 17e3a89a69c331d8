"""Interest rates in the database."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from domain.accounts import models
from domain.kernel.orm import read, value_of
from domain.kernel.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class InterestRate:
    """The yearly interest rate of loans in a currency, as a ratio."""

    currency: str
    loan_rate: Decimal
    updated_at: datetime


async def save_interest_rate(work: UnitOfWork, currency: str, loan_rate: Decimal) -> bool:
    """Store what loans of a currency cost; False when they cost that already."""
    if await work.insert_once(models.InterestRate(currency=currency, loan_rate=loan_rate, updated_at=work.now)):
        return True
    query = models.InterestRate.filter(currency=currency).exclude(loan_rate=loan_rate).using_db(await work.orm())
    return await query.update(loan_rate=loan_rate, updated_at=work.now) > 0


async def read_interest_rates() -> list[InterestRate]:
    """Every rate, by currency."""
    return [value_of(InterestRate, row) for row in await read(models.InterestRate.all().order_by("currency"))]


async def load_loan_rates(work: UnitOfWork) -> dict[str, Decimal]:
    """The yearly rates of loans by currency, read in this transaction."""
    return {row.currency: row.loan_rate for row in await models.InterestRate.all().using_db(await work.orm())}
