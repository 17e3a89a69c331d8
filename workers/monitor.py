"""The monitor role: limits on open positions, by every account with positions, valued on every quote, in memory.

Accounts are followed by their events and revalued by quotes; the accounts with positions are read from the database
once a second. A change of a followed account is seen at once, a new account within that second.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from uuid import UUID

import structlog

from adapters.wiring import ProcessServices
from domain.accounts.types import AccountBook
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import Unavailable
from domain.kernel.numbers import ZERO
from domain.kernel.retry_policies import RESTART
from domain.kernel.supervision import Guarded
from domain.orders.protection.limit_monitor import LimitMonitor
from domain.positions.live import LiveBooks, Watched
from domain.positions.queries import read_holders

ROLE = "monitor"
LOOK_SECONDS = 1.0
_log = structlog.stdlib.get_logger("monitor")


class Monitor:
    """The accounts that one process monitors; ``run`` never returns."""

    def __init__(self, services: ProcessServices, progressed: Callable[[], None] = lambda: None) -> None:
        self._progressed = progressed
        self._live = LiveBooks(services.market, services.logs)
        self._guard = LimitMonitor(services.order_context, services.books, services.closing)
        self._watches: dict[UUID, asyncio.Task[None]] = {}
        self._peaks: Mapping[UUID, tuple[int, Decimal]] = {}
        self._seen: dict[UUID, Watched] = {}

    async def run(self) -> None:
        """Monitor all accounts with positions, until cancelled."""
        await self._guard.load()
        rules = await self._guard.rules()
        try:
            while True:
                self._progressed()
                with suppress(Unavailable):
                    self._peaks = await read_holders()
                    self._follow_holders()
                changed = await self._guard.rules()
                if changed is not rules:
                    rules = changed
                    for watched in self._seen.values():
                        watched.touch()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await end_tasks(*self._watches.values())
            await self._guard.close()

    def _follow_holders(self) -> None:
        for account_id in self._peaks.keys() - self._watches.keys():
            self._watches[account_id] = asyncio.create_task(self._watch(account_id))
        for account_id, task in list(self._watches.items()):
            if task.done():
                del self._watches[account_id]

    async def _watch(self, account_id: UUID) -> None:
        """Monitor an account until it has been flat for a while and no breach is active."""
        try:
            with Guarded(_log, "account cannot be monitored, will retry", account_id=str(account_id)) as guarded:
                async with self._live.watch(account_id) as watched:
                    self._seen[account_id] = watched
                    seen = -1
                    while account_id in self._peaks or self._guard.going_on.get(account_id):
                        seen = await watched.changed(seen)
                        value = watched.value()
                        await self._guard.look(value, self._peak(value.account))
            if guarded.failed:
                await asyncio.sleep(RESTART.first_seconds)
        finally:
            self._seen.pop(account_id, None)

    def _peak(self, account: AccountBook) -> Decimal:
        """The highest equity so far: samples count too, unless money has moved since."""
        sequence, peak = self._peaks.get(account.id, (0, ZERO))
        return peak if sequence >= account.event_sequence else account.peak_equity
