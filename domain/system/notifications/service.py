"""Use cases on channels: their owners, and the rights to change them. Each change is audited, without the address.

A user has own channels, which get notices of everything that the user may see. Channels of the platform get every
notice; RISK_MANAGER and ADMIN manage them.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor
from domain.accounts.queries import require_account
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Conflict, NotFound, RateLimited
from domain.kernel.ids import new_id
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.system.notifications import queries, store
from domain.system.notifications.delivering import UNREADABLE
from domain.system.notifications.drafts import OPERATORS, ChannelDraft, check_draft, made
from domain.system.notifications.ports import Messenger, NotSent, Unsealable, Vault
from domain.system.notifications.rendering import render_test
from domain.system.notifications.types import ACCOUNT_TOPICS, NotificationChannel, NotificationTopic

# Of a person, and of the platform.
MAX_CHANNELS = 20
# A test goes out at once, and each would be a way to make the platform knock at somebody's door.
TEST_EVERY = timedelta(seconds=5)
# What is over is remembered for longer than anything could be told again.
KEPT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Notifications:
    """The dependencies of the use cases. ``desk`` is the address of the desk, for links."""

    bus: Bus
    messenger: Messenger
    vault: Vault
    desk: str


async def list_channels(actor: Actor) -> list[NotificationChannel]:
    """The actor's channels, and for RISK_MANAGER and ADMIN those of the platform."""
    return await store.read_channels(actor.user_id, shared=actor.role in OPERATORS)


async def save_channel(notifications: Notifications, actor: Actor, draft: ChannelDraft) -> NotificationChannel:
    """Make a channel, or change the one that the draft names.

    Raises:
        BadInput: names the field.
        NotFound: there is no such channel for the actor, or no such account.
        Forbidden: it would be a channel that only operators have.
        Conflict: another channel has the name, or there are too many.
    """
    draft = check_draft(draft, actor)
    for account_id in draft.account_ids or ():
        await require_account(actor, account_id, field="accountIds")
    async with unit_of_work(notifications.bus) as work:
        # Before any channel, as those do who read the sources.
        await queries.await_cursors(work)
        before = None if draft.id is None else await _lock(work, actor, draft.id)
        owner_id = before.owner_id if before is not None else (None if draft.shared else actor.user_id)
        if before is not None and before.is_shared != draft.shared:
            raise BadInput("The owner of a channel cannot change.", field="shared")
        address = partial(_address, notifications)
        channel = made(
            draft,
            before,
            channel_id=before.id if before is not None else new_id(),
            owner_id=owner_id,
            by=actor.email,
            now=work.now,
            address=address,
        )
        await _prepare_sources(work, channel)
        if await store.is_named(work, owner_id, channel.name, but=channel.id):
            raise Conflict("A channel with this name exists already.", field="name")
        if before is None:
            if await store.count_channels(work, owner_id) >= MAX_CHANNELS:
                raise Conflict(f"At most {MAX_CHANNELS} channels are allowed; delete one first.")
            await store.insert_channel(work, channel)
        else:
            await store.update_channel(work, channel)
        detail = {"name": channel.name, "topics": sorted(channel.topics), "enabled": channel.enabled}
        target = target_of("notificationChannel", channel.id)
        await audit(work, actor, "saveNotificationChannel", target, detail=detail)
    return channel


def _address(notifications: Notifications, url: str) -> tuple[str, str]:
    problem = notifications.messenger.problem(url)
    if problem is not None:
        raise BadInput(problem, field="url")
    return notifications.vault.seal(url), notifications.messenger.shown(url)


async def _prepare_sources(work: UnitOfWork, channel: NotificationChannel) -> None:
    """Mark sources without a channel so far as read up to now, under the lock of the cursors."""
    others = [each for each in await store.load_enabled(work) if each.id != channel.id]
    wanted = {topic for each in others for topic in each.topics}
    if not channel.enabled:
        return
    if not others:
        await queries.skip_logs(work)
    if channel.topics & ACCOUNT_TOPICS and not wanted & ACCOUNT_TOPICS:
        await queries.skip_accounts(work)
    if NotificationTopic.SYSTEM_HEALTH in channel.topics and NotificationTopic.SYSTEM_HEALTH not in wanted:
        await queries.forget_health(work)


async def delete_channel(bus: Bus, actor: Actor, channel_id: UUID) -> None:
    """Remove a channel with its waiting deliveries.

    Raises:
        NotFound: there is no such channel for the actor.
    """
    async with unit_of_work(bus) as work:
        # Nobody adds to what is removed.
        await queries.await_cursors(work)
        channel = await _lock(work, actor, channel_id)
        await store.remove_channel(work, channel.id)
        target = target_of("notificationChannel", channel.id)
        await audit(work, actor, "deleteNotificationChannel", target, detail={"name": channel.name})


async def try_channel(notifications: Notifications, actor: Actor, channel_id: UUID) -> bool:
    """Send a test message and wait for the outcome; True if it was accepted. If not, ``last_error`` has the reason.

    Raises:
        NotFound: there is no such channel for the actor.
        RateLimited: it was tried a moment ago.
    """
    async with unit_of_work(notifications.bus) as work:
        channel = await _lock(work, actor, channel_id)
        wait = await queries.claim_test(work, channel.id, TEST_EVERY)
        if wait is not None:
            raise RateLimited("This channel was tested a moment ago; try again shortly.", retryAfterSeconds=wait)
        target = target_of("notificationChannel", channel.id)
        await audit(work, actor, "testNotificationChannel", target, detail={"name": channel.name})
    error = None
    try:
        message = render_test(new_id(), channel.language, notifications.desk, utc_now())
        await notifications.messenger.send(notifications.vault.open(channel.sealed_url), message)
    except NotSent as problem:
        error = problem.reason
    except Unsealable:
        error = UNREADABLE
    async with unit_of_work(notifications.bus) as work:
        await store.note_outcome(work, channel.id, error)
    return error is None


async def _lock(work: UnitOfWork, actor: Actor, channel_id: UUID) -> NotificationChannel:
    channel = await store.lock_channel(work, channel_id)
    is_visible = channel is not None and (
        actor.role in OPERATORS if channel.is_shared else channel.owner_id == actor.user_id
    )
    if channel is None or not is_visible:
        raise NotFound("There is no such channel.", field="id")
    return channel


async def forget_deliveries(bus: Bus, limit: int) -> int:
    """Remove deliveries that ended over a fortnight ago; returns their number, at most ``limit``."""
    async with unit_of_work(bus) as work:
        return await queries.remove_old(work, work.now - KEPT, limit)
