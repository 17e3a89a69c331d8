"""Busts and corrections of executions: nothing is erased, everything is compensated.

Guarantees: the execution stays, marked; money moves back by transactions of its own; position, order and later realised
PnL are as if it had never been, or been the corrected one from the start; one event records it. All in one transaction,
and a repeat changes nothing. A bust may leave an account with less cash or position than its own trading could; then
the account may only reduce (``leftovers``).
"""

from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_role
from domain.accounts import queries as account_queries
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Conflict, NotFound
from domain.kernel.numbers import ZERO, plain, within_bounds
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.market import Market
from domain.market.types import Instrument
from domain.orders.books.reversal import Correction, Reported, Reversal
from domain.orders.entry.context import OrderContext
from domain.orders.model.order import Execution
from domain.orders.reading import execution_queries
from domain.risk.events import raise_events
from domain.risk.operators import BUSTED, CORRECTED
from domain.risk.types import RiskEventSource, RiskSignal, Severity

MAX_REASON_LENGTH = 500


async def bust_execution(context: OrderContext, actor: Actor, execution_id: UUID, reason: str) -> Execution:
    """Bust an execution, and return it, marked. A repeat returns it as it is.

    Raises:
        Forbidden: the actor is neither RISK_MANAGER nor ADMIN.
        NotFound: there is no such execution.
        Conflict: it was corrected, or later executions closed its units in a hedging account.
    """
    reason = await _checked(actor, execution_id, reason)
    return await take_back(context.bus, context.market, actor, execution_id, None, reason)


async def correct_execution(
    context: OrderContext, actor: Actor, execution_id: UUID, correction: Correction, reason: str
) -> Execution:
    """Replace an execution by a corrected one, and return that. A repeat of the same correction returns it as it is.

    Raises:
        BadInput: a price or quantity that no execution can have, or nothing to correct.
        Forbidden, NotFound, Conflict: as for busting; or it was busted, or corrected to something else.
    """
    reason = await _checked(actor, execution_id, reason)
    for name, value in (("price", correction.price), ("quantity", correction.quantity)):
        if not within_bounds(value):
            raise BadInput("A number has at most 18 digits before and 18 after the decimal point.", field=name)
    if correction.quantity <= ZERO:
        raise BadInput("The quantity must be above zero.", field="quantity")
    return await take_back(context.bus, context.market, actor, execution_id, correction, reason)


async def _checked(actor: Actor, execution_id: UUID, reason: str) -> str:
    """The reason, cleaned, once it is known that the actor may do this at all."""
    found = await execution_queries.read_execution(execution_id)
    if found is None or not actor.may_read(found.account_id):
        raise NotFound("There is no such execution.", field="id")
    require_role(actor, Role.RISK_MANAGER, Role.ADMIN)
    return clean_text(reason, field="reason", max_length=MAX_REASON_LENGTH)


async def take_back(
    bus: Bus,
    market: Market,
    actor: Actor,
    execution_id: UUID,
    correction: Correction | None,
    reason: str,
    reported: Reported | None = None,
) -> Execution:
    """Bust or correct an execution for an actor who may; a venue's report is about its newest correction.

    Raises:
        BadInput, Conflict: as for busting and correcting.
    """
    catalog = await market.refresh()
    async with unit_of_work(bus) as work:
        original = await _locked(work, execution_id)
        while reported is not None and original.corrected_by is not None:
            original = await _locked(work, original.corrected_by)
        if reported is not None and correction == Correction(original.price, original.quantity):
            return original
        done = await _done_before(work, original, correction)
        if done is not None:
            return done
        instrument = catalog.by_id[original.instrument_id]
        if correction is not None:
            _check_correction(original, correction, instrument)
        account = (await account_queries.lock_books(work, [original.account_id]))[original.account_id]
        reversal = Reversal(work, actor.email, account, instrument, original)
        result = await reversal.carry_out(correction, reason, reported)
        action = "bustExecution" if correction is None else "correctExecution"
        detail = {"reason": reason, "orderId": original.order_id}
        await audit(work, actor, action, target_of("execution", original.id), detail=detail)
        await raise_events(work, [_signal(actor, original, correction, reason)])
    return result


def _signal(actor: Actor, original: Execution, correction: Correction | None, reason: str) -> RiskSignal:
    did = "busted" if correction is None else "corrected"
    return RiskSignal(
        source=RiskEventSource.OPERATOR,
        kind=BUSTED if correction is None else CORRECTED,
        severity=Severity.WARNING,
        message=f"{actor.email} has {did} an execution of {plain(original.quantity)} {original.symbol}: {reason}",
        account_id=original.account_id,
        symbol=original.symbol,
        order_id=original.order_id,
    )


async def _locked(work: UnitOfWork, execution_id: UUID) -> Execution:
    """The execution, read under its account's lock."""
    found = await execution_queries.load_execution(work, execution_id)
    assert found is not None
    await account_queries.lock_books(work, [found.account_id])
    again = await execution_queries.load_execution(work, execution_id)
    assert again is not None
    return again


async def _done_before(work: UnitOfWork, original: Execution, correction: Correction | None) -> Execution | None:
    if original.busted_at is None:
        return None
    if original.corrected_by is None:
        if correction is None:
            return original
        raise Conflict("The execution was busted.")
    successor = await execution_queries.load_execution(work, original.corrected_by)
    assert successor is not None
    if correction is not None and (successor.price, successor.quantity) == (correction.price, correction.quantity):
        return successor
    raise Conflict("The execution was corrected before; name its correction.", correctedBy=str(successor.id))


def _check_correction(original: Execution, correction: Correction, instrument: Instrument) -> None:
    if (correction.price, correction.quantity) == (original.price, original.quantity):
        raise BadInput("The execution has this price and quantity already.", field="price")
    if correction.price <= ZERO and not instrument.allows_negative_prices:
        raise BadInput("The price must be above zero.", field="price")
