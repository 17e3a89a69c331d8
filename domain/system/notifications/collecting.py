"""Collection: new events of the sources become deliveries to channels.

One transaction adds the deliveries and stores the position in each source. So nothing is lost when a process dies, and
nothing is sent twice: an event that is read again has the same key.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from domain.accounts.events import DAY_ROLLED
from domain.accounts.types import AccountEvent
from domain.anomalies.queries import MAX_ANOMALIES_PER_READ, read_anomalies
from domain.kernel.bus import Bus
from domain.kernel.database import beside_transaction
from domain.kernel.unit_of_work import unit_of_work
from domain.risk.event_queries import MAX_EVENTS_PER_READ, read_events, read_unhandled
from domain.settlement.queries import read_statements
from domain.system.health import ComponentHealth, ComponentState
from domain.system.notifications import notices, queries, rules
from domain.system.notifications.queries import Cursors
from domain.system.notifications.store import read_enabled
from domain.system.notifications.types import (
    ACCOUNT_TOPICS,
    Notice,
    NotificationChannel,
    NotificationTopic,
    Reader,
)

# Runs are found by the time of their end, and transactions commit in another order than that of their times.
_LOOK_BACK = timedelta(minutes=10)
# An event that is to be escalated is found for so long after it was due.
_ESCALATES_FOR = timedelta(days=1)
_MAX_ESCALATIONS = 500


@dataclass(slots=True)
class Gathered:
    """The result of a read: the notices, the positions in the sources, and whether there is more."""

    notices: list[Notice]
    cursors: Cursors
    accounts: dict[UUID, int] = field(default_factory=dict)
    is_unfinished: bool = False


async def collect(bus: Bus, parts: Sequence[ComponentHealth]) -> bool:
    """Read the new events and add their deliveries; returns True if there are more.

    ``parts`` are components whose state has lasted long enough to be told. Of several processes one reads at a time.

    Raises:
        Unavailable: the database cannot be reached.
    """
    channels = await read_enabled()
    if not channels:
        return False
    wanted = frozenset(topic for channel in channels for topic in channel.topics)
    async with unit_of_work(bus) as work:
        if not await queries.lock_cursors(work):
            return False
        # Of all processes one comes here at a time.
        with beside_transaction():
            before = await queries.read_cursors()
            gathered = await _gather(before, wanted, parts, work.now)
            escalations = await _escalations(channels, work.now)
            names = await queries.account_names(
                {notice.account_id for notice in (*gathered.notices, *escalations) if notice.account_id is not None}
            )
            told = {account_id: name for account_id, (name, _) in names.items()}
            found = [notices.named(notice, told) for notice in gathered.notices]
            late = [notices.named(notice, told) for notice in escalations]
            readers = await queries.readers({each.owner_id for each in channels if each.owner_id is not None})
        await queries.add_deliveries(work, _heard(channels, found, late, readers, work.now))
        if gathered.cursors != before or gathered.accounts:
            await queries.write_cursors(work, gathered.cursors, gathered.accounts)
    return gathered.is_unfinished


def _heard(
    channels: Sequence[NotificationChannel],
    found: Sequence[Notice],
    late: Sequence[Notice],
    readers: Mapping[UUID, Reader],
    now: datetime,
) -> Iterator[tuple[UUID, Notice]]:
    """The notices of each channel. A person who may not sign in gets none."""
    for channel in channels:
        if channel.owner_id is not None and channel.owner_id not in readers:
            continue
        reader = None if channel.owner_id is None else readers[channel.owner_id]
        minutes = channel.escalate_after_minutes
        for notice in found:
            if rules.hears(channel, notice, reader):
                yield channel.id, notice
        for notice in late if minutes is not None else ():
            if now - notice.at >= timedelta(minutes=minutes or 0) and rules.hears(channel, notice, reader):
                yield channel.id, notice


async def _gather(
    before: Cursors, wanted: frozenset[NotificationTopic], parts: Sequence[ComponentHealth], now: datetime
) -> Gathered:
    events = await read_events(before.risk)
    anomalies = await read_anomalies(before.anomalies, MAX_ANOMALIES_PER_READ)
    found = [notice for event in events for notice in notices.of_risk_event(event)]
    found += map(notices.of_anomaly, anomalies)
    if NotificationTopic.TASK_FAILED in wanted:
        runs = await queries.failed_runs((before.runs or now) - _LOOK_BACK)
        found += [notice for run in runs for notice in notices.of_run(run)]
    cursors = replace(
        before,
        risk=events[-1].sequence if events else before.risk,
        anomalies=anomalies[-1].sequence if anomalies else before.anomalies,
        runs=now if before.runs is None or now - before.runs > _LOOK_BACK / 2 else before.runs,
    )
    full = len(events) == MAX_EVENTS_PER_READ or len(anomalies) == MAX_ANOMALIES_PER_READ
    gathered = Gathered(found, cursors, is_unfinished=full)
    if NotificationTopic.SYSTEM_HEALTH in wanted and parts:
        _compare_health(gathered, parts, now)
    if wanted & ACCOUNT_TOPICS:
        await _read_accounts(gathered, wanted)
    return gathered


def _compare_health(gathered: Gathered, parts: Sequence[ComponentHealth], now: datetime) -> None:
    """Add the parts whose state differs from the last reported one; a new part counts as UP before."""
    told = dict(gathered.cursors.health or {})
    number = gathered.cursors.health_number
    for part in parts:
        was = ComponentState(told.get(part.name, ComponentState.UP))
        if part.state is not was:
            number += 1
            gathered.notices.append(notices.of_component(part, was, number, now))
        told[part.name] = part.state.value
    gathered.cursors = replace(gathered.cursors, health=told, health_number=number)


async def _read_accounts(gathered: Gathered, wanted: frozenset[NotificationTopic]) -> None:
    events, gathered.accounts, more = await queries.next_events()
    gathered.is_unfinished |= more
    rolled = []
    for event in events:
        if event.kind == DAY_ROLLED:
            rolled.append(event)
        else:
            gathered.notices += notices.of_account_event(event)
    if NotificationTopic.DAILY_STATEMENT in wanted:
        gathered.notices += await _statements(rolled)


async def _statements(rolled: Sequence[AccountEvent]) -> list[Notice]:
    names = await queries.account_names({event.account_id for event in rolled})
    found: list[Notice] = []
    for event in rolled:
        day = notices.day_of(event)
        currency = names[event.account_id][1]
        statements = await read_statements(event.account_id, day, day, 1)
        found += [notices.of_statement(statement, currency, event.at) for statement in statements]
    return found


async def _escalations(channels: Sequence[NotificationChannel], now: datetime) -> list[Notice]:
    """The notices to escalate because nobody has acknowledged them."""
    minutes = [each.escalate_after_minutes for each in channels if each.escalate_after_minutes is not None]
    if not minutes:
        return []
    oldest = now - timedelta(minutes=max(minutes)) - _ESCALATES_FOR
    events = await read_unhandled(oldest, now - timedelta(minutes=min(minutes)), _MAX_ESCALATIONS)
    return [notices.of_unacknowledged(event, now) for event in events]
