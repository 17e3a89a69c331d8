"""Trial of a risk rule: its refusals and warnings on past orders, before it is created or changed.

It reads what is kept of the range (orders, their fills, samples of equity) and stores nothing. One trial runs at a time
in a process; its judgement runs in a thread.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.access.types import Actor, require_role
from domain.accounts.queries import require_account
from domain.kernel.errors import BadInput, RateLimited
from domain.kernel.ids import new_id
from domain.kernel.text import clean_text
from domain.orders.deciding.rule_trial import NOT_KEPT, SAMPLED, TrialHit, try_on_orders, try_on_samples
from domain.orders.entry.context import OrderContext
from domain.orders.reading.trials.rule_trial_queries import read_samples, read_trading
from domain.risk.service import MAX_WINDOW_SECONDS, OWNERS, CreateRiskRule, check_rule
from domain.risk.types import RiskAction, RiskRule, RiskRuleKind

MAX_RANGE, DEFAULT_RANGE = timedelta(days=31), timedelta(days=1)
MAX_ROWS, MAX_HITS = 50_000, 500
MAX_SECONDS = 25.0
# Samples come every minute; the day's first one lies around the roll.
_BEFORE_ROLL = timedelta(hours=1)
_busy = asyncio.Lock()


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """The result of a trial: of ``tried`` orders or samples the rule hit ``count``, and refused ``refused`` orders.

    ``hits`` are the first 500. Where ``is_complete`` is false, the bound of rows was met, and nothing after
    ``reached_at`` was read.
    """

    kind: RiskRuleKind
    since: datetime
    until: datetime
    tried: int
    is_complete: bool
    reached_at: datetime
    count: int
    refused: int
    hits: tuple[TrialHit, ...]


async def try_rule(
    context: OrderContext, actor: Actor, command: CreateRiskRule, since: datetime | None, until: datetime | None
) -> RuleTrial:
    """Try a rule on what was at ``since`` <= time < ``until``; by default on the last day.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: names the field that is wrong, or the kind of rule that compares what is not kept.
        NotFound: the account or symbol does not exist.
        RateLimited: another trial runs in this process.
    """
    require_role(actor, *OWNERS)
    rule = _rule_of(command, context.clock())
    begins, ends = _range_of(since, until, context.clock())
    if command.account_id is not None:
        await require_account(actor, command.account_id)
    if command.symbol is not None:
        await context.market.find(command.symbol)
    if _busy.locked():
        raise RateLimited("Another trial is running: try again when it has ended.", retryAfterSeconds=int(MAX_SECONDS))
    async with _busy:
        try:
            async with asyncio.timeout(MAX_SECONDS):
                return await (_on_samples if rule.kind in SAMPLED else _on_orders)(context, rule, begins, ends)
        except TimeoutError as late:
            raise BadInput("This range takes too long to read: choose a shorter one.", field="from") from late


def _rule_of(command: CreateRiskRule, now: datetime) -> RiskRule:
    name = clean_text(command.name, field="name", max_length=100)
    check_rule(command)
    if command.kind in NOT_KEPT:
        reason = "compares prices, sessions or quotes of each moment, which are not kept"
        raise BadInput(f"{command.kind} {reason}.", field="kind")
    return RiskRule(
        id=new_id(),
        name=name,
        kind=command.kind,
        scope=command.scope,
        account_id=command.account_id,
        symbol=command.symbol,
        strategy=command.strategy,
        threshold=command.threshold,
        window_seconds=command.window_seconds,
        action=command.action,
        enabled=True,
        created_at=now,
        updated_at=now,
        version=1,
        self_trade_prevention=command.self_trade_prevention,
    )


def _range_of(since: datetime | None, until: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    ends = now if until is None else until
    begins = ends - DEFAULT_RANGE if since is None else since
    if ends <= begins:
        raise BadInput("This ends before it begins.", field="to")
    if ends - begins > MAX_RANGE:
        raise BadInput(f"A rule is tried on at most {MAX_RANGE.days} days at once.", field="to")
    if begins > now:
        raise BadInput("This is in the future.", field="from")
    return begins, ends


async def _on_orders(context: OrderContext, rule: RiskRule, since: datetime, until: datetime) -> RuleTrial:
    begins = min(context.day_roll.last_before(since), since - timedelta(seconds=MAX_WINDOW_SECONDS))
    past = await read_trading(rule.account_id, rule.symbol, begins, until, MAX_ROWS)
    tried, hits = await asyncio.to_thread(
        try_on_orders, rule, past.orders, past.fills, past.positions, since, context.day_roll
    )
    reached = until if past.is_complete or not past.orders else past.orders[-1].at
    return _result(rule, since, until, tried, hits, reached, is_complete=past.is_complete)


async def _on_samples(context: OrderContext, rule: RiskRule, since: datetime, until: datetime) -> RuleTrial:
    begins = context.day_roll.last_before(since) - _BEFORE_ROLL
    samples, is_complete = await read_samples(rule.account_id, begins, until, MAX_ROWS)
    tried, hits = await asyncio.to_thread(try_on_samples, rule, samples, since, context.day_roll)
    reached = until if is_complete or not samples else samples[-1].at
    return _result(rule, since, until, tried, hits, reached, is_complete=is_complete)


def _result(
    rule: RiskRule,
    since: datetime,
    until: datetime,
    tried: int,
    hits: list[TrialHit],
    reached: datetime,
    *,
    is_complete: bool,
) -> RuleTrial:
    stops = rule.action is not RiskAction.WARN
    return RuleTrial(
        kind=rule.kind,
        since=since,
        until=until,
        tried=tried,
        is_complete=is_complete,
        reached_at=reached,
        count=len(hits),
        refused=sum(hit.order_id is not None for hit in hits) if stops else 0,
        hits=tuple(hits[:MAX_HITS]),
    )
