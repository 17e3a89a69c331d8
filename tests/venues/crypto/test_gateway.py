"""The configuration of an exchange, and its faults."""

import asyncio
import decimal
import importlib
import importlib.util
import logging
import subprocess
import sys
import time
from decimal import Decimal
from typing import Any, cast

import pytest

from adapters.settings.loading import load_settings
from adapters.settings_error import SettingsError
from adapters.venues.crypto import ccxt_library
from adapters.venues.crypto.ccxt_library import ExtraMissing, exact_class
from adapters.venues.crypto.connection import Credentials, ExchangeConnection, exchange_object
from adapters.venues.crypto.dialects import DIALECTS
from adapters.venues.crypto.exchange_address import parse_address
from adapters.venues.crypto.gateway import crypto_venue
from adapters.venues.registry import VenueSettingError, configure
from adapters.venues.venue_settings import VenueSetting
from adapters.wiring import GATEWAYS
from domain.kernel.money import to_cash
from domain.market.costs import to_average
from domain.orders.venues.outbox import GRACE_NANOS
from domain.orders.venues.port import VenueUnavailable
from tests.support.binance import BinanceServer
from tests.support.binance.server import API_KEY, SECRET
from tests.support.binance.venue import instruments

KEYS = {"key": API_KEY, "secret": SECRET}


def setting(target: str = "binance", **options: str) -> VenueSetting:
    return VenueSetting("main-account", "ccxt", target, KEYS | options)


def test_the_configured_venue_is_known_without_a_connection() -> None:
    environment = {
        "TRADEGRAPH_VENUES": "desk=ccxt:binance:testnet",
        "TRADEGRAPH_VENUE_DESK_KEY": API_KEY,
        "TRADEGRAPH_VENUE_DESK_SECRET": SECRET,
    }
    settings = load_settings(environment)
    (venue,) = configure(settings.venues, GATEWAYS).values()
    assert (venue.name, venue.capabilities.post_only, venue.capabilities.replace) == ("desk", True, False)
    assert not any(part in f"{settings!r} {settings.venues!r} {venue!r}" for part in (API_KEY, SECRET))


@pytest.mark.parametrize(
    ("target", "options", "problem"),
    [
        (
            "",
            {},
            "TRADEGRAPH_VENUES: main-account: must name an exchange, alone or as EXCHANGE:testnet or EXCHANGE@URL",
        ),
        ("binance:live", {}, "must name an exchange"),
        ("mtgox", {}, "there is no exchange mtgox; there are: binance"),
        ("binance@ftp://here", {}, "an endpoint is an address such as https://host:port, without a path"),
        ("binance@https://here/api", {}, "without a path"),
        ("binance@https://me:word@here", {}, "an endpoint holds no user and no password"),
        ("binance@http://192.0.2.7", {}, "must begin with https://, for keys are sent to it"),
        ("binance", {"key": ""}, "TRADEGRAPH_VENUE_MAIN_ACCOUNT_KEY: must be set, to trade at main-account"),
        ("binance", {"secret": ""}, "TRADEGRAPH_VENUE_MAIN_ACCOUNT_SECRET: must be set"),
        ("binance", {"pasword": "x"}, "TRADEGRAPH_VENUE_MAIN_ACCOUNT_PASWORD: there is no such setting"),
        ("binance", {"timeout_seconds": "0"}, "_TIMEOUT_SECONDS: must be a whole number from 1 to 60"),
        ("binance", {"timeout_seconds": "ten"}, "must be a whole number from 1 to 60"),
    ],
)
def test_an_invalid_setting_is_named_without_its_value(target: str, options: dict[str, str], problem: str) -> None:
    given = {name: value for name, value in (KEYS | options).items() if value}
    with pytest.raises(VenueSettingError) as caught:
        crypto_venue(VenueSetting("main-account", "ccxt", target, given))
    (said,) = caught.value.problems
    assert problem in said
    assert not any(secret in said for secret in (API_KEY, SECRET))


def test_the_feed_is_configured_in_the_same_way() -> None:
    feed = load_settings({"TRADEGRAPH_FEED": "ccxt:binance@http://127.0.0.1:9"}).feed
    assert (feed.kind, feed.address) == ("ccxt", parse_address("binance@http://127.0.0.1:9"))
    with pytest.raises(SettingsError, match="there is no exchange mtgox"):
        load_settings({"TRADEGRAPH_FEED": "ccxt:mtgox"})


