"""The configured venues, from the environment: their names, their gateways, and the gateways' options.

``TRADEGRAPH_VENUES`` lists them as ``NAME=GATEWAY:TARGET``, with commas between. Other options, keys above all, are in
variables of the venue: ``TRADEGRAPH_VENUE_<NAME>_<OPTION>``, with - in the name as _. Their values are secrets: they
are never shown, and sent only to the venue.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from domain.orders.exchange.paper import PAPER

OPTION_PREFIX = "TRADEGRAPH_VENUE_"
MAX_VENUES = 16
_ENTRY = re.compile(r"(?P<name>[a-z][a-z0-9-]{0,30})=(?P<gateway>[a-z][a-z0-9]{0,15})(:(?P<target>[^\s,]{1,200}))?")


@dataclass(frozen=True, slots=True)
class VenueSetting:
    """One venue: the name that accounts give, its gateway, and the gateway's options.

    ``target`` names the venue within the gateway's kind. ``options`` are by lower-case name: ``{"key": …}``.
    """

    name: str
    gateway: str
    target: str = ""
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def option_prefix(self) -> str:
        """The prefix of this venue's variables."""
        return f"{OPTION_PREFIX}{self.name.upper().replace('-', '_')}_"


def parse_venues(value: str) -> tuple[VenueSetting, ...]:
    """Parse the list.

    Raises:
        ValueError: it is malformed, or a name is taken.
    """
    venues: list[VenueSetting] = []
    for entry in re.split(r"[,\s]+", value.strip(", \t\n")):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError("must be NAME=GATEWAY:TARGET, such as binance=ccxt:binance, with commas between them")
        venue = VenueSetting(match["name"], match["gateway"], match["target"] or "")
        if venue.name == PAPER:
            raise ValueError("paper is the venue that is always there")
        if any(venue.option_prefix.startswith(other.option_prefix) for other in venues) or any(
            other.option_prefix.startswith(venue.option_prefix) for other in venues
        ):
            raise ValueError(f"the name {venue.name} is taken, or begins as another one does")
        venues.append(venue)
    if len(venues) > MAX_VENUES:
        raise ValueError(f"there may be {MAX_VENUES} at most")
    return tuple(venues)


def with_options(venues: Iterable[VenueSetting], environment: Mapping[str, str]) -> tuple[VenueSetting, ...]:
    """The venues with their options from the environment; an empty variable counts as not set."""
    return tuple(
        replace(
            venue,
            options={
                name.removeprefix(venue.option_prefix).lower(): value.strip()
                for name, value in environment.items()
                if name.startswith(venue.option_prefix) and value.strip()
            },
        )
        for venue in venues
    )


def is_option(name: str, venues: Iterable[VenueSetting]) -> bool:
    """True if a variable belongs to one of the venues."""
    return any(name.startswith(venue.option_prefix) for venue in venues)
