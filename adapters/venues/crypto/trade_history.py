"""An account's trades at an exchange since a time: whole pages, oldest first, without a limit of number or age."""

from collections.abc import Mapping
from typing import Any

from adapters.venues.crypto.connection import ExchangeConnection
from domain.kernel.time import NANOS_PER_SECOND, Nanos

# A bound on how far back is looked: what is older than this was reconciled long ago, or is for people to look at.
MAX_SPANS = 90
_MILLISECONDS = 1_000
# Nothing has happened yet after this, however our clocks differ.
_CLOCK_TOLERANCE_MILLISECONDS = 10_000

Raw = Mapping[str, Any]


async def trades_since(connection: ExchangeConnection, symbol: str, since: Nanos) -> list[Raw]:
    """All trades of one of ccxt's symbols from ``since`` on, in ccxt's form, oldest first.

    Raises:
        ExchangeFailure: the exchange could not be asked.
    """
    trades, is_all = await _first_page(connection, symbol, since)
    while not is_all:
        # From the last trade on, which is met again: an exchange's ids need not be whole numbers.
        params = {connection.dialect.trade_cursor: trades[-1]["id"]}
        page = await connection.call("fetch_my_trades", symbol, None, connection.dialect.trade_page, params)
        met = {identity(trade) for trade in trades}
        fresh = [trade for trade in page if identity(trade) not in met]
        trades += fresh
        is_all = not fresh or len(page) < connection.dialect.trade_page
    return trades


def identity(trade: Raw) -> tuple[str, str, str | None]:
    """The identity of a trade; a trade of an account with itself is there twice, once for each order."""
    return trade["symbol"], trade["id"], trade["order"]


async def _first_page(connection: ExchangeConnection, symbol: str, since: Nanos) -> tuple[list[Raw], bool]:
    """The first trades from ``since`` on, and True if there are no more: an exchange searches one day at a time."""
    dialect = connection.dialect
    span, now = dialect.trade_span_seconds * _MILLISECONDS, connection.ccxt.nonce()
    start = max(since * _MILLISECONDS // NANOS_PER_SECOND, now - MAX_SPANS * span)
    if start > now + _CLOCK_TOLERANCE_MILLISECONDS:
        return [], True
    while True:
        is_last = start + span > now
        until = {} if is_last else {"until": start + span}
        page = await connection.call("fetch_my_trades", symbol, start, dialect.trade_page, until)
        if page or is_last:
            return list(page), is_last and len(page) < dialect.trade_page
        start += span