def test_a_missing_extra_is_reported_with_its_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    message = "binance is reached through ccxt, which is not installed: .venv/bin/pip install '.[ccxt]'"
    with pytest.raises(VenueSettingError) as caught:
        crypto_venue(setting())
    assert caught.value.problems == [f"TRADEGRAPH_VENUES: main-account: {message}"]

    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name, name=name)

    monkeypatch.setattr(ccxt_library.importlib, "import_module", missing)
    with pytest.raises(ExtraMissing, match="pip install"):
        exact_class("binance")


def test_the_library_is_not_loaded_before_an_exchange_is_opened() -> None:
    program = (
        "import sys, adapters.wiring\n"
        "from adapters.settings.loading import load_settings\n"
        "from adapters.venues.registry import configure\n"
        "settings = load_settings({'TRADEGRAPH_VENUES': 'x=ccxt:binance', 'TRADEGRAPH_VENUE_X_KEY': 'a', "
        "'TRADEGRAPH_VENUE_X_SECRET': 'b'})\n"
        "configure(settings.venues, adapters.wiring.GATEWAYS)\n"
        "sys.exit('ccxt' in sys.modules or 'aiohttp' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


async def test_the_gateway_opens_and_closes(server: BinanceServer) -> None:
    configured = crypto_venue(setting(f"binance@{server.endpoint}"))
    async with configured.open(cast(Any, instruments())) as venue:
        assert venue.name == "main-account"
        assert await venue.open_orders() == []
    await server.stop()
    with pytest.raises(VenueUnavailable):
        async with configured.open(cast(Any, instruments())):
            pass


async def test_an_invalid_key_is_reported_at_its_first_use(server: BinanceServer) -> None:
    configured = crypto_venue(setting(f"binance@{server.endpoint}", secret="wrong"))
    async with configured.open(cast(Any, instruments())) as venue:
        with pytest.raises(VenueUnavailable, match=r"^Signature for this request is not valid\.$"):
            await venue.open_orders()
        with pytest.raises(VenueUnavailable):
            async with venue.reports():
                pass


async def test_rate_limits_are_kept_by_waiting(server: BinanceServer) -> None:
    """A question about all open orders weighs sixteen times a plain one: the next call waits for as long."""
    async with ExchangeConnection(
        parse_address(f"binance@{server.endpoint}"), Credentials(API_KEY, SECRET)
    ) as connection:
        await connection.call("fetch_open_orders")
        began = time.monotonic()
        await asyncio.gather(*(connection.call("fetch_my_trades", "BTC/USDT") for _ in range(2)))
        seconds_per_weight = connection.ccxt.rateLimit / 1_000
        assert time.monotonic() - began >= 16 * seconds_per_weight * 0.9


def test_the_receive_window_ends_before_an_order_counts_as_unknown() -> None:
    for dialect in DIALECTS.values():
        assert dialect.options["recvWindow"] * 1_000_000 <= GRACE_NANOS / 2


def test_the_testnet_has_its_own_addresses() -> None:
    loaded = exact_class("binance")
    places = exchange_object(loaded, parse_address("binance:testnet"), Credentials()).urls["api"]
    assert "testnet" in places["private"]
    assert "testnet" in places["ws"]["ws-api"]["spot"]
    real = exchange_object(loaded, parse_address("binance"), Credentials()).urls["api"]
    assert real["private"] == "https://api.binance.com/api/v3"


def test_debug_logs_contain_no_requests() -> None:
    exact_class("binance")
    assert not logging.getLogger("ccxt.async_support.base.exchange").isEnabledFor(logging.INFO)
    assert not logging.getLogger("ccxt.base.exchange").isEnabledFor(logging.INFO)


async def test_the_library_does_not_change_the_decimal_context() -> None:
    exchange = exact_class("binance")()
    before = decimal.getcontext().copy()
    assert exchange.decimal_to_precision("1.25", 1, 1) == "1.3"
    assert (decimal.getcontext().rounding, decimal.getcontext().traps) == (before.rounding, before.traps)
    # Whoever changes it all the same changes no money.
    with decimal.localcontext(rounding=decimal.ROUND_UP):
        assert (to_cash(Decimal("1.005"), "USD"), to_average(Decimal("0.1000000000005"))) == (
            Decimal("1.00"),
            Decimal("0.100000000000"),
        )
    await exchange.close()
