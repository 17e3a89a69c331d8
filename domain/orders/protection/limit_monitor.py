"""The limit monitor: one event per breach of an account until it clears, then the rule's action.

The event and the immediate action commit together, under the account's lock: a second process, a standby or a sweep,
finds the event and does nothing. Longer work is resumable: cancels by the sweep of halts, a liquidation by the next
look at the account.
"""

import asyncio
import contextvars
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import structlog

from domain.access.attribution import PlatformPart, actor_of
from domain.access.types import PLATFORM_ROLE
from domain.accounts.rules import is_restricted_by
from domain.accounts.types import AccountState
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import DomainError, Unavailable
from domain.kernel.numbers import ZERO
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import LIQUIDATION
from domain.kernel.supervision import Guarded
from domain.kernel.unit_of_work import unit_of_work
from domain.orders import queries
from domain.orders.entry.closing import PositionClosing
from domain.orders.entry.context import OrderContext
from domain.orders.model.commands import ClosePosition
from domain.orders.protection.enforcement import RESTRICTING, apply_actions
from domain.orders.protection.halting import finish_halt
from domain.positions.service import Books
from domain.positions.values import AccountValue, PositionValue
from domain.risk import event_queries
from domain.risk.events import raise_events
from domain.risk.rules.held import Breach, belongs_to, breaches, watched_rules
from domain.risk.types import (
    RiskAction,
    RiskEventSource,
    RiskLimits,
    RiskRule,
    RiskScope,
    RiskSignal,
    Severity,
)

CAUSE = "RISK_LIMIT"
BY = PlatformPart.MONITOR.value
_ACTOR = actor_of(PlatformPart.MONITOR)
_NOTES = frozenset({RiskAction.WARN, RiskAction.REJECT})
# Between two looks at an order that closes, and before one that was refused is tried again, longer each time.
_LOOK_SECONDS = 0.05
_log = structlog.stdlib.get_logger("monitor")


@dataclass(slots=True)
class LimitMonitor:
    """Checks valued accounts and acts. One instance checks an account at a time.

    ``going_on`` are the active breaches that have an event, by account.
    """

    context: OrderContext
    books: Books
    closing: PositionClosing
    going_on: dict[UUID, set[str]] = field(default_factory=dict)
    _rules: tuple[RiskLimits | None, tuple[RiskRule, ...]] = (None, ())
    _liquidations: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    async def load(self) -> None:
        """Load the active breaches."""
        self.going_on.clear()
        for fingerprint in await event_queries.read_going_on():
            _, _, account, *_ = (*fingerprint.split(":"), "", "")
            with suppress(ValueError):
                if belongs_to(fingerprint, UUID(account)):
                    self.going_on.setdefault(UUID(account), set()).add(fingerprint)

    async def close(self, *, within_seconds: float = 0.0) -> None:
        """Stop running liquidations after a time; the next monitor continues them."""
        tasks = list(self._liquidations.values())
        if tasks and within_seconds:
            await asyncio.wait(tasks, timeout=within_seconds)
        await end_tasks(*tasks)

    async def rules(self) -> tuple[RiskRule, ...]:
        """The rules in force that apply to open positions."""
        limits = await self.context.limits.current()
        if self._rules[0] is not limits:
            self._rules = (limits, watched_rules(limits.rules))
        return self._rules[1]

    async def look(self, value: AccountValue, peak: Decimal) -> list[Breach]:
        """Check an account at its present value: raise new breaches, act on them, and clear old ones.

        An account with stale prices is skipped.

        Raises:
            Unavailable: the database is away; every action taken has its event.
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
        """True if a person lifted the state that an active breach led to."""
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
        """Apply the actions of breaches; ``again`` when they have events and a person lifted the state meanwhile."""
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
            "limit still broken, account restricted again" if again else "limit broken",
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
        """Close positions at market, the worst loss first, one at a time, until no limit asks for it."""
        backoff = Backoff(LIQUIDATION)
        while True:
            with Guarded(_log, "liquidation failed, will retry", account_id=str(account_id)):
                value = (await self.books.read([account_id]))[account_id]
                found = breaches(value, value.account.peak_equity, await self.rules(), self.context.clock())
                held = [row for row in value.positions if row.quantity != ZERO]
                if not held or all(breach.rule.action is not RiskAction.LIQUIDATE for breach in found):
                    return
                if await self._close_first(sorted(held, key=lambda row: (row.unrealized_pnl, row.symbol))):
                    backoff.succeeded()
                    continue
                _log.warning("liquidation is refused, will retry", account_id=str(account_id))
            await backoff.wait()

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

        Its working orders are cancelled first. The position is closed even if the venue does not answer the cancels:
        the closing orders are reduce-only.
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
        message=f"The limit is still broken, so the account is restricted again: {violation.message}"
        if again
        else violation.message,
        account_id=breach.account_id,
        symbol=breach.symbol,
        rule_id=rule.id,
        observed=violation.observed,
        limit=violation.limit,
        action_taken=rule.action,
        fingerprint=None if again else breach.fingerprint,
    )
