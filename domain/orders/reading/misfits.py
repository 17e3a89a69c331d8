"""Risk events about working orders that do not fit changed terms: their owners decide about them."""

from collections.abc import Sequence
from uuid import UUID

from domain.access.types import Actor
from domain.kernel.unit_of_work import UnitOfWork
from domain.market.types import Instrument
from domain.orders.deciding.fitting import OrderMisfit
from domain.orders.reading.misfit_queries import load_misfits
from domain.risk.events import raise_events
from domain.risk.operators import INSTRUMENT_CHANGED
from domain.risk.types import RiskEventSource, RiskSignal, Severity

# How many of an account's orders an event names.
_NAMED = 10


async def report_misfits(work: UnitOfWork, actor: Actor, instrument: Instrument) -> None:
    """Raise an event for each account with working orders that no longer fit the instrument: a step."""
    by_account: dict[UUID, list[OrderMisfit]] = {}
    for misfit in await load_misfits(work, instrument):
        by_account.setdefault(misfit.order.account_id, []).append(misfit)
    await raise_events(work, [_signal(actor, instrument, owner, found) for owner, found in by_account.items()])


def _signal(actor: Actor, instrument: Instrument, account_id: UUID, found: Sequence[OrderMisfit]) -> RiskSignal:
    named = ", ".join(misfit.order.client_order_id for misfit in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return RiskSignal(
        source=RiskEventSource.OPERATOR,
        kind=INSTRUMENT_CHANGED,
        severity=Severity.WARNING,
        message=f"{actor.email} has changed {instrument.symbol}: working orders do not fit it any more: {named}{more}.",
        account_id=account_id,
        symbol=instrument.symbol,
    )
