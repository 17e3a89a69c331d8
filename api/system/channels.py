"""Channels of notifications in the schema."""

from datetime import datetime
from typing import Self

import strawberry

from api.ids import named
from api.risk.enums import Severity
from api.system.enums import NotificationLanguage, NotificationTopic
from domain.system.notifications import types
from domain.system.notifications.drafts import ChannelDraft
from domain.system.notifications.rules import clock_text


@strawberry.type(
    description="Where messages go, and which. Yours hear of what you may see, those of the platform of everything."
)
class NotificationChannel:
    """A view of ``domain.system.notifications.types.NotificationChannel``."""

    id: strawberry.ID = strawberry.field(description="Names the channel.")
    name: str = strawberry.field(description="Unique among yours, or among the platform's.")
    url: str = strawberry.field(
        description="Its kind and, where it names one, its server; the rest is masked, and stored encrypted."
    )
    topics: list[NotificationTopic] = strawberry.field(description="What it is told of.")
    min_severity: Severity = strawberry.field(
        description="Of what has a severity, it is told from this one on. Orders and statements have none."
    )
    enabled: bool = strawberry.field(description="False while nothing is told there.")
    last_error: str | None = strawberry.field(
        description="Why the newest attempt failed; null when it did not. It is tried again for a day."
    )
    shared: bool = strawberry.field(description="Whether it is the platform's, and nobody's own.")
    account_ids: list[strawberry.ID] | None = strawberry.field(
        description="Of what is about an account, it is told when it is one of these; null is all that may be seen."
    )
    language: NotificationLanguage = strawberry.field(description="The language of its messages.")
    quiet_from: str | None = strawberry.field(
        description="From this time of the day on, such as 22:00, only what is CRITICAL is told; null is never."
    )
    quiet_to: str | None = strawberry.field(description="When quiet hours end, and what has waited is told.")
    timezone: str = strawberry.field(description="Of its quiet hours, and of the times in its messages.")
    escalate_after_minutes: int | None = strawberry.field(
        description="It is told of CRITICAL risk events that nobody has acknowledged after so many minutes, whatever "
        "its topics; null is never."
    )
    last_sent_at: datetime | None = strawberry.field(description="When a message was accepted last.")

    @classmethod
    def of(cls, channel: types.NotificationChannel) -> Self:
        """The view of a channel."""
        accounts, quiet = channel.account_ids, channel.quiet
        return cls(
            id=strawberry.ID(str(channel.id)),
            name=channel.name,
            url=channel.shown_url,
            topics=sorted(channel.topics),
            min_severity=channel.min_severity,
            enabled=channel.enabled,
            last_error=channel.last_error,
            shared=channel.is_shared,
            account_ids=None if accounts is None else [strawberry.ID(str(each)) for each in sorted(accounts)],
            language=channel.language,
            quiet_from=clock_text(quiet.start) if quiet is not None else None,
            quiet_to=clock_text(quiet.end) if quiet is not None else None,
            timezone=channel.timezone,
            escalate_after_minutes=channel.escalate_after_minutes,
            last_sent_at=channel.last_sent_at,
        )


@strawberry.input(description="A channel to make, or with an `id` to replace. What is left out is as its default says.")
class SaveNotificationChannelInput:
    """See ``domain.system.notifications.drafts.ChannelDraft``."""

    name: str = strawberry.field(description="1 to 100 characters.")
    url: str = strawberry.field(
        description="Such as mailtos://USER:PASSWORD@SERVER?from=A&to=B, slack://..., tgram://... or, for programs, "
        "webhooks://:SECRET@HOST/PATH. Giving what is shown of the stored one keeps it."
    )
    topics: list[NotificationTopic] = strawberry.field(
        description="What to tell; none only where something is to be escalated."
    )
    id: strawberry.ID | None = strawberry.field(default=None, description="Null makes a new channel.")
    min_severity: Severity = strawberry.field(
        default=Severity.WARNING, description="Of what has a severity, tell from this one on."
    )
    enabled: bool = strawberry.field(default=True, description="False: tell nothing.")
    shared: bool = strawberry.field(
        default=False, description="Make it the platform's. Needs RISK_MANAGER or ADMIN; it cannot change later."
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of what is about an account, tell only what is about these; null is all."
    )
    language: NotificationLanguage = strawberry.field(
        default=NotificationLanguage.EN, description="The language of the messages."
    )
    quiet_from: str | None = strawberry.field(
        default=None, description="From this time of the day on, such as 22:00, tell only what is CRITICAL."
    )
    quiet_to: str | None = strawberry.field(default=None, description="When that ends; needed with `quietFrom`.")
    timezone: str = strawberry.field(default="UTC", description="Such as Europe/London.")
    escalate_after_minutes: int | None = strawberry.field(
        default=None,
        description="Tell of CRITICAL risk events that nobody has acknowledged after so many minutes, 1 to 10080.",
    )

    def to_domain(self) -> ChannelDraft:
        """The draft."""
        accounts = self.account_ids
        return ChannelDraft(
            name=self.name,
            url=self.url,
            topics=frozenset(self.topics),
            min_severity=self.min_severity,
            enabled=self.enabled,
            shared=self.shared,
            account_ids=None if accounts is None else {named(each) for each in accounts},
            language=self.language,
            quiet_from=self.quiet_from,
            quiet_to=self.quiet_to,
            timezone=self.timezone,
            escalate_after_minutes=self.escalate_after_minutes,
            id=None if self.id is None else named(self.id),
        )
