"""The REST half of the dialect: signed requests, their answers and their errors."""

import hashlib
import hmac
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.support.binance.book import Book, Market, Order, Refusal, eight, order_row, trade_row

ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET"]
Parameters = dict[str, str]
_DAY = 86_400_000


def check_signed(secret: str, query: str, now: int) -> Parameters:
    """The parameters of a signed query.

    Raises:
        Refusal: the signature is missing or wrong, or the request is too old or from the future.
    """
    unsigned, _, signature = query.rpartition("&signature=")
    expected = hmac.new(secret.encode(), unsigned.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, expected):
        raise Refusal(-1022, "Signature for this request is not valid.")
    parameters = dict(parse_qsl(unsigned, keep_blank_values=True))
    sent, window = int(parameters["timestamp"]), int(parameters.get("recvWindow", 5000))
    if sent > now + 1000:
        raise Refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if now - sent > window:
        raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
    return parameters


def exchange_info(book: Book) -> dict[str, Any]:
    """The terms of all symbols."""
    return {
        "timezone": "UTC",
        "serverTime": book.clock(),
        "rateLimits": [
            {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000},
            {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 100},
        ],
        "exchangeFilters": [],
        "symbols": [_symbol(market) for market in book.markets.values()],
    }


def _symbol(market: Market) -> dict[str, Any]:
    return {
        "symbol": market.symbol,
        "status": "TRADING",
        "baseAsset": market.base,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ORDER_TYPES,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "permissions": ["SPOT"],
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": eight(market.tick),
                "maxPrice": "1000000.00000000",
                "tickSize": eight(market.tick),
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": eight(market.step),
                "maxQty": "9000.00000000",
                "stepSize": eight(market.step),
            },
            {"filterType": "NOTIONAL", "minNotional": eight(market.min_notional), "maxNotional": "9000000.00000000"},
        ],
    }


def _new_order(book: Book, given: Parameters) -> dict[str, Any]:
    if given["type"] not in ORDER_TYPES:
        raise Refusal(-1116, "Invalid orderType.")
    order = book.place(
        Order(
            id=0,
            client_id=given["newClientOrderId"],
            market=book.market(given["symbol"]),
            side=given["side"],
            type=given["type"],
            time_in_force=given.get("timeInForce", "GTC"),
            quantity=Decimal(given["quantity"]),
            price=Decimal(given.get("price", "0")),
            at=0,
        )
    )
    fills = [
        {
            "price": eight(trade.price),
            "qty": eight(trade.quantity),
            "commission": eight(trade.commission[0]),
            "commissionAsset": trade.commission[1],
            "tradeId": trade.id,
        }
        for trade in order.trades
    ]
    return order_row(order) | {"transactTime": order.at, "fills": fills}


def _find(book: Book, given: Parameters) -> Order:
    return book.find(book.market(given["symbol"]), given.get("orderId"), given.get("origClientOrderId"))


def _cancel(book: Book, given: Parameters) -> dict[str, Any]:
    try:
        order = _find(book, given)
    except Refusal:
        raise Refusal(-2011, "Unknown order sent.") from None
    return order_row(book.cancel(order)) | {"origClientOrderId": order.client_id, "clientOrderId": f"cancel-{order.id}"}


def _open_orders(book: Book, given: Parameters) -> list[dict[str, Any]]:
    symbol = given.get("symbol")
    return [
        order_row(order) for order in book.orders.values() if order.is_open and symbol in (None, order.market.symbol)
    ]


def _my_trades(book: Book, given: Parameters) -> list[dict[str, Any]]:
    market = book.market(given["symbol"])
    start, first = int(given.get("startTime", "0")), int(given.get("fromId", "0"))
    end = int(given.get("endTime", start + _DAY if "startTime" in given else book.clock()))
    if "startTime" in given and end - start > _DAY:
        raise Refusal(-1127, "More than 24 hours between startTime and endTime.")
    trades = [
        trade
        for order in book.orders.values()
        if order.market is market and given.get("orderId") in (None, str(order.id))
        for trade in order.trades
        if start <= trade.at <= end and trade.id >= first
    ]
    trades.sort(key=lambda trade: trade.id)
    return [trade_row(trade) for trade in trades[: int(given.get("limit", "500"))]]


def _account(book: Book, _: Parameters) -> dict[str, Any]:
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "canTrade": True,
        "accountType": "SPOT",
        "updateTime": book.clock(),
        "balances": [
            {"asset": asset, "free": eight(total - book.locked(asset)), "locked": eight(book.locked(asset))}
            for asset, total in book.balances.items()
        ],
        "permissions": ["SPOT"],
    }


SIGNED: dict[tuple[str, str], Callable[[Book, Parameters], Any]] = {
    ("POST", "order"): _new_order,
    ("DELETE", "order"): _cancel,
    ("GET", "order"): lambda book, given: order_row(_find(book, given)),
    ("GET", "openOrders"): _open_orders,
    ("GET", "myTrades"): _my_trades,
    ("GET", "account"): _account,
}


def refused(refusal: Refusal, status: int = 400) -> web.Response:
    """An error answer in the exchange's format."""
    return web.json_response({"code": refusal.code, "msg": refusal.message}, status=status)
