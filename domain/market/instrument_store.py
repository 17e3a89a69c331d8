"""Instruments in the database."""

from typing import Any
from uuid import UUID

from domain.kernel.orm import columns_of, read, value_of
from domain.kernel.unit_of_work import UnitOfWork
from domain.market import models
from domain.market.types import FeeSchedule, Instrument

# The columns of a fee schedule, by its fields.
_FEES = {
    "maker_rate": "maker_rate",
    "taker_rate": "taker_rate",
    "per_unit": "fee_per_unit",
    "minimum": "fee_minimum",
    "sell_tax_rate": "sell_tax_rate",
}
_CHANGEABLE = (
    "name",
    "initial_margin_rate",
    "maintenance_margin_rate",
    "price_limit_rate",
    "shortable",
    "tradable",
    "funding_rate",
    "borrow_rate",
    "venue_symbol",
    "tick_size",
    "lot_size",
    "min_quantity",
    "max_quantity",
    "min_notional",
)


async def read_instruments() -> list[Instrument]:
    """All instruments by symbol."""
    rows = await read(models.Instrument.all())
    return sorted((_to_instrument(row) for row in rows), key=lambda instrument: instrument.symbol)


async def lock_instrument(work: UnitOfWork, symbol: str) -> Instrument | None:
    """The instrument, locked until the end of the unit of work."""
    row = await models.Instrument.filter(symbol=symbol).using_db(await work.orm()).select_for_update().first()
    return _to_instrument(row) if row is not None else None


async def lock_by_id(work: UnitOfWork, instrument_id: UUID) -> Instrument:
    """The instrument of an id that is known to exist, locked until the end of the unit of work."""
    row = await models.Instrument.filter(id=instrument_id).using_db(await work.orm()).select_for_update().first()
    assert row is not None, "instruments are never removed"
    return _to_instrument(row)


async def instrument_exists(work: UnitOfWork, symbol: str) -> bool:
    """True if there is an instrument of this symbol."""
    return await models.Instrument.filter(symbol=symbol).using_db(await work.orm()).exists()


async def insert_instrument(work: UnitOfWork, instrument: Instrument) -> bool:
    """Store a new instrument; False if its symbol is taken."""
    terms = columns_of(instrument) | {"funding_hours": _hours_text(instrument), "funding_since": work.now}
    del terms["fees"]
    return await work.insert_once(
        models.Instrument(**terms, **_fees(instrument.fees), created_at=work.now, updated_at=work.now)
    )


async def update_instrument(work: UnitOfWork, instrument: Instrument) -> None:
    """Store the changeable terms of an instrument."""
    hours = _hours_text(instrument)
    row = models.Instrument.filter(id=instrument.id).using_db(await work.orm())
    # A schedule counts from when it was set: hours before it are not made up for.
    await row.exclude(funding_hours=hours).update(funding_since=work.now)
    terms = columns_of(instrument, *_CHANGEABLE) | _fees(instrument.fees)
    await row.update(updated_at=work.now, funding_hours=hours, **terms)


async def rename_instrument(work: UnitOfWork, instrument_id: UUID, symbol: str) -> bool:
    """Give an instrument another symbol; False when another instrument has it."""
    if await instrument_exists(work, symbol):
        return False
    row = models.Instrument.filter(id=instrument_id).using_db(await work.orm())
    return await row.update(symbol=symbol, updated_at=work.now) > 0


async def stop_trading(work: UnitOfWork, instrument_id: UUID) -> None:
    """Make an instrument not tradable."""
    row = models.Instrument.filter(id=instrument_id).using_db(await work.orm())
    await row.update(tradable=False, updated_at=work.now)


def _hours_text(instrument: Instrument) -> str:
    return ",".join(str(hour) for hour in instrument.funding_hours)


def _fees(fees: FeeSchedule) -> dict[str, Any]:
    return {column: getattr(fees, name) for name, column in _FEES.items()}


def _to_instrument(row: models.Instrument) -> Instrument:
    fees = FeeSchedule(**{name: getattr(row, column) for name, column in _FEES.items()})
    hours = tuple(int(hour) for hour in row.funding_hours.split(",") if hour)
    return value_of(Instrument, row, fees=fees, funding_hours=hours)
