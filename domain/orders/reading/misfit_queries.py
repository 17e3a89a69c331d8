"""Reads of working orders that do not fit their instrument's terms: candidates by SQL, decided by the rule.

SQL: a search over all open orders of many instruments in one statement.
"""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from domain.kernel.database import Row, fetch
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.instrument_store import read_instruments
from domain.market.types import Instrument
from domain.orders.deciding.fitting import OrderMisfit, misfit_of
from domain.orders.queries import FROM_ORDERS, SELECT_ORDER, to_order

# Of one instrument; the oldest first.
MAX_MISFITS = 500
_SUSPECTS = f"""
SELECT * FROM (
  SELECT {SELECT_ORDER}, row_number() OVER (PARTITION BY o.instrument_id ORDER BY o.id) AS place {FROM_ORDERS}
  WHERE o.instrument_id = ANY($1::uuid[]) AND o.closed_at IS NULL AND (
    o.limit_price % i.tick_size <> 0 OR o.stop_price % i.tick_size <> 0 OR o.activation_price % i.tick_size <> 0
    OR NOT (o.reduce_only OR o.position_effect IN ('CLOSE', 'CLOSE_TODAY')) AND (
      (o.quantity - o.filled_quantity) % i.lot_size <> 0 OR o.quantity < i.min_quantity OR o.quantity > i.max_quantity
      OR i.min_notional > 0 AND (i.inverse OR o.quantity * i.multiplier * abs(o.reserve_price) < i.min_notional)
    )
  )
) AS suspects WHERE place <= $2 ORDER BY id
"""


async def read_misfits(instrument_ids: Collection[UUID]) -> dict[UUID, list[OrderMisfit]]:
    """Misfits by instrument, at most 500 of each, the oldest first; on the stored terms."""
    rows = await fetch(_SUSPECTS, list(instrument_ids), MAX_MISFITS)
    return _found(rows, {row.id: row for row in await read_instruments()}) if rows else {}


async def load_misfits(work: UnitOfWork, instrument: Instrument) -> list[OrderMisfit]:
    """The misfits of one instrument, on terms that this transaction has stored."""
    rows = await work.fetch(_SUSPECTS, [instrument.id], MAX_MISFITS)
    return _found(rows, {instrument.id: instrument}).get(instrument.id, [])


def _found(rows: Iterable[Row], instruments: Mapping[UUID, Instrument]) -> dict[UUID, list[OrderMisfit]]:
    found: dict[UUID, list[OrderMisfit]] = {}
    for row in rows:
        order = to_order(row[:-1])
        misfit = misfit_of(order, instruments[order.instrument_id])
        if misfit is not None:
            found.setdefault(order.instrument_id, []).append(misfit)
    return found
