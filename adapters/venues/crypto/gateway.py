"""The gateway ``ccxt``: the settings of a crypto exchange, and its opening.

``NAME=ccxt:EXCHANGE`` in TRADEGRAPH_VENUES, and the key of an account there in TRADEGRAPH_VENUE_<NAME>_KEY and _SECRET.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from adapters.venues.crypto.connection import Credentials, ExchangeConnection
from adapters.venues.crypto.exchange_address import ExchangeAddress, parse_address
from adapters.venues.crypto.failures import ExchangeFailure
from adapters.venues.crypto.venue import ExchangeVenue
from adapters.venues.registry import ConfiguredVenue, VenueSettingError
from adapters.venues.venue_settings import VenueSetting
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import EXCHANGE
from domain.market.market import Market
from domain.orders.venues.port import Venue, VenueUnavailable

GATEWAY = "ccxt"
_REQUIRED = ("key", "secret")
_KNOWN = (*_REQUIRED, "timeout_seconds")
_MAX_TIMEOUT_SECONDS = 60


def crypto_venue(setting: VenueSetting) -> ConfiguredVenue:
    """The venue that a setting describes, not yet connected.

    Raises:
        VenueSettingError: something is missing, unknown or wrong; values are never repeated.
    """
    try:
        address = parse_address(setting.target)
    except ValueError as error:
        raise VenueSettingError(f"TRADEGRAPH_VENUES: {setting.name}: {error}") from None
    unknown = sorted(setting.options.keys() - set(_KNOWN))
    if unknown:
        raise VenueSettingError(f"{_variable(setting, unknown[0])}: there is no such setting of the gateway {GATEWAY}")
    for name in _REQUIRED:
        if name not in setting.options:
            raise VenueSettingError(f"{_variable(setting, name)}: must be set, to trade at {setting.name}")
    address = replace(address, timeout_seconds=_timeout(setting, address.timeout_seconds))
    credentials = Credentials(setting.options["key"], setting.options["secret"])
    opening = partial(_open, setting.name, address, credentials, Backoff(EXCHANGE))
    return ConfiguredVenue(setting.name, address.dialect.capabilities, opening)


def _timeout(setting: VenueSetting, usual: float) -> float:
    text = setting.options.get("timeout_seconds")
    if text is None:
        return usual
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_TIMEOUT_SECONDS:
        raise VenueSettingError(
            f"{_variable(setting, 'timeout_seconds')}: must be a whole number from 1 to {_MAX_TIMEOUT_SECONDS}"
        )
    return float(text)


def _variable(setting: VenueSetting, option: str) -> str:
    return f"{setting.option_prefix}{option.upper()}"


@asynccontextmanager
async def _open(
    name: str, address: ExchangeAddress, credentials: Credentials, backoff: Backoff, market: Market
) -> AsyncIterator[Venue]:
    """Connect. After a failure the next try waits longer each time."""
    connection = ExchangeConnection(address, credentials)
    try:
        await connection.open()
    except ExchangeFailure as failure:
        await backoff.wait()
        raise VenueUnavailable(failure.message) from None
    backoff.succeeded()
    try:
        yield ExchangeVenue(name, connection, market)
    finally:
        await connection.close()
