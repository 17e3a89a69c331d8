"""Channels and notices for tests."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.kernel.ids import new_id
from domain.risk.types import Severity
from domain.system.notifications.types import (
    Notice,
    NotificationChannel,
    NotificationLanguage,
    NotificationTopic,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ACCOUNT = UUID(int=7)


def channel(**changed: Any) -> NotificationChannel:
    """A channel of the platform for risk events from WARNING on."""
    plain = NotificationChannel(
        id=new_id(),
        owner_id=None,
        name="Desk",
        sealed_url="sealed",
        shown_url="webhook://host/***",
        topics=frozenset({NotificationTopic.RISK_EVENT}),
        min_severity=Severity.WARNING,
        account_ids=None,
        language=NotificationLanguage.EN,
        quiet=None,
        timezone="UTC",
        escalate_after_minutes=None,
        enabled=True,
        since=NOON,
    )
    return replace(plain, **changed)


def notice(**changed: Any) -> Notice:
    """A risk event of an account."""
    plain = Notice(
        key="risk:1",
        topic=NotificationTopic.RISK_EVENT,
        severity=Severity.CRITICAL,
        at=NOON,
        kind="MAX_DAILY_LOSS",
        text="The loss of the day is over the limit.",
        account_id=ACCOUNT,
        account="Alpha",
        values={"observed": "1200", "limit": "1000", "action": "HALT"},
    )
    return replace(plain, **changed)
