"""The address of an exchange: ``EXCHANGE``, ``EXCHANGE:testnet`` or ``EXCHANGE@URL`` in settings."""

import importlib.util
import ipaddress
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from adapters.venues.crypto.ccxt_library import ExtraMissing
from adapters.venues.crypto.dialects import DIALECTS, Dialect

TESTNET = "testnet"
_TARGET = re.compile(r"(?P<exchange>[a-z0-9]{1,30})(:(?P<place>[a-z]+)|@(?P<endpoint>\S+))?")
_SECURE = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAddress:
    """An exchange and its address.

    ``testnet`` is the exchange's own test system; ``endpoint`` another server with the same API, which replaces the
    scheme and host of all its addresses.
    """

    dialect: Dialect
    testnet: bool = False
    endpoint: str | None = None
    timeout_seconds: float = 10.0


def parse_address(target: str) -> ExchangeAddress:
    """Parse a setting.

    Raises:
        ValueError: it is malformed, the exchange is not one that can be used, or its library is not installed.
    """
    match = _TARGET.fullmatch(target)
    if match is None or match["place"] not in (None, TESTNET):
        raise ValueError(f"must name an exchange, alone or as EXCHANGE:{TESTNET} or EXCHANGE@URL")
    dialect = DIALECTS.get(match["exchange"])
    if dialect is None:
        raise ValueError(f"there is no exchange {match['exchange']}; there are: {', '.join(sorted(DIALECTS))}")
    if importlib.util.find_spec("ccxt") is None:
        raise ValueError(str(ExtraMissing(dialect.exchange)))
    if match["endpoint"] is not None:
        _check_endpoint(match["endpoint"])
    return ExchangeAddress(dialect=dialect, testnet=match["place"] == TESTNET, endpoint=match["endpoint"])


def _check_endpoint(endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.scheme not in _SECURE or not parts.hostname or endpoint != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("an endpoint is an address such as https://host:port, without a path")
    if "@" in parts.netloc:
        raise ValueError("an endpoint holds no user and no password")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ValueError("an endpoint that is not on this machine must begin with https://, for keys are sent to it")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def moved(urls: Any, endpoint: str) -> Any:
    """Addresses (a tree of them) with scheme and host of ``endpoint``; WebSocket addresses stay WebSocket addresses."""
    if isinstance(urls, dict):
        return {name: moved(each, endpoint) for name, each in urls.items()}
    if not isinstance(urls, str):
        return urls
    place, original = urlsplit(endpoint), urlsplit(urls)
    scheme = place.scheme if original.scheme in _SECURE else _SECURE[place.scheme]
    return urlunsplit((scheme, place.netloc, original.path, original.query, ""))
