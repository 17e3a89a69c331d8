"""Channels in the database."""

from collections.abc import Collection
from uuid import UUID

import orjson

from domain.kernel.orm import read
from domain.kernel.unit_of_work import UnitOfWork
from domain.system.notifications import models
from domain.system.notifications.drafts import read_clock
from domain.system.notifications.rules import clock_text
from domain.system.notifications.types import NotificationChannel, NotificationTopic, QuietHours


def to_channel(row: models.NotificationChannel) -> NotificationChannel:
    """A channel from its row."""
    quiet = None
    if row.quiet_from is not None:
        quiet = QuietHours(read_clock(row.quiet_from, "quietFrom"), read_clock(row.quiet_to, "quietTo"))
    accounts = None if row.account_ids is None else frozenset(map(UUID, orjson.loads(row.account_ids)))
    return NotificationChannel(
        id=row.id,
        owner_id=row.owner_id,  # type: ignore[attr-defined]  # the ORM adds it
        name=row.name,
        sealed_url=row.sealed_url,
        shown_url=row.shown_url,
        topics=frozenset(map(NotificationTopic, orjson.loads(row.topics))),
        min_severity=row.min_severity,
        account_ids=accounts,
        language=row.language,
        quiet=quiet,
        timezone=row.timezone,
        escalate_after_minutes=row.escalate_after_minutes,
        enabled=row.enabled,
        since=row.since,
        last_error=row.last_error,
        last_sent_at=row.last_sent_at,
        not_before=row.not_before,
        failures=row.failures,
        created_by=row.created_by,
        version=row.version,
    )


def _columns(channel: NotificationChannel) -> dict[str, object]:
    accounts = channel.account_ids
    return {
        "name": channel.name,
        "sealed_url": channel.sealed_url,
        "shown_url": channel.shown_url,
        "topics": orjson.dumps(sorted(channel.topics)).decode(),
        "min_severity": channel.min_severity,
        "account_ids": None if accounts is None else orjson.dumps(sorted(map(str, accounts))).decode(),
        "language": channel.language,
        "quiet_from": clock_text(channel.quiet.start) if channel.quiet is not None else None,
        "quiet_to": clock_text(channel.quiet.end) if channel.quiet is not None else None,
        "timezone": channel.timezone,
        "escalate_after_minutes": channel.escalate_after_minutes,
        "enabled": channel.enabled,
        "since": channel.since,
        "last_error": channel.last_error,
        "not_before": channel.not_before,
        "failures": channel.failures,
        "version": channel.version,
    }


async def read_channels(owner_id: UUID | None, *, shared: bool) -> list[NotificationChannel]:
    """A person's channels and, if asked for, the platform's, oldest first."""
    found = await read(models.NotificationChannel.filter(owner_id=owner_id).order_by("id"))
    if shared:
        found += await read(models.NotificationChannel.filter(owner_id__isnull=True).order_by("id"))
    return [to_channel(row) for row in found]


async def read_enabled() -> list[NotificationChannel]:
    """All enabled channels."""
    return [to_channel(row) for row in await read(models.NotificationChannel.filter(enabled=True).order_by("id"))]


async def load_enabled(work: UnitOfWork) -> list[NotificationChannel]:
    """All enabled channels, as a transaction sees them."""
    query = models.NotificationChannel.filter(enabled=True).using_db(await work.orm())
    return [to_channel(row) for row in await query.order_by("id")]


async def read_some(channel_ids: Collection[UUID]) -> list[NotificationChannel]:
    """These channels, those of them that there are."""
    return [to_channel(row) for row in await read(models.NotificationChannel.filter(id__in=list(channel_ids)))]


async def lock_channel(work: UnitOfWork, channel_id: UUID) -> NotificationChannel | None:
    """One channel, locked for a change."""
    query = models.NotificationChannel.filter(id=channel_id).using_db(await work.orm())
    row = await query.select_for_update().first()
    return to_channel(row) if row is not None else None


async def count_channels(work: UnitOfWork, owner_id: UUID | None) -> int:
    """The number of channels of a person, or of the platform."""
    query = models.NotificationChannel.all().using_db(await work.orm())
    query = query.filter(owner_id__isnull=True) if owner_id is None else query.filter(owner_id=owner_id)
    return await query.count()


async def is_named(work: UnitOfWork, owner_id: UUID | None, name: str, *, but: UUID) -> bool:
    """True if another channel of the same owner has this name."""
    query = models.NotificationChannel.filter(name=name).using_db(await work.orm()).exclude(id=but)
    query = query.filter(owner_id__isnull=True) if owner_id is None else query.filter(owner_id=owner_id)
    return await query.exists()


async def insert_channel(work: UnitOfWork, channel: NotificationChannel) -> None:
    """Store a new channel."""
    await models.NotificationChannel.create(
        using_db=await work.orm(),
        id=channel.id,
        owner_id=channel.owner_id,
        created_by=channel.created_by,
        updated_at=work.now,
        **_columns(channel),
    )


async def update_channel(work: UnitOfWork, channel: NotificationChannel) -> None:
    """Store the changeable fields of a channel."""
    row = models.NotificationChannel.filter(id=channel.id).using_db(await work.orm())
    await row.update(updated_at=work.now, **_columns(channel))


async def remove_channel(work: UnitOfWork, channel_id: UUID) -> None:
    """Remove a channel with its waiting deliveries."""
    await models.NotificationChannel.filter(id=channel_id).using_db(await work.orm()).delete()


async def note_outcome(work: UnitOfWork, channel_id: UUID, error: str | None) -> None:
    """Say how a test ended: ``error`` is None when it arrived."""
    row = models.NotificationChannel.filter(id=channel_id).using_db(await work.orm())
    sent = {"last_sent_at": work.now, "failures": 0, "not_before": None} if error is None else {}
    await row.update(last_error=error, **sent)
