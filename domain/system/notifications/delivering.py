"""Delivery: the waiting notices of a channel become one sent message.

A sender holds a claim of the channel while it sends, limited by a lease. The name of the message is stored before it is
sent: if the process dies before it knows the outcome, the same notices are sent again under the same name, by
which a program ignores repeated messages.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.kernel.bus import Bus
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.system.notifications import queries, rules
from domain.system.notifications.ports import Messenger, NotSent, Unsealable, Vault
from domain.system.notifications.rendering import render
from domain.system.notifications.rules import Pace
from domain.system.notifications.store import read_some
from domain.system.notifications.types import Delivery, DeliveryState, NotificationChannel, Reader

# One message tells so much; the rest goes with the next.
MAX_NOTICES = 500
UNREADABLE = "The stored address cannot be decrypted because the platform's secret has changed: save the address again."


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """The dependencies of sending. ``desk`` is the address of the desk, for links."""

    bus: Bus
    messenger: Messenger
    vault: Vault
    desk: str
    pace: Pace = field(default_factory=Pace)
    clock: Callable[[], datetime] = utc_now


@dataclass(frozen=True, slots=True)
class _Taken:
    """A claimed channel with its due deliveries."""

    claim_id: UUID
    left_out: int
    deliveries: Sequence[Delivery]


async def due_channels(outbox: DeliveryContext) -> list[NotificationChannel]:
    """The channels with due deliveries, those first that have waited the longest.

    Raises:
        Unavailable: the database cannot be reached.
    """
    waiting = await queries.waiting()
    if not waiting:
        return []
    now = outbox.clock()
    found = [
        channel
        for channel in await read_some(waiting)
        if rules.is_due(channel, *waiting[channel.id], now=now, pace=outbox.pace)
    ]
    return sorted(found, key=lambda channel: waiting[channel.id][0])


async def deliver(outbox: DeliveryContext, channel: NotificationChannel) -> str | None:
    """Send the waiting notices of a channel as one message, unless another worker does; returns the error, or None.

    Raises:
        Unavailable: the database cannot be reached; what was sent may be sent again under the same name.
    """
    taken = await _take(outbox, channel)
    if taken is None:
        return None
    told, dropped = await _split(channel, taken.deliveries)
    error = None
    if told:
        left_out = taken.left_out
        notices = [delivery.notice for delivery in told]
        message_id = told[0].message_id
        assert message_id is not None, "it was named when it was taken"
        message = render(message_id, notices, channel, outbox.desk, outbox.clock(), left_out)
        try:
            await outbox.messenger.send(outbox.vault.open(channel.sealed_url), message)
        except NotSent as problem:
            error = problem.reason
        except Unsealable:
            error = UNREADABLE
    await _settle(outbox, channel, taken, told, dropped, error)
    return error


async def _take(outbox: DeliveryContext, channel: NotificationChannel) -> _Taken | None:
    claim_id = new_id()
    lease = timedelta(seconds=outbox.pace.lease_seconds)
    quiet = rules.is_quiet(channel.quiet, channel.timezone, outbox.clock())
    async with unit_of_work(outbox.bus) as work:
        left_out = await queries.claim(work, channel.id, claim_id, lease)
        if left_out is None:
            return None
        found = await queries.take_waiting(work, channel.id, new_id(), MAX_NOTICES, urgent_only=quiet)
    return _Taken(claim_id, left_out, found)


async def _split(channel: NotificationChannel, deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """The notices that may still be sent, and those that their owner has lost the right to see."""
    if channel.owner_id is None:
        return list(deliveries), []
    readers: Mapping[UUID, Reader] = await queries.readers([channel.owner_id])
    reader = readers.get(channel.owner_id)
    told: list[Delivery] = []
    dropped: list[Delivery] = []
    for delivery in deliveries:
        may_know = reader is not None and rules.may_know(delivery.notice, reader)
        (told if may_know else dropped).append(delivery)
    return told, dropped


async def _settle(
    outbox: DeliveryContext,
    channel: NotificationChannel,
    taken: _Taken,
    told: Sequence[Delivery],
    dropped: Sequence[Delivery],
    error: str | None,
) -> None:
    now, pace = outbox.clock(), outbox.pace
    sent = bool(told) and error is None
    last_error, failures, not_before = channel.last_error, channel.failures, channel.not_before
    if error is not None:
        last_error, failures = error, channel.failures + 1
        not_before = rules.next_attempt(failures, now, pace)
    elif sent:
        last_error, failures = None, 0
        not_before = now + timedelta(seconds=pace.interval_seconds)
    async with unit_of_work(outbox.bus) as work:
        holds = await queries.settle(
            work,
            channel.id,
            taken.claim_id,
            error=last_error,
            sent=sent,
            failures=failures,
            not_before=not_before,
            told_left_out=taken.left_out if sent else 0,
        )
        if not holds:
            return
        await queries.end_deliveries(work, _ids(dropped), DeliveryState.DROPPED)
        if sent:
            await queries.end_deliveries(work, _ids(told), DeliveryState.SENT)
        elif error is not None:
            old = [delivery for delivery in told if now - delivery.created_at >= pace.give_up_after]
            await queries.end_deliveries(work, _ids(old), DeliveryState.FAILED)


def _ids(deliveries: Sequence[Delivery]) -> list[UUID]:
    return [delivery.id for delivery in deliveries]
