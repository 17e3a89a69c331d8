"""Sends notifications: collects new notices about once a second, and sends due messages, several at once.

Of several workers one reads at a time, and each channel is sent to by one. Another worker continues the messages of a
dead process when its claim has expired.
"""

import asyncio
import time
from collections.abc import Sequence

import structlog

from adapters.wiring import ProcessServices
from domain.kernel.concurrency import end_tasks
from domain.kernel.supervision import Guarded
from domain.system.health import ComponentHealth, Steadiness
from domain.system.notifications.collecting import collect
from domain.system.notifications.delivering import DeliveryContext, deliver, due_channels
from domain.system.notifications.rules import Pace
from domain.system.notifications.types import NotificationChannel

LOOK_SECONDS = 1.0
HEALTH_SECONDS = 5.0
MAX_AT_ONCE = 10
_log = structlog.stdlib.get_logger("notifications")


class Notifying:
    """One worker's part."""

    def __init__(self, services: ProcessServices, pace: Pace | None = None) -> None:
        told = services.notifications
        self._services = services
        self._pace = pace or Pace()
        self._outbox = DeliveryContext(services.bus, told.messenger, told.vault, told.desk, self._pace)
        self._steadiness = Steadiness(self._pace.confirm_seconds)
        self._looked_at = float("-inf")
        self._sending: dict[object, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Read and send until cancelled."""
        try:
            while True:
                unfinished = False
                with Guarded(_log, "notifications wait"):
                    unfinished = await collect(self._services.bus, await self._health())
                    await self._send()
                if not unfinished:
                    await asyncio.sleep(min(LOOK_SECONDS, self._pace.gather_seconds / 2))
        finally:
            await end_tasks(*self._sending.values())

    async def _health(self) -> Sequence[ComponentHealth]:
        """The parts whose state has lasted, looked at every few seconds."""
        now = time.monotonic()
        if now - self._looked_at < min(HEALTH_SECONDS, self._pace.confirm_seconds / 2):
            return ()
        self._looked_at = now
        found = await self._services.inspection.health()
        return self._steadiness.steady(found.components, now)

    async def _send(self) -> None:
        for channel in await due_channels(self._outbox):
            if len(self._sending) >= MAX_AT_ONCE:
                return
            if channel.id not in self._sending:
                task = asyncio.create_task(self._deliver(channel))
                self._sending[channel.id] = task

    async def _deliver(self, channel: NotificationChannel) -> None:
        try:
            with Guarded(_log, "a message failed, will retry", channel=str(channel.id)):
                error = await deliver(self._outbox, channel)
                if error is not None:
                    _log.warning("a message was not sent", channel=str(channel.id), kind=channel.shown_url, error=error)
        finally:
            self._sending.pop(channel.id, None)
