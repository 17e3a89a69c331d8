"""The trading days of symbols, from the calendars of their exchanges."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from domain.anomalies.rhythms import TradingDays, day_of
from domain.market.calendars import load_schedules
from domain.market.session_rules import CalendarRule
from domain.market.sessions import Schedule

_DAY = timedelta(days=1)


async def trading_days_of(codes: Mapping[str, str], rules: Mapping[str, CalendarRule]) -> dict[str, TradingDays]:
    """The trading days of symbols, by the codes of their calendars; ``rules`` are the calendars that people created.

    The database is not read, so this may be called in a transaction.
    """
    schedules = await load_schedules(set(codes.values()), rules)
    return {symbol: _trading_days(schedules[code]) for symbol, code in codes.items() if code in schedules}


@lru_cache(maxsize=128)
def _trading_days(schedule: Schedule) -> TradingDays:
    """The trading days of a schedule, which is kept for days; where it is not known, there are no holidays."""
    traded = frozenset(map(day_of, schedule.days))
    known = range(day_of(schedule.days[0]), day_of(schedule.last_day + _DAY))
    weekdays = TradingDays()
    return TradingDays(frozenset(day for day in known if day not in traded and weekdays.is_trading(day)))
