"""Trading halts: the kill switch, for everything, an account, an instrument or a strategy.

A halt applies to every order that arrives in any process after its transaction has committed: it shares the versioned
cache of the rules. It stays in history for good, with the author and reason of the halt and of its lifting.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, higher_role, require_role
from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.errors import Conflict, Forbidden, NotFound
from domain.kernel.ids import new_id
from domain.kernel.pages import Page, PageRequest
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.risk import halt_store as store
from domain.risk.events import raise_events
from domain.risk.halt_store import HaltSearch
from domain.risk.store import TOPIC
from domain.risk.subjects import check_exists, check_subject
from domain.risk.types import RiskEventSource, RiskScope, RiskSignal, Severity, TradingHalt

OWNERS = (Role.RISK_MANAGER, Role.ADMIN)
HALTED = "HALT"
RESUMED = "RESUME"
_MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class HaltTrading:
    """The command to halt trading; the scope decides which of account, symbol and strategy must be named."""

    scope: RiskScope
    reason: str
    account_id: UUID | None = None
    symbol: str | None = None
    strategy: str | None = None
    cancel_open_orders: bool = True


async def halt(work: UnitOfWork, by: str, role: Role, command: HaltTrading) -> TradingHalt:
    """Put a halt in force: a step. ``by`` names the author and the role.

    If the same halt is in force already it stays as it is, except that a higher role is stored.

    Raises:
        BadInput: names the field.
        NotFound: the account or symbol does not exist.
    """
    reason = clean_text(command.reason, field="reason", max_length=_MAX_REASON)
    check_subject(command)
    await check_exists(work, command)
    made = TradingHalt(
        id=new_id(),
        scope=command.scope,
        account_id=command.account_id,
        symbol=command.symbol,
        strategy=command.strategy,
        reason=reason,
        by=by,
        role=role,
        at=work.now,
    )
    # The version's row is locked from here on: of two that halt the same, the second finds the first's.
    await bump(work, TOPIC)
    same = await store.find_same(work, made)
    if same is not None:
        if command.cancel_open_orders:
            await store.request_cancels_of(work, same.id)
        raised = replace(same, role=higher_role(same.role, role))
        if raised != same:
            await store.save_role(work, raised)
        return raised
    await store.insert_halt(work, made, cancels=command.cancel_open_orders)
    await raise_events(work, [_signal(made, HALTED, Severity.CRITICAL, f"Trading was halted: {reason}")])
    return made


async def lift_halt(bus: Bus, actor: Actor, halt_id: UUID, reason: str) -> TradingHalt:
    """Lift a halt. Lifting it again with the same reason changes nothing.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN, or a higher role halted it.
        BadInput: the reason is empty or too long.
        NotFound: there is no such halt.
        Conflict: it was lifted before, for another reason.
    """
    require_role(actor, *OWNERS)
    reason = clean_text(reason, field="reason", max_length=_MAX_REASON)
    async with unit_of_work(bus) as work:
        found = await store.lock_halt(work, halt_id)
        if found is None:
            raise NotFound("There is no such halt.", field="id")
        if found.lifted_at is not None:
            if (found.lifted_by, found.lift_reason) == (actor.email, reason):
                return found
            raise Conflict("The halt was lifted already.")
        if found.role.rank > actor.role.rank:
            raise Forbidden(f"The role {found.role} set this halt: a lower role cannot lift it.")
        lifted = replace(found, lifted_at=work.now, lifted_by=actor.email, lift_reason=reason)
        await store.save_lifting(work, lifted)
        await bump(work, TOPIC)
        await audit(work, actor, "resumeTrading", target_of("tradingHalt", halt_id), detail={"reason": reason})
        await raise_events(work, [_signal(lifted, RESUMED, Severity.INFO, f"Trading was resumed: {reason}")])
    return lifted


async def list_halts(actor: Actor, *, active_only: bool) -> list[TradingHalt]:
    """Halts that the actor may see, oldest first: of accounts, only those of visible accounts."""
    halts = await store.read_halts(active_only=active_only)
    return [row for row in halts if row.account_id is None or actor.may_read(row.account_id)]


async def page_halts(actor: Actor, request: PageRequest, search: HaltSearch) -> Page[TradingHalt]:
    """A page of the halts that the actor may see, newest first.

    Raises:
        BadInput: a cursor of another list.
    """
    return await store.page_halts(request, search, _seen(actor))


async def count_halts(actor: Actor, search: HaltSearch) -> int:
    """The number of halts that match and that the actor may see."""
    return await store.count_halts(search, _seen(actor))


def _seen(actor: Actor) -> list[UUID] | None:
    return None if actor.sees_all else list(actor.accounts)


def _signal(halt: TradingHalt, kind: str, severity: Severity, message: str) -> RiskSignal:
    return RiskSignal(RiskEventSource.OPERATOR, kind, severity, message, account_id=halt.account_id, symbol=halt.symbol)
