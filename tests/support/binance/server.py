"""The server: one address for REST, market streams, and the user's stream, and what the test does to all of them."""

import asyncio
import json
import time
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from aiohttp import WSMsgType, web

from tests.support.binance.book import Book, Market, Order, Refusal, eight
from tests.support.binance.faults import Fault, Faults
from tests.support.binance.rest import SIGNED, check_signed, exchange_info, refused

API_KEY = "test-key-4Zq8vTn2"
SECRET = "test-secret-Wm7xKc31pLd9"


class BinanceServer:
    """Open it as a context. ``requests`` are the signed ones that arrived, in order: method, path, parameters."""

    def __init__(self) -> None:
        self.skew_milliseconds = 0
        self.faults = Faults()
        self.book = Book(self.now, self._publish)
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self._held: list[dict[str, Any]] = []
        self._users: set[web.WebSocketResponse] = set()
        self._streams: dict[web.WebSocketResponse, set[str]] = {}
        self._hanging: set[asyncio.Event] = set()
        self._sends: dict[web.WebSocketResponse, asyncio.Queue[str]] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0
        self.book.markets["BTCUSDT"] = Market("BTCUSDT", "BTC", "USDT")
        self.book.markets["ETHUSDT"] = Market("ETHUSDT", "ETH", "USDT", step=Decimal("0.0001"))
        self.book.balances |= {"USDT": Decimal(1_000_000), "BTC": Decimal(20), "ETH": Decimal(100)}

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/api/v3/{path:.*}", self._rest)
        application.router.add_get("/ws-api/v3", self._user_socket)
        application.router.add_get("/ws/{number}", self._market_socket)
        self._runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop at once; ``__aenter__`` starts the server again at the same address."""
        for event in list(self._hanging):
            event.set()
        self.drop_sockets()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def now(self) -> int:
        """The server's clock in milliseconds."""
        return time.time_ns() // 1_000_000 + self.skew_milliseconds

    def fault(self, method: str, path: str, fault: Fault, times: int = 1) -> None:
        """Add a fault for the next requests of a kind."""
        self.faults.add(method, path, fault, times)

    def asked(self, method: str, path: str) -> list[dict[str, str]]:
        """The parameters of the requests of a kind, in order."""
        return [given for verb, name, given in self.requests if (verb, name) == (method, path)]

    # ------------------------------------------------------------------ what the test lets happen

    @property
    def orders(self) -> list[Order]:
        """All orders, in the order in which they were taken."""
        return list(self.book.orders.values())

    @property
    def subscribed(self) -> set[str]:
        """The market streams with a listener."""
        return set().union(*self._streams.values())

    @property
    def listeners(self) -> int:
        """The number of listeners of the user's stream."""
        return len(self._users)

    def place(self, symbol: str, side: str, quantity: str, price: str, *, client_id: str) -> Order:
        """Place an order that is not from the platform."""
        market = self.book.markets[symbol]
        order = Order(0, client_id, market, side, "LIMIT", "GTC", Decimal(quantity), Decimal(price), 0)
        return self.book.place(order)

    def fill(self, order: Order, quantity: str, price: str, *, maker: bool = True) -> None:
        """Execute a part of an open order."""
        self.book.fill(order, Decimal(quantity), Decimal(price), maker=maker)

    def amend(self, order: Order, quantity: str) -> None:
        """Reduce an open order, as its owner can on the exchange's own page."""
        self.book.amend(order, Decimal(quantity))

    def quote(self, symbol: str, bid: str, ask: str, size: str = "5") -> None:
        """A new standing quote, published to its listeners."""
        market = self.book.markets[symbol]
        market.bid, market.ask = Decimal(bid), Decimal(ask)
        market.bid_size = market.ask_size = Decimal(size)
        message = {"u": self.now(), "s": symbol, "b": bid, "B": size, "a": ask, "A": size}
        self._stream(f"{symbol.lower()}@bookTicker", message)

    def trade(self, symbol: str, price: str, size: str, *, buyer_is_maker: bool, at: int | None = None) -> None:
        """A trade of others, published to its listeners."""
        now = self.now() if at is None else at
        message = {"e": "trade", "E": now, "s": symbol, "t": now, "p": price, "q": size, "T": now, "m": buyer_is_maker}
        self._stream(f"{symbol.lower()}@trade", message | {"M": True})

    def drop_sockets(self) -> None:
        """Cut all WebSocket connections without a close frame."""
        for socket in [*self._users, *self._streams]:
            self._users.discard(socket)
            self._streams.pop(socket, None)
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()

    def say(self, text: str) -> None:
        """Send any text to the listeners of the user's stream."""
        for socket in self._users:
            self._sends[socket].put_nowait(text)

    def release(self, *, backwards: bool = False) -> None:
        """Send the events that were held, in their order or against it."""
        held, self._held = self._held, []
        self.faults.holding = False
        for event in reversed(held) if backwards else held:
            self._send_event(event)

    # ------------------------------------------------------------------ REST

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if path == "exchangeInfo":
            return web.json_response(exchange_info(self.book))
        if path in ("time", "ping"):
            return web.json_response({"serverTime": self.now()} if path == "time" else {})
        fault = self.faults.take(request.method, path)
        if fault is None or fault.is_taken:
            response = await self._signed(request, path)
            if fault is None:
                return response
        match fault:
            case Fault.UNAVAILABLE | Fault.UNAVAILABLE_TAKEN:
                return web.Response(status=503, text="Service Unavailable.")
            case Fault.RATE_LIMITED:
                answer = {"code": -1003, "msg": "Too many requests; current limit is 6000 request weight per 1 MINUTE."}
                return web.json_response(answer, status=429, headers={"Retry-After": "1"})
            case Fault.BANNED:
                answer = {"code": -1003, "msg": "Way too much request weight used; IP banned."}
                return web.json_response(answer, status=418, headers={"Retry-After": "60"})
            case Fault.ECHOED:
                sent = f"{API_KEY} {SECRET} {request.url}?{(await request.read()).decode()}"
                return web.json_response({"code": -2010, "msg": f"Refused: {sent}"}, status=400)
            case Fault.GARBLED_TAKEN:
                return web.Response(status=200, text="<html>", content_type="text/html")
            case Fault.HANG | Fault.HANG_TAKEN:
                await self._hang()
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _hang(self) -> None:
        released = asyncio.Event()
        self._hanging.add(released)
        try:
            await released.wait()
        finally:
            self._hanging.discard(released)

    async def _signed(self, request: web.Request, path: str) -> web.StreamResponse:
        handler = SIGNED.get((request.method, path))
        if handler is None:
            return web.Response(status=404, text="")
        query = request.query_string or (await request.read()).decode()
        try:
            if request.headers.get("X-MBX-APIKEY") != API_KEY:
                raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
            given = check_signed(SECRET, query, self.now())
            self.requests.append((request.method, path, given))
            return web.json_response(handler(self.book, given), headers={"X-MBX-USED-WEIGHT-1M": "10"})
        except Refusal as refusal:
            return refused(refusal, 401 if refusal.code == -2015 else 400)

    # ------------------------------------------------------------------ WebSocket

    async def _user_socket(self, request: web.Request) -> web.StreamResponse:
        async def answer(message: dict[str, Any], socket: web.WebSocketResponse) -> dict[str, Any]:
            if message["method"] != "userDataStream.subscribe.signature":
                return {"id": message["id"], "status": 400, "error": {"code": -1000, "msg": "Unknown method."}}
            given = dict(message["params"])
            signature = given.pop("signature")
            query = "&".join(f"{name}={given[name]}" for name in sorted(given))
            try:
                if given["apiKey"] != API_KEY:
                    raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.")
                check_signed(SECRET, f"{query}&signature={signature}", self.now())
            except Refusal as refusal:
                error = {"code": refusal.code, "msg": refusal.message}
                return {"id": message["id"], "status": 400, "error": error}
            self._users.add(socket)
            return {"id": message["id"], "status": 200, "result": {"subscriptionId": 0}}

        return await self._socket(request, answer)

    async def _market_socket(self, request: web.Request) -> web.StreamResponse:
        async def answer(message: dict[str, Any], socket: web.WebSocketResponse) -> dict[str, Any]:
            assert message["method"] == "SUBSCRIBE"
            self._streams.setdefault(socket, set()).update(message["params"])
            return {"result": None, "id": message["id"]}

        return await self._socket(request, answer)

    async def _socket(self, request: web.Request, answer: Any) -> web.StreamResponse:
        if self.faults.refusing_sockets:
            return web.Response(status=503)
        socket = web.WebSocketResponse(autoping=not self.faults.ignoring_pings)
        await socket.prepare(request)
        self.connections += 1
        outgoing = self._sends[socket] = asyncio.Queue()
        sender = asyncio.create_task(_send_all(socket, outgoing))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    outgoing.put_nowait(json.dumps(await answer(json.loads(message.data), socket)))
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)
            self._users.discard(socket)
            self._streams.pop(socket, None)
            del self._sends[socket]
        return socket

    def _publish(self, event: dict[str, Any]) -> None:
        if self.faults.losing:
            return
        if self.faults.holding:
            self._held.append(event)
            return
        self._send_event(event)
        if self.faults.doubling:
            self._send_event(event)

    def _send_event(self, event: dict[str, Any]) -> None:
        for socket in self._users:
            self._sends[socket].put_nowait(json.dumps({"subscriptionId": 0, "event": event}))

    def _stream(self, name: str, message: dict[str, Any]) -> None:
        for socket, names in self._streams.items():
            if name in names:
                self._sends[socket].put_nowait(json.dumps(message))


async def _send_all(socket: web.WebSocketResponse, outgoing: asyncio.Queue[str]) -> None:
    while True:
        try:
            await socket.send_str(await outgoing.get())
        except ConnectionError:
            return


__all__ = ["API_KEY", "SECRET", "BinanceServer", "eight"]
