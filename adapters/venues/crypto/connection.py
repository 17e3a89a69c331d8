"""One open exchange: ccxt's object, its symbols, and calls with failures of our own types.

ccxt's throttler spaces all calls within the exchange's limits. A call that the exchange refused because of its rate
limit or the clock had no effect: it is made again a few times, later or with the clocks compared anew. No other call is
ever repeated.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from adapters.venues.crypto.ccxt_library import exact_class
from adapters.venues.crypto.dialects import Dialect
from adapters.venues.crypto.exchange_address import ExchangeAddress, moved
from adapters.venues.crypto.failures import ExchangeFailure, Fate, read_failure
from domain.orders.model.types import RejectReason
from domain.orders.venues.port import VenueUnavailable

_MAX_TRIES = 3
# A call waits this long for the exchange to take it; when it wants to be left alone for longer, calls fail meanwhile.
_MAX_WAIT_SECONDS = 5.0
_MAX_QUIET_SECONDS = 3_600.0
_WAIT_SECONDS = 1.0
# Symbols come and go, and their terms change.
RENEW_SECONDS = 3_600.0
_QUIET = "The exchange asked for a pause in requests."


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key of an account at an exchange. Neither part is ever shown."""

    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)


class ExchangeConnection:
    """One exchange; open it, or enter it as a context: it then has the exchange's symbols.

    ``ccxt`` is the library's object.
    """

    def __init__(self, address: ExchangeAddress, credentials: Credentials = Credentials()) -> None:
        self._address = address
        self._credentials = credentials
        self._secrets = (credentials.secret, credentials.key)
        self.ccxt: Any = None
        # Grows each time that the exchange's terms were read.
        self.terms_version = 0
        self._terms_at = 0.0
        self._quiet_until = 0.0

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Load the library if need be, and learn the exchange's time and symbols.

        Raises:
            ExchangeFailure: it cannot be reached; nothing is left open.
            ExtraMissing: ccxt is not installed.
        """
        # It takes seconds, for it brings hundreds of exchanges along; the rest of the process goes on meanwhile.
        loaded = await asyncio.to_thread(exact_class, self.dialect.exchange)
        self.ccxt = exchange_object(loaded, self._address, self._credentials)
        try:
            self.ccxt.open()
            # aiohttp sends some requests again by itself when a kept connection breaks; here nothing is sent twice.
            self.ccxt.session._retry_connection = False
            await self.call("load_time_difference")
            await self._load_terms()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close all connections."""
        await self.ccxt.close()

    @property
    def dialect(self) -> Dialect:
        """The exchange's properties."""
        return self._address.dialect

    async def renew(self) -> None:
        """Read the exchange's terms again if that was long ago.

        Raises:
            ExchangeFailure: it cannot be asked; the terms stay as they were.
        """
        if self._clock() - self._terms_at > RENEW_SECONDS:
            await self._load_terms()

    async def _load_terms(self) -> None:
        await self.call("load_markets", True)
        self._terms_at = self._clock()
        self.terms_version += 1

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Around questions: after any failure nothing is known that was not known before.

        Raises:
            VenueUnavailable: the block failed.
        """
        try:
            yield
        except Exception as error:  # noqa: BLE001  the library raises anything at all when an answer cannot be read
            raise VenueUnavailable(self.failure(error).message) from None

    async def call(self, name: str, *arguments: Any, **named: Any) -> Any:
        """Call a method of ccxt, and return its answer.

        Raises:
            ExchangeFailure: it failed; the failure says whether it may have had its effect all the same.
        """
        tries = 0
        while True:
            if self._clock() < self._quiet_until:
                raise ExchangeFailure(Fate.TOO_MANY, RejectReason.VENUE_REJECTED, _QUIET)
            tries += 1
            try:
                return await getattr(self.ccxt, name)(*arguments, **named)
            except Exception as error:  # noqa: BLE001  whatever it was, what it means is decided in one place
                failure = self.failure(error)
            wait = self._retry_after(tries) if failure.fate is Fate.TOO_MANY else 0.0
            if wait > _MAX_WAIT_SECONDS:
                self._quiet_until = self._clock() + min(wait, _MAX_QUIET_SECONDS)
                raise failure from None
            if tries == _MAX_TRIES or failure.fate not in (Fate.TOO_MANY, Fate.CLOCK):
                raise failure from None
            if failure.fate is Fate.TOO_MANY:
                await asyncio.sleep(wait)
            elif name != "load_time_difference":
                await self.call("load_time_difference")

    def failure(self, error: BaseException) -> ExchangeFailure:
        """The failure of an exception of ccxt."""
        return read_failure(error, self._secrets, self.dialect)

    def _retry_after(self, tries: int) -> float:
        """Seconds until the exchange accepts calls again, as it said, else growing."""
        headers: Mapping[str, str] = self.ccxt.last_response_headers or {}
        said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
        return float(said) if said.isdecimal() else _WAIT_SECONDS * tries

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()

    async def close_streams(self) -> None:
        """Close the WebSocket connections, and drop their messages; the next use opens a new one."""
        clients = list((self.ccxt.clients or {}).values())
        self.ccxt.clients = {}
        for client in clients:
            await client.close()
        self.ccxt.orders = self.ccxt.myTrades = None

    def market(self, name: str) -> Mapping[str, Any] | None:
        """The exchange's terms of a symbol, by its own or by ccxt's name for it; None if it has none."""
        markets: Mapping[str, Mapping[str, Any]] = self.ccxt.markets
        candidates: Iterable[Mapping[str, Any]] = [
            *([markets[name]] if name in markets else []),
            *(self.ccxt.markets_by_id.get(name) or []),
        ]
        return next((market for market in candidates if market["spot"]), None)

    def refused(self, reason: RejectReason, message: str) -> ExchangeFailure:
        """A refusal of our own, before anything is sent."""
        return ExchangeFailure(Fate.REFUSED, reason, message)


def exchange_object(loaded: type[Any], address: ExchangeAddress, credentials: Credentials) -> Any:
    """An object of one of the library's classes, configured and not yet connected."""
    dialect = address.dialect
    ccxt = loaded(
        {
            "apiKey": credentials.key,
            "secret": credentials.secret,
            "number": str,
            "enableRateLimit": True,
            "newUpdates": True,
            "timeout": round(address.timeout_seconds * 1_000),
            "timeout_on_exit": 0,
        }
    )
    ccxt.options = ccxt.deep_extend(ccxt.options, dialect.options)
    ccxt.streaming = ccxt.deep_extend(ccxt.streaming, dialect.streaming)
    if address.testnet:
        ccxt.set_sandbox_mode(True)
    if address.endpoint is not None:
        ccxt.urls["api"] = moved(ccxt.urls["api"], address.endpoint)
    return ccxt
