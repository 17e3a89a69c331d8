"""Trading calendars: their inputs and their types."""

from datetime import date

import strawberry

from api.market.enums import SessionDay
from domain.market import calendar_service
from domain.market.session_rules import CalendarRule, read_rule

_EVENING = "the evening of the trading day before, left out when more than a weekend lies between"


@strawberry.input(description="One session of each trading day, on the calendar's clock.")
class SessionInput:
    """See ``domain.market.session_rules.SessionRule``."""

    opens: str = strawberry.field(description="HH:MM.")
    closes: str = strawberry.field(description="HH:MM, the next time that the clock shows it.")
    day: SessionDay = strawberry.field(
        default=SessionDay.SAME_DAY, description=f"When it opens. EVENING_BEFORE: {_EVENING}."
    )


@strawberry.input(description="A new calendar. A code that exists already is a CONFLICT.")
class CreateCalendarInput:
    """See ``domain.market.session_rules.CalendarRule``."""

    code: str = strawberry.field(description="Code by which instruments refer to it.")
    name: str
    time_zone: str = strawberry.field(description="Such as Asia/Shanghai: sessions are right across its changes.")
    sessions: list[SessionInput] = strawberry.field(
        description="Of each trading day, in the order in which they are traded; together within 24 hours."
    )
    days_of: str | None = strawberry.field(
        default=None,
        description=(
            "A code of `exchange_calendars` for its trading days and early closes; every day from Monday to "
            "Friday if absent."
        ),
    )
    closed: list[date] | None = strawberry.field(default=None, description="Additional days without trading.")
    source: str | None = strawberry.field(default=None, description="Source of the hours, for people.")

    def to_domain(self) -> CalendarRule:
        """The rule.

        Raises:
            BadInput: names the bad field.
        """
        sessions = [{"day": row.day, "opens": row.opens, "closes": row.closes} for row in self.sessions]
        given = {"name": self.name, "zone": self.time_zone, "sessions": sessions, "days_of": self.days_of}
        return read_rule(self.code, given | {"closed": self.closed or (), "source": self.source})


@strawberry.type(description="One session of each trading day, on the calendar's clock.")
class CalendarSession:
    """A view of ``domain.market.session_rules.SessionRule``."""

    day: SessionDay
    opens: str
    closes: str


@strawberry.type(description="A calendar by rule: of our own table, or made by people.")
class TradingCalendar:
    """A calendar by rule, as the API shows it."""

    code: str
    name: str
    time_zone: str
    sessions: list[CalendarSession]
    days_of: str | None
    closed: list[date]
    source: str
    last_day: date | None = strawberry.field(
        description=("The last known trading day. The market counts as closed after it, and orders are refused.")
    )


def calendar_view(known: calendar_service.KnownCalendar) -> TradingCalendar:
    """The view of a calendar."""
    rule = known.rule
    return TradingCalendar(
        code=rule.code,
        name=rule.name,
        time_zone=rule.zone.key,
        sessions=[
            CalendarSession(day=row.day, opens=f"{row.opens:%H:%M}", closes=f"{row.closes:%H:%M}")
            for row in rule.sessions
        ],
        days_of=rule.days_of,
        closed=sorted(rule.closed),
        source=rule.source,
        last_day=known.last_day,
    )
