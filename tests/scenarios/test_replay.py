"""Trading against recorded markets: every execution is the one that its tick must have given, to the nanosecond."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.desk import Desk, order_input, signed_in
from tests.support.installation import Installation
from tests.support.market import recording
from tests.support.recordings import NANOS_PER_SECOND, Fill, Terms, expected_fills, nanoseconds, read_events
from tests.support.waiting import PATIENCE_SECONDS

QUOTE = "query ($symbols: [String!]!) { quotes(symbols: $symbols) { bid ask at } }"
POSITION = "query ($id: ID!, $symbol: String!) { position(accountId: $id, symbol: $symbol) { quantity feesPaid } }"
BATCHES = 3


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded market and its trading plan."""

    symbol: str
    quotes: str
    trades: str | None
    speed: int
    terms: dict[str, Any]
    currency: str
    # The smallest unit of money, of quantity, a large order, and seconds of the market from one batch to the next.
    cent: Decimal
    unit: str
    large: str
    pause_seconds: int

    @property
    def fee_rates(self) -> dict[str, Decimal]:
        fees = self.terms["fees"]
        return {"MAKER": Decimal(fees["makerRate"]), "TAKER": Decimal(fees["takerRate"])}


BTCUSDT = Recorded(
    "BTCUSDT-PERP.BINANCE",
    "quotes/btcusdt_perp_binance_20240808.csv.gz",
    "trades/btcusdt_perp_binance_20240808.csv.gz",
    speed=4,
    terms={
        "assetClass": "PERPETUAL",
        "tickSize": "0.1",
        "initialMarginRate": "0.05",
        "maintenanceMarginRate": "0.025",
        "fees": {"makerRate": "0.0002", "takerRate": "0.0005"},
    },
    currency="USDT",
    cent=Decimal("0.00000001"),
    unit="0.001",
    large="12.5",
    pause_seconds=8,
)
EURUSD = Recorded(
    "EURUSD.OANDA",
    "quotes/eurusd_oanda_20140507.csv.gz",
    None,
    speed=2_000,
    terms={
        "assetClass": "FX",
        "tickSize": "0.00001",
        "lotSize": "1",
        "initialMarginRate": "0.02",
        "maintenanceMarginRate": "0.01",
        "shortable": True,
        "fees": {"makerRate": "0.00002", "takerRate": "0.00002"},
    },
    currency="USD",
    cent=Decimal("0.01"),
    unit="1",
    large="2500000",
    pause_seconds=4_000,
)


@dataclass(slots=True)
class Batch:
    """Orders that came together, and what the market was when they were sent. The first tells when they arrived."""

    seen: int
    inputs: list[dict[str, Any]]
    ids: list[str]
    orders: list[dict[str, Any]] = field(default_factory=list)

    @property
    def arrived(self) -> int:
        return nanoseconds(self.orders[0]["executions"][0]["at"])


async def test_orders_trade_against_a_recorded_bitcoin_market(fresh: Installation, tmp_path: Path) -> None:
    await _trade(fresh, tmp_path, BTCUSDT)


async def test_orders_trade_against_a_recorded_euro_market(fresh: Installation, tmp_path: Path) -> None:
    await _trade(fresh, tmp_path, EURUSD)


async def _trade(fresh: Installation, tmp_path: Path, market: Recorded) -> None:
    folder = tmp_path / "recorded"
    folder.mkdir()
    files = [recording(name) for name in (market.quotes, market.trades) if name is not None]
    for number, file in enumerate(files):
        (folder / f"{number}.csv.gz").symlink_to(file)
    web, engine = fresh.web(), fresh.engine(TRADEGRAPH_FEED=f"replay:{folder}:{market.speed}")
    fresh.start(web)
    async with signed_in(web.address) as desk:
        await desk.create_instrument(market.symbol, currency=market.currency, **market.terms)
        account_id = await desk.open_account("100000000", kind="MARGIN", currency=market.currency)
        await engine.come_back()
        batches: list[Batch] = []
        after = 0
        for _ in range(BATCHES):
            batches.append(await _place(desk, account_id, market, after))
            after = batches[-1].seen + market.pause_seconds * NANOS_PER_SECOND
        # Alone, it tells how far the market has come.
        end = await _place(desk, account_id, market, after, alone=True)
        engine.kill()
        for batch in (*batches, end):
            batch.orders = [await desk.find(order_id) for order_id in batch.ids]
        _compare(market, files, batches, end.arrived)
        await _check_position(desk, account_id, market, [order for batch in (*batches, end) for order in batch.orders])
        await desk.check_books()


async def _place(desk: Desk, account_id: str, market: Recorded, after: int, *, alone: bool = False) -> Batch:
    """Send orders around the market as it is once it has come to ``after``, and wait until they have arrived."""
    quote = await _quote(desk, market.symbol, after)
    orders = [order_input(account_id, market.symbol, "BUY", market.unit)]
    if not alone:
        orders += _around(account_id, market, Decimal(quote["bid"]), Decimal(quote["ask"]))
    placed = await desk.place_all(*orders)
    assert [order["rejectReason"] for order in placed] == [None] * len(orders)
    await desk.settled(placed[0]["id"], "FILLED")
    return Batch(nanoseconds(quote["at"]), orders, [order["id"] for order in placed])


