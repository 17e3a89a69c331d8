"""Acting on limits that an account breaks with what it holds: one event per breach until it clears, then its action.

The event and what is done at once commit together, under the account's lock: whoever comes second, a standby or a
sweep, finds the event and does nothing again. What takes time is finished by whoever is there: cancels by the sweep of
halts, a liquidation by the next look at the account.
"""

import asyncio
import contextvars
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import structlog

from domain.access.attribution import Part, actor_of
from domain.access.types import PLATFORM_ROLE
from domain.accounts.rules import is_restricted_by
from domain.accounts.types import AccountState
from domain.kernel.errors import DomainError, Unavailable
from domain.kernel.numbers import ZERO
from domain.kernel.unit_of_work import unit_of_work
from domain.orders import queries
from domain.orders.entry.closing import PositionClosing
from domain.orders.entry.context import OrderContext
from domain.orders.model.commands import ClosePosition
from domain.orders.protection.enforcement import RESTRICTING, apply_actions
from domain.orders.protection.halting import finish_halt
from domain.positions.service import Books
from domain.positions.valuation import AccountValue, PositionValue
from domain.risk import event_queries
from domain.risk.events import raise_events
from domain.risk.rules.held import Breach, belongs_to, breaches, watched_rules
from domain.risk.types import (
    Limits,
    RiskAction,
    RiskEventSource,
    RiskRule,
    RiskScope,
    RiskSignal,
    Severity,
)

CAUSE = "RISK_LIMIT"
BY = Part.MONITOR.value
_ACTOR = actor_of(Part.MONITOR)
_NOTES = frozenset({RiskAction.WARN, RiskAction.REJECT})
# Between two looks at an order that closes, and before one that was refused is tried again, longer each time.
_LOOK_SECONDS = 0.05
_RETRY_SECONDS = 1.0
_MAX_RETRY_SECONDS = 60.0
_log = structlog.stdlib.get_logger("monitor")


