"""Properties of exchanges that ccxt's unified API does not give.

Only exchanges that are listed here can be traded: each entry was checked against the exchange's documentation and
ccxt's source, and is tested against a server that speaks its API. An exchange qualifies when it takes a client's own
order id of 32 letters and digits, finds an order by it, and refuses a signed request that comes late: without these an
order whose answer was lost could not be asked about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.orders.model.types import OrderType, TimeInForce
from domain.orders.venues.types import Capabilities

_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The properties of one exchange.

    ``options`` and ``streaming`` are given to ccxt. ``stream_hashes`` are ccxt's names of the awaited messages once the
    user's stream is subscribed to. ``trade_span_seconds`` and ``trade_page`` are the longest time and the most trades
    of one question about trades, ``trade_cursor`` is the parameter that names the first trade of the next page.
    ``duplicate`` is its answer to an order id that it already has.
    """

    exchange: str
    capabilities: Capabilities
    stream_hashes: tuple[str, ...]
    trade_span_seconds: int
    trade_page: int
    trade_cursor: str
    duplicate: str
    options: Mapping[str, Any] = field(default_factory=dict)
    streaming: Mapping[str, Any] = field(default_factory=dict)


# Binance spot: https://developers.binance.com/docs/binance-spot-api-docs
_BINANCE = Dialect(
    exchange="binance",
    capabilities=Capabilities(
        order_types=frozenset({OrderType.MARKET, OrderType.LIMIT}),
        times_in_force=frozenset({TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK}),
        post_only=True,
        price_decimals=8,
        quantity_decimals=8,
        # A spot account holds currencies: what was bought for one symbol and for another is one balance, less fees.
        positions=False,
    ),
    stream_hashes=("orders", "myTrades"),
    trade_span_seconds=_DAY_SECONDS,
    trade_page=1_000,
    trade_cursor="fromId",
    duplicate="Duplicate order sent",
    options={
        "defaultType": "spot",
        "fetchMarkets": {"types": ["spot"]},
        "fetchCurrencies": False,
        "fetchMargins": False,
        # How late a signed request may come and still be taken: well within the time for which an exchange may say
        # that it does not know an order before it is believed.
        "recvWindow": 5_000,
        # Asking about all symbols at once costs more of the rate limit; it is what reconciling needs.
        "fetchOpenOrders": {"warnWithoutSymbol": False},
    },
    # A connection that died without a word is noticed within half a minute.
    streaming={"keepAlive": 10_000},
)

DIALECTS: Mapping[str, Dialect] = {dialect.exchange: dialect for dialect in (_BINANCE,)}