async def _quote(desk: Desk, symbol: str, after: int) -> dict[str, str]:
    async with asyncio.timeout(PATIENCE_SECONDS * 3):
        while True:
            quotes = (await desk.client.ask(QUOTE, symbols=[symbol]))["quotes"]
            if quotes and quotes[0]["bid"] is not None and nanoseconds(quotes[0]["at"]) >= after:
                quote: dict[str, str] = quotes[0]
                return quote
            await asyncio.sleep(0.1)


def _around(account_id: str, market: Recorded, bid: Decimal, ask: Decimal) -> list[dict[str, Any]]:
    """Orders of every kind: at the market, a little away from it on either side, and far too large for it."""
    tick = Decimal(market.terms["tickSize"])
    near, far = 3 * tick, 20 * tick
    rows = [
        ("BUY", market.large, "MARKET", "GTC", None),
        ("SELL", market.large, "MARKET", "IOC", None),
        ("SELL", market.large, "MARKET", "FOK", None),
        ("BUY", market.unit, "MARKET", "FOK", None),
        ("BUY", market.large, "LIMIT", "GTC", ask + near),
        ("SELL", market.large, "LIMIT", "GTC", bid - near),
        ("BUY", market.unit, "LIMIT", "GTC", bid - near),
        ("SELL", market.large, "LIMIT", "DAY", ask + near),
        ("BUY", market.large, "LIMIT", "GTC", bid - far),
        ("SELL", market.unit, "LIMIT", "GTC", ask + far),
        ("BUY", market.large, "LIMIT", "IOC", ask + near),
        ("SELL", market.large, "LIMIT", "FOK", bid),
        ("BUY", market.large, "STOP", "GTC", ask + far),
        ("SELL", market.unit, "STOP", "DAY", bid - far),
    ]
    orders = []
    for side, quantity, kind, time_in_force, price in rows:
        prices = {} if price is None else {"stopPrice" if kind == "STOP" else "limitPrice": str(price)}
        terms = {"type": kind, "timeInForce": time_in_force} | prices
        orders.append(order_input(account_id, market.symbol, side, quantity, **terms))
    return orders


def _compare(market: Recorded, files: list[Path], batches: list[Batch], end: int) -> None:
    """Each batch must have met the recording right after one of the lines that carry its time of arrival."""
    fills = [[_fills(order) for order in batch.orders] for batch in batches]
    newest = max(fill.at for batch in fills for order in batch for fill in order)
    events = read_events(files[0], files[1] if len(files) > 1 else None, max(newest, end))
    makers = 0
    for batch, actual in zip(batches, fills, strict=True):
        assert batch.seen <= batch.arrived
        arrivals = [number for number, event in enumerate(events) if event.at == batch.arrived]
        expected = [
            [list(expected_fills(Terms.of(given), events, arrival)) for given in batch.inputs] for arrival in arrivals
        ]
        # What the last line brought may not have been booked yet when the engine was killed.
        assert actual in [
            [_up_to(end, order, got) for order, got in zip(each, actual, strict=True)] for each in expected
        ]
        for order in batch.orders:
            _check_figures(market, order)
        makers += sum(fill.liquidity == "MAKER" for order in actual for fill in order)
    assert makers > 0


def _up_to(end: int, expected: list[Fill], actual: list[Fill]) -> list[Fill]:
    """What must be there: all up to ``end``, and of what came later as much as was booked."""
    due = sum(fill.at <= end for fill in expected)
    return expected[: max(due, len(actual))]


def _fills(order: dict[str, Any]) -> list[Fill]:
    return [
        Fill(nanoseconds(item["at"]), Decimal(item["price"]), Decimal(item["quantity"]), item["liquidity"])
        for item in order["executions"]
    ]


def _check_figures(market: Recorded, order: dict[str, Any]) -> None:
    """Assert the fees to the smallest unit, and that the order agrees with its executions."""
    filled = sum((fill.quantity for fill in _fills(order)), Decimal(0))
    assert Decimal(order["filledQuantity"]) == filled
    exact = charged = Decimal(0)
    for item, fill in zip(order["executions"], _fills(order), strict=True):
        exact += fill.price * fill.quantity * market.fee_rates[fill.liquidity]
        charged += Decimal(item["fee"])
        assert charged == exact.quantize(market.cent)
    if filled == Decimal(order["quantity"]):
        assert order["status"] == "FILLED"
    elif order["timeInForce"] in {"IOC", "FOK"}:
        assert order["status"] == "CANCELED"
    elif order["rejectReason"] is None:
        assert order["status"] == ("PARTIALLY_FILLED" if filled else "NEW")
    else:
        # The market had come to the stop price before the order came.
        assert (order["type"], order["status"], order["rejectReason"]) == ("STOP", "REJECTED", "VENUE_REJECTED")


async def _check_position(desk: Desk, account_id: str, market: Recorded, orders: list[dict[str, Any]]) -> None:
    position = (await desk.client.ask(POSITION, id=account_id, symbol=market.symbol))["position"]
    signed = [
        Decimal(item["quantity"]) * (1 if order["side"] == "BUY" else -1)
        for order in orders
        for item in order["executions"]
    ]
    fees = [Decimal(item["fee"]) for order in orders for item in order["executions"]]
    assert (Decimal(position["quantity"]), Decimal(position["feesPaid"])) == (sum(signed), sum(fees))