@dataclass(slots=True)
class LimitMonitor:
    """Looks at valued accounts and acts. One instance looks at an account at a time.

    ``going_on`` are the breaches that have been told and have not cleared, by account.
    """

    context: OrderContext
    books: Books
    closing: PositionClosing
    going_on: dict[UUID, set[str]] = field(default_factory=dict)
    _rules: tuple[Limits | None, tuple[RiskRule, ...]] = (None, ())
    _liquidations: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    async def load(self) -> None:
        """Learn what goes on, from whoever looked before."""
        self.going_on.clear()
        for fingerprint in await event_queries.read_going_on():
            _, _, account, *_ = (*fingerprint.split(":"), "", "")
            with suppress(ValueError):
                if belongs_to(fingerprint, UUID(account)):
                    self.going_on.setdefault(UUID(account), set()).add(fingerprint)

    async def close(self, *, within_seconds: float = 0.0) -> None:
        """Leave liquidations, after so long, to whoever looks next."""
        tasks = list(self._liquidations.values())
        if tasks and within_seconds:
            await asyncio.wait(tasks, timeout=within_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def rules(self) -> tuple[RiskRule, ...]:
        """The rules in force that hold for what is held."""
        limits = await self.context.limits.current()
        if self._rules[0] is not limits:
            self._rules = (limits, watched_rules(limits.rules))
        return self._rules[1]

    async def look(self, value: AccountValue, peak: Decimal) -> list[Breach]:
        """Look at an account as it is valued now: tell what is new, act on it, and clear what is over.

        An account whose prices are stale is left as it is.

        Raises:
            Unavailable: the database is away; nothing was done that is not also told.
        """
        if any(self.context.market.is_stale(row.symbol) for row in value.positions if row.quantity != ZERO):
            return []
        found = breaches(value, peak, await self.rules(), self.context.clock())
        known = self.going_on.get(value.id, set())
        names = {breach.fingerprint for breach in found}
        if over := known - names:
            async with unit_of_work(self.context.bus) as work:
                await event_queries.clear_events(work, over)
        if new := [breach for breach in found if breach.fingerprint not in known]:
            await self._act(value.id, new)
        elif lifted := [breach for breach in found if await self._is_lifted(value, breach)]:
            await self._act(value.id, lifted, again=True)
        if names or known:
            self.going_on[value.id] = names
        if any(breach.rule.action is RiskAction.LIQUIDATE for breach in found):
            self._liquidate(value.id)
        return found

    async def _is_lifted(self, value: AccountValue, breach: Breach) -> bool:
        """True if somebody has lifted what a breach that goes on led to."""
        if breach.rule.action in RESTRICTING:
            account = value.account
            if account.state is AccountState.ACTIVE:
                return True
            return account.state is AccountState.REDUCE_ONLY and not is_restricted_by(
                account, AccountState.REDUCE_ONLY, PLATFORM_ROLE
            )
        if breach.rule.action is not RiskAction.HALT:
            return False
        halts = (await self.context.limits.current()).halts
        return not any(row.scope is RiskScope.ACCOUNT and row.account_id == value.id for row in halts)

    async def _act(self, account_id: UUID, found: Sequence[Breach], *, again: bool = False) -> None:
        """Do what the breaches ask for; ``again`` when they have been told and somebody has lifted it meanwhile."""
        actions = {breach.rule.action for breach in found}
        if again:
            actions &= RESTRICTING | {RiskAction.HALT}
        async with unit_of_work(self.context.bus) as work:
            done = await apply_actions(work, account_id, actions, found[0].violation.message, BY, CAUSE)
            if again and not done.is_new:
                # What this process knows of the account was out of date.
                return
            await raise_events(work, [_signal(breach, again=again) for breach in found])
        _log.warning(
            "limit still broken, restricted again" if again else "limit broken",
            account_id=str(account_id),
            rules=[str(breach.rule.id) for breach in found],
            actions=sorted(actions),
        )
        if done.halt is not None:
            await finish_halt(self.context.bus, done.halt)

    # -------------------------------------------------------------- liquidation

    def _liquidate(self, account_id: UUID) -> None:
        task = self._liquidations.get(account_id)
        if task is None or task.done():
            # A context of its own: it must not inherit whatever transaction this is called beside.
            self._liquidations[account_id] = asyncio.get_running_loop().create_task(
                self._close_until_within(account_id), context=contextvars.Context()
            )

    async def _close_until_within(self, account_id: UUID) -> None:
        """Close positions at market, the worst loss first and one at a time, until no limit asks for it any more."""
        wait = _RETRY_SECONDS
        while True:
            try:
                value = (await self.books.read([account_id]))[account_id]
                found = breaches(value, value.account.peak_equity, await self.rules(), self.context.clock())
                held = [row for row in value.positions if row.quantity != ZERO]
                if not held or all(breach.rule.action is not RiskAction.LIQUIDATE for breach in found):
                    return
                if await self._close_first(sorted(held, key=lambda row: (row.unrealized_pnl, row.symbol))):
                    wait = _RETRY_SECONDS
                    continue
                _log.warning("liquidation is refused, tries again", account_id=str(account_id), seconds=wait)
            except Exception:  # noqa: BLE001  whatever it was, the account must not be left as it is
                _log.exception("liquidation failed, tries again", account_id=str(account_id))
            await asyncio.sleep(wait)
            wait = min(2 * wait, _MAX_RETRY_SECONDS)

    async def _close_first(self, positions: Sequence[PositionValue]) -> bool:
        """Close the first of the positions that can be closed; False when none can."""
        for position in positions:
            try:
                if await self._close(position):
                    return True
            except DomainError as error:
                account_id, symbol = str(position.account_id), position.symbol
                _log.warning("liquidation waits", account_id=account_id, symbol=symbol, error=error.message)
        return False

    async def _close(self, position: PositionValue) -> bool:
        """Close one position as far as its market lets; False when its order was refused.

        What works on it is cancelled first. A venue that does not answer that is no reason to stay in: the orders that
        close only reduce, whatever else fills.
        """
        command = ClosePosition(position.account_id, position.symbol, position.position.side)
        try:
            placed = await self.closing.close(_ACTOR, command, cancel_working=True)
        except Unavailable:
            placed = await self.closing.close(_ACTOR, command)
        orders = {row.order.id for row in placed}
        while orders:
            now = await queries.read_orders(orders)
            if any(order.reject_reason is not None for order in now.values()):
                return False
            if not any(order.is_open for order in now.values()):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        return True


def _signal(breach: Breach, *, again: bool) -> RiskSignal:
    rule, violation = breach.rule, breach.violation
    return RiskSignal(
        source=RiskEventSource.MONITOR,
        kind=rule.kind.value,
        severity=Severity.WARNING if rule.action in _NOTES else Severity.CRITICAL,
        message=f"Still broken, so it is restricted again: {violation.message}" if again else violation.message,
        account_id=breach.account_id,
        symbol=breach.symbol,
        rule_id=rule.id,
        observed=violation.observed,
        limit=violation.limit,
        action_taken=rule.action,
        fingerprint=None if again else breach.fingerprint,
    )
