"""The gateway ``fix``: a counterparty that is reached by FIX 4.4.

``NAME=fix:FILE`` in TRADEGRAPH_VENUES names a file of TOML with its terms; the password of the Logon is in
TRADEGRAPH_VENUE_<NAME>_PASSWORD.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from adapters.venues.fix.counterparty_session import CounterpartySession
from adapters.venues.fix.terms import CounterpartyTerms, read_terms
from adapters.venues.fix.venue import FixVenue
from adapters.venues.registry import ConfiguredVenue, VenueSettingError
from adapters.venues.venue_settings import VenueSetting
from domain.market.market import Market
from domain.orders.venues.port import Venue

GATEWAY = "fix"
_KNOWN = frozenset({"password"})


def fix_venue(setting: VenueSetting) -> ConfiguredVenue:
    """The venue that a setting describes, not yet connected.

    Raises:
        VenueSettingError: something is missing, unknown or wrong; secrets are never repeated.
    """
    unknown = sorted(setting.options.keys() - _KNOWN)
    if unknown:
        variable = f"{setting.option_prefix}{unknown[0].upper()}"
        raise VenueSettingError(f"{variable}: there is no such setting of the gateway {GATEWAY}")
    try:
        terms = read_terms(Path(setting.target))
    except ValueError as error:
        raise VenueSettingError(f"TRADEGRAPH_VENUES: {setting.name}: {error}") from None
    opening = partial(_open, setting.name, terms, setting.options.get("password", ""))
    return ConfiguredVenue(setting.name, terms.capabilities, opening)


@asynccontextmanager
async def _open(name: str, terms: CounterpartyTerms, password: str, market: Market) -> AsyncIterator[Venue]:
    del market
    session = CounterpartySession(name, terms, password)
    async with session.running():
        yield FixVenue(session)
