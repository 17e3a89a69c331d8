"""Channels of notifications, and the worker's part that tells them, for tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

from adapters.wiring import ProcessServices
from domain.access.types import Actor
from domain.kernel.unit_of_work import unit_of_work
from domain.risk.events import raise_events
from domain.risk.types import RiskEvent, RiskEventSource, RiskSignal, Severity
from domain.system.notifications.drafts import ChannelDraft
from domain.system.notifications.rules import Pace
from domain.system.notifications.service import save_channel
from domain.system.notifications.types import NotificationChannel, NotificationTopic
from workers.notifying import Notifying

QUICK = Pace(
    gather_seconds=0.1,
    interval_seconds=0.1,
    retry_seconds=0.1,
    lease_seconds=30,
    confirm_seconds=0.1,
    give_up_after=timedelta(days=1),
)


@asynccontextmanager
async def telling(services: ProcessServices, pace: Pace = QUICK) -> AsyncIterator[None]:
    """The notification part of a worker."""
    task = asyncio.create_task(Notifying(services, pace).run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def add_channel(
    services: ProcessServices, actor: Actor, url: str, *topics: NotificationTopic, **others: Any
) -> NotificationChannel:
    """A channel, by default of risk events."""
    wanted = topics or (NotificationTopic.RISK_EVENT,)
    return await save_channel(
        services.notifications, actor, ChannelDraft(others.pop("name", url[:50]), url, wanted, **others)
    )


async def raise_risk(
    services: ProcessServices, count: int = 1, severity: Severity = Severity.WARNING, account_id: UUID | None = None
) -> Sequence[RiskEvent]:
    """Risk events, in one transaction."""
    signals = [
        RiskSignal(RiskEventSource.MONITOR, "MAX_DAILY_LOSS", severity, f"Loss number {number}.", account_id=account_id)
        for number in range(count)
    ]
    async with unit_of_work(services.bus) as work:
        return await raise_events(work, signals)
