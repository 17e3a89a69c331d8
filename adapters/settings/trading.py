"""Settings of trading: market data, venues, the end of the day, and order entry by FIX."""

from dataclasses import dataclass

from adapters.settings import values
from adapters.settings.fields import variable
from adapters.settings.values import Address, FeedSetting
from adapters.venues.venue_settings import VenueSetting, parse_venues
from domain.kernel.day_roll import DayRoll


@dataclass(frozen=True, repr=False)
class TradingSettings:
    """Variables of the engine and of order entry."""

    feed: FeedSetting = variable(
        "TRADEGRAPH_FEED",
        "sim",
        values.feed,
        "Market data: `sim` (simulated), `off`, `replay:FILE[:SPEED]` (SPEED: a multiple of the first pace, or `max`), "
        "`ccxt:EXCHANGE` (live, of a crypto exchange).",
    )
    quote_ahead_seconds: int = variable(
        "TRADEGRAPH_QUOTE_AHEAD",
        "60",
        values.whole_number(0, 3_600),
        "Seconds that the clock of a quote source may be ahead; quotes from further in the future are refused.",
    )
    quote_stale_seconds: int = variable(
        "TRADEGRAPH_QUOTE_STALE",
        "30",
        values.whole_number(1, 86_400),
        "Age in seconds, by its own time, at which a quote is stale: no order is decided on it, and one that arrives "
        "so "
        "late fills nothing.",
    )
    venues: tuple[VenueSetting, ...] = variable(
        "TRADEGRAPH_VENUES",
        "",
        parse_venues,
        "Venues beside `paper`: `NAME=GATEWAY:TARGET`, separated by commas. Keys are in "
        "`TRADEGRAPH_VENUE_<NAME>_<OPTION>`.",
        otherwise="only the paper venue",
        empty=(),
    )
    day_roll: DayRoll = variable(
        "TRADEGRAPH_DAY_ROLL", "00:00 UTC", values.day_roll, "End of the platform's day: a time and a zone."
    )
    fix: Address | None = variable(
        "TRADEGRAPH_FIX_ADDRESS",
        "",
        values.address,
        "Address for order entry by FIX 4.4 at `engine`, such as `127.0.0.1:9880`.",
        otherwise="nowhere",
        empty=None,
    )
    fix_comp_id: str = variable(
        "TRADEGRAPH_FIX_COMP_ID", "TRADEGRAPH", values.comp_id, "The CompID of this side in sessions of FIX clients."
    )

    def venue_secrets(self) -> list[str]:
        """The options of gateways: keys, above all."""
        return [value for venue in self.venues for value in venue.options.values()]
