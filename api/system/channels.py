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
    description=(
        "Destination of messages, and their selection. Your channels get messages on everything that you may "
        "see, those of the platform on everything."
    )
)
class NotificationChannel:
    """A view of ``domain.system.notifications.types.NotificationChannel``."""

    id: strawberry.ID = strawberry.field(description="Names the channel.")
    name: str = strawberry.field(description="Unique among yours, or among the platform's.")
    url: str = strawberry.field(
        description="Its kind and, where it names one, its server; the rest is masked, and stored encrypted."
    )
    topics: list[NotificationTopic] = strawberry.field(description="Its topics.")
    min_severity: Severity = strawberry.field(
        description="Lowest severity of events that it gets. Orders and statements have none."
    )
    enabled: bool = strawberry.field(description="False while it gets no messages.")
    last_error: str | None = strawberry.field(
        description=("Error of the newest failed attempt; null if it succeeded. A message is retried for a day.")
    )
    shared: bool = strawberry.field(description="True if it belongs to the platform and not to a user.")
    account_ids: list[strawberry.ID] | None = strawberry.field(
        description="Accounts whose events it gets; null selects all that the owner may see."
    )
    language: NotificationLanguage = strawberry.field(description="The language of its messages.")
    quiet_from: str | None = strawberry.field(
        description=("Start of quiet hours, such as 22:00, in which only CRITICAL events are sent; null disables them.")
    )
    quiet_to: str | None = strawberry.field(description=("End of quiet hours, at which waiting messages are sent."))
    timezone: str = strawberry.field(description="Of its quiet hours, and of the times in its messages.")
    escalate_after_minutes: int | None = strawberry.field(
        description=(
            "Minutes after which unacknowledged CRITICAL risk events are sent, whatever its topics; null disables it."
        )
    )
    last_sent_at: datetime | None = strawberry.field(description="Time at which a message was last accepted.")

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


@strawberry.input(description=("A channel to create, or to replace with an `id`. Absent fields get their defaults."))
class SaveNotificationChannelInput:
    """See ``domain.system.notifications.drafts.ChannelDraft``."""

    name: str = strawberry.field(description="1 to 100 characters.")
    url: str = strawberry.field(
        description=(
            "Such as mailtos://USER:PASSWORD@SERVER?from=A&to=B, slack://..., tgram://... or, for programs, "
            "webhooks://:SECRET@HOST/PATH. The masked address of the stored channel keeps the stored address."
        )
    )
    topics: list[NotificationTopic] = strawberry.field(
        description="Topics of the channel; may be empty only if an escalation time is given."
    )
    id: strawberry.ID | None = strawberry.field(default=None, description="Null makes a new channel.")
    min_severity: Severity = strawberry.field(
        default=Severity.WARNING, description="Lowest severity of events that are sent."
    )
    enabled: bool = strawberry.field(default=True, description="False: no messages are sent.")
    shared: bool = strawberry.field(
        default=False, description="Make it the platform's. Needs RISK_MANAGER or ADMIN; it cannot change later."
    )
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Accounts whose events are sent; null selects all."
    )
    language: NotificationLanguage = strawberry.field(
        default=NotificationLanguage.EN, description="The language of the messages."
    )
    quiet_from: str | None = strawberry.field(
        default=None, description=("Start of quiet hours, such as 22:00, in which only CRITICAL events are sent.")
    )
    quiet_to: str | None = strawberry.field(
        default=None, description=("End of quiet hours; required with `quietFrom`.")
    )
    timezone: str = strawberry.field(default="UTC", description="Such as Europe/London.")
    escalate_after_minutes: int | None = strawberry.field(
        default=None,
        description="Minutes after which unacknowledged CRITICAL risk events are sent, 1 to 10080.",
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
