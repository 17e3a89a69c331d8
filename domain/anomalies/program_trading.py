"""Programmed trading: an account's day, measured in the windows that Chinese exchanges use.

The rules of the exchanges (in force since July 2025) name four behaviours with their windows: messages within one
second; orders withdrawn within a second and the day's share of withdrawn orders; moves of a price within a minute with
an account's part in what traded; and what an account took within a minute. They name numbers for the first alone: 300
messages a second or 20,000 a day are high frequency. The other thresholds are this platform's; a desk with thresholds
from its exchange passes those. Index and market data are not known here: a symbol's price and the volume on
this platform replace them.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.access.types import Actor, require_role
from domain.accounts.queries import require_account
from domain.anomalies.program_trading_queries import MAX_ACCOUNTS, Conduct, read_conduct
from domain.anomalies.service import OWNERS
from domain.kernel.errors import BadInput

SHANGHAI = "Asia/Shanghai"


class WatchedBehaviour(StrEnum):
    """The four behaviours."""

    INSTANT_ORDER_RATE = "INSTANT_ORDER_RATE"
    FREQUENT_INSTANT_CANCELS = "FREQUENT_INSTANT_CANCELS"
    FREQUENT_RAMPING = "FREQUENT_RAMPING"
    LARGE_SHORT_TRADES = "LARGE_SHORT_TRADES"


@dataclass(frozen=True, slots=True)
class ProgramThresholds:
    """From which numbers on a behaviour is one; shares and moves are ratios, notionals in the account's currency."""

    messages_per_second: int = 300
    messages_per_day: int = 20_000
    instant_cancels: int = 10
    cancel_ratio: float = 0.8
    push_move: float = 0.005
    push_share: float = 0.1
    pushes: int = 5
    minute_notional: Decimal = Decimal(1_000_000)
    minute_share: float = 0.3
    minute_move: float = 0.003


@dataclass(frozen=True, slots=True)
class WatchedAccount:
    """An account's conduct, and the behaviours that it shows."""

    conduct: Conduct
    behaviours: tuple[WatchedBehaviour, ...]


@dataclass(frozen=True, slots=True)
class ProgramTradingReport:
    """A day from ``since`` to ``until``: accounts with a behaviour to report, most messages in a second first."""

    since: datetime
    until: datetime
    marks: ProgramThresholds
    accounts: tuple[WatchedAccount, ...]
    is_complete: bool


def behaviours_of(conduct: Conduct, marks: ProgramThresholds) -> tuple[WatchedBehaviour, ...]:
    """The behaviours, of four, that an account's day shows."""
    ratio = conduct.cancels / conduct.orders if conduct.orders else 0.0
    shown = {
        WatchedBehaviour.INSTANT_ORDER_RATE: conduct.peak >= marks.messages_per_second
        or conduct.orders + conduct.cancels >= marks.messages_per_day,
        WatchedBehaviour.FREQUENT_INSTANT_CANCELS: conduct.instant_cancels >= marks.instant_cancels
        and ratio >= marks.cancel_ratio,
        WatchedBehaviour.FREQUENT_RAMPING: conduct.pushes >= marks.pushes,
        WatchedBehaviour.LARGE_SHORT_TRADES: conduct.minute is not None
        and conduct.minute.notional >= marks.minute_notional
        and conduct.minute.share >= marks.minute_share
        and abs(conduct.minute.move) >= marks.minute_move,
    }
    return tuple(behaviour for behaviour, is_shown in shown.items() if is_shown)


async def program_trading_report(
    actor: Actor, day: date, zone: str, account_id: UUID | None, marks: ProgramThresholds
) -> ProgramTradingReport:
    """The report of a calendar day in a time zone, of one account or of all: one statement.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
        BadInput: there is no such time zone, or a mark is negative.
        NotFound: there is no such account.
    """
    require_role(actor, *OWNERS)
    check_marks(marks)
    if account_id is not None:
        await require_account(actor, account_id)
    since, until = _bounds(day, zone)
    found = await read_conduct(since, until, account_id, marks.push_move, marks.push_share)
    accounts = tuple(WatchedAccount(one, behaviours_of(one, marks)) for one in found[:MAX_ACCOUNTS])
    return ProgramTradingReport(since, until, marks, accounts, len(found) <= MAX_ACCOUNTS)


def check_marks(marks: ProgramThresholds) -> None:
    """Refuse marks below zero: everything would be a behaviour.

    Raises:
        BadInput: names the field.
    """
    for name, value in (
        ("messagesPerSecond", marks.messages_per_second),
        ("messagesPerDay", marks.messages_per_day),
        ("instantCancels", marks.instant_cancels),
        ("cancelRatio", marks.cancel_ratio),
        ("pushMove", marks.push_move),
        ("pushShare", marks.push_share),
        ("pushes", marks.pushes),
        ("minuteNotional", marks.minute_notional),
        ("minuteShare", marks.minute_share),
        ("minuteMove", marks.minute_move),
    ):
        if not value >= 0:
            raise BadInput("This cannot be below zero.", field=name)


def _bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("There is no such time zone.", field="timeZone") from None
    begins, ends = (datetime.combine(one, time(), place).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return begins, ends
