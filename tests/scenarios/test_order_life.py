"""One order's whole life, as a client sees it: every answer, every message and every figure, exactly."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.client import Socket, Stream
from tests.support.desk import Desk, signed_in
from tests.support.installation import Process
from tests.support.waiting import PATIENCE_SECONDS

ORDER_EVENTS = """subscription ($id: ID!) { orderEvents(accountId: $id) {
  kind status order { id status filledQuantity remainingQuantity averagePrice } execution { venueExecutionId }
} }"""
EXECUTIONS = """subscription ($id: ID!) { executions(accountId: $id) {
  id venueExecutionId symbol side price quantity fee tax realizedPnl liquidity at order { id }
} }"""
ACCOUNT = """subscription ($id: ID!) { account(id: $id, intervalMs: 20) {
  cash reserved available equity marketValue unrealizedPnl realizedPnl feesPaid dayPnl
} }"""
PNL = """subscription ($id: ID!) { pnl(accountId: $id, intervalMs: 20) {
  equity cash available unrealizedPnl realizedPnl dayPnl
  positions { symbol quantity markPrice unrealizedPnl realizedPnl }
} }"""
POSITIONS = """subscription ($id: ID!) { positions(accountId: $id, intervalMs: 20) {
  symbol side quantity frozen closable averagePrice markPrice marketValue unrealizedPnl realizedPnl feesPaid
} }"""
QUOTES = "subscription ($symbols: [String!]!) { quotes(symbols: $symbols) { symbol bid ask bidSize askSize at } }"
LEDGER = """query ($id: ID!) { account(id: $id) { id transactions(first: 50) { totalCount edges { node {
  id sequence kind contra amount balanceAfter currency orderId executionId reference note hash by createdAt
} } } } }"""
TRIAL_BALANCE = "{ trialBalance { currency accounts house { account balance } difference } }"
CREATE_USER = "mutation ($input: CreateUserInput!) { createUser(input: $input) { role } }"

FEES = {"makerRate": "0.0002", "takerRate": "0.0005", "sellTaxRate": "0.001"}
SYMBOL = "LIFE.LAB"


class Watch:
    """All that a trader's screen shows of one account."""

    def __init__(self, events: Stream, executions: Stream, account: Stream, pnl: Stream, positions: Stream) -> None:
        self.events = events
        self.executions = executions
        self.account = account
        self.pnl = pnl
        self.positions = positions

    @classmethod
    async def open(cls, socket: Socket, account_id: str) -> "Watch":
        documents = (EXECUTIONS, ORDER_EVENTS, ACCOUNT, PNL, POSITIONS)
        executions, events, *states = [await socket.subscribe(text, id=account_id) for text in documents]
        return cls(events, executions, *states)

    async def shows(self, account: str, pnl: list[dict[str, Any]]) -> None:
        """Wait until account and PnL have come to these figures."""
        names = (
            "cash",
            "reserved",
            "available",
            "equity",
            "marketValue",
            "unrealizedPnl",
            "realizedPnl",
            "feesPaid",
            "dayPnl",
        )
        figures = dict(zip(names, account.split(), strict=True))
        await self.account.until(lambda item: item == figures)
        common = ("equity", "cash", "available", "unrealizedPnl", "realizedPnl", "dayPnl")
        expected = {name: figures[name] for name in common} | {"positions": pnl}
        await self.pnl.until(lambda item: item == expected)

    async def hear(self, *wanted: tuple[str, str, str, str]) -> list[dict[str, Any]]:
        """The next events of orders: kind, status, filled and remaining quantity of each."""
        events = [await self.events.next() for _ in wanted]
        assert [
            (event["kind"], event["status"], event["order"]["filledQuantity"], event["order"]["remainingQuantity"])
            for event in events
        ] == list(wanted)
        assert all(event["order"]["status"] == event["status"] for event in events)
        return events


async def test_every_answer_and_message_of_one_order_is_exact(web: Process, admin: Desk) -> None:
    person = {"email": "ann@example.com", "name": "Ann", "password": "an honest trader", "role": "TRADER"}
    assert await admin.client.ask(CREATE_USER, input=person) == {"createUser": {"role": "TRADER"}}
    await admin.create_instrument(SYMBOL, currency="EUR", fees=FEES)
    async with signed_in(web.address, "ann@example.com", "an honest trader") as ann:
        account_id = await ann.open_account("10000", currency="EUR")
        async with ann.client.socket() as socket:
            quotes = await socket.subscribe(QUOTES, symbols=[SYMBOL])
            watch = await Watch.open(socket, account_id)
            await watch.shows("10000 0 10000 10000 0 0 0 0 0", [])
            await _hear_ourselves(ann, watch, account_id)
            heard = len(watch.events.items)
            buy = await _buy(admin, ann, watch, quotes, account_id)
            sell = await _sell(admin, ann, watch, account_id)
            await _compare(ann, watch, account_id, [buy, sell])
            await watch.shows("10002.45 0 10002.45 10002.45 0 0 2.96 0.51 2.45", [])
            # Nothing was said twice, and nothing else was said.
            assert (len(watch.events.items), len(watch.executions.items)) == (heard + 4 + 3, 3)
    balances = (await admin.client.ask(TRIAL_BALANCE))["trialBalance"]
    # Nobody else trades in this currency.
    assert [row for row in balances if row["currency"] == "EUR"] == [
        {
            "currency": "EUR",
            "accounts": "10002.45",
            "house": [
                {"account": "CLEARING", "balance": "-2.96"},
                {"account": "EXTERNAL", "balance": "-10000"},
                {"account": "FEES", "balance": "0.21"},
                {"account": "TAX", "balance": "0.3"},
            ],
            "difference": "0",
        }
    ]


async def _hear_ourselves(ann: Desk, watch: Watch, account_id: str) -> None:
    """Place refused orders until the subscription shows one: without a cursor this proves that it is live."""
    refused: list[dict[str, Any]] = []
    while not watch.events.items:
        refused.append(await ann.place(account_id, SYMBOL, "BUY", "0.0005"))
        assert (refused[-1]["status"], refused[-1]["rejectReason"]) == ("REJECTED", "INVALID_LOT")
        try:
            await watch.events.wait(lambda: bool(watch.events.items), timeout_seconds=0.5)
        except AssertionError:
            assert len(refused) < PATIENCE_SECONDS * 2
    first = [order["id"] for order in refused].index(watch.events.items[0]["order"]["id"])
    await watch.hear(*[("REJECTED", "REJECTED", "0", "0") for _ in refused[first:]])


async def _buy(admin: Desk, ann: Desk, watch: Watch, quotes: Stream, account_id: str) -> str:
    """Buy three at market while the market shows two, then one more."""
    # A source's own time: its clock is a little behind.
    at = f"{datetime.now(UTC) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}.123456Z"
    await admin.publish(SYMBOL, "99.99", "100.01", "2", at=at)
    assert await quotes.next() == {
        "symbol": SYMBOL,
        "bid": "99.99",
        "ask": "100.01",
        "bidSize": "2",
        "askSize": "2",
        "at": at,
    }
    order = await ann.place(account_id, SYMBOL, "BUY", "3")
    assert (order["status"], order["type"], order["timeInForce"]) == ("PENDING_NEW", "MARKET", "GTC")
    # Three times 100.01 and the buffer of five per cent, and the taker's fee on it.
    assert order["reserved"] == "315.2"
    accepted, _, first = await watch.hear(
        ("PENDING_NEW", "PENDING_NEW", "0", "3"),
        ("NEW", "NEW", "0", "3"),
        ("TRADE", "PARTIALLY_FILLED", "2", "1"),
    )
    assert accepted["order"]["id"] == order["id"]
    assert first["execution"] == {"venueExecutionId": f"{order['id']}-1"}
    await watch.shows(
        "9799.88 105.07 9694.81 9999.88 200 -0.02 0 0.1 -0.12",
        [{"symbol": SYMBOL, "quantity": "2", "markPrice": "100", "unrealizedPnl": "-0.02", "realizedPnl": "0"}],
    )
    await admin.publish(SYMBOL, "100", "100.02", "5")
    await watch.hear(("TRADE", "FILLED", "3", "0"))
    held = {"quantity": "3", "markPrice": "100.01", "unrealizedPnl": "-0.01", "realizedPnl": "0"}
    await watch.shows("9699.81 0 9699.81 9999.84 300.03 -0.01 0 0.15 -0.16", [{"symbol": SYMBOL} | held])
    figures = held | {"averagePrice": "100.01", "marketValue": "300.03", "feesPaid": "0.15", "side": "LONG"}
    free = {"symbol": SYMBOL, "frozen": "0", "closable": "3"}
    await watch.positions.until(lambda item: item == free | figures)
    filled = await ann.find(order["id"])
    assert (filled["status"], filled["averagePrice"], filled["fees"]) == ("FILLED", "100.01", "0.15")
    return str(order["id"])


async def _sell(admin: Desk, ann: Desk, watch: Watch, account_id: str) -> str:
    """All three at a limit that the market reaches later; the same request twice, and another under its name."""
    terms: dict[str, Any] = {"type": "LIMIT", "limitPrice": "101", "clientOrderId": "exit"}
    payload = await ann.place_payload(account_id, SYMBOL, "SELL", "3", **terms)
    order = payload["order"]
    assert (payload["replayed"], order["clientOrderId"], order["reserved"]) == (False, "exit", "0")
    await watch.hear(("PENDING_NEW", "PENDING_NEW", "0", "3"), ("NEW", "NEW", "0", "3"))
    held = await watch.positions.until(lambda item: item["frozen"] == "3")
    assert (held["quantity"], held["closable"]) == ("3", "0")
    again = await ann.place_payload(account_id, SYMBOL, "SELL", "3.000", **terms)
    assert (again["replayed"], again["order"]["id"], again["order"]["status"]) == (True, order["id"], "NEW")
    await admin.publish(SYMBOL, "101", "101.05", "10")
    await watch.hear(("TRADE", "FILLED", "3", "0"))
    closed = await watch.positions.until(lambda item: item["quantity"] == "0")
    assert (closed["side"], closed["frozen"], closed["realizedPnl"]) == ("FLAT", "0", "2.96")
    assert closed["feesPaid"] == "0.51"
    return str(order["id"])


async def _compare(ann: Desk, watch: Watch, account_id: str, order_ids: list[str]) -> None:
    """Executions, ledger and proof say the same as the streams did."""
    heard = [await watch.executions.next() for _ in range(3)]
    figures = ("side", "price", "quantity", "fee", "tax", "realizedPnl", "liquidity")
    assert [tuple(item[name] for name in figures) for item in heard] == [
        ("BUY", "100.01", "2", "0.1", "0", "0", "TAKER"),
        ("BUY", "100.02", "1", "0.05", "0", "0", "TAKER"),
        ("SELL", "101", "3", "0.06", "0.3", "2.96", "MAKER"),
    ]
    orders = [await ann.find(order_id) for order_id in order_ids]
    stored = [execution | {"order": {"id": order["id"]}} for order in orders for execution in order["executions"]]
    assert [{name: item[name] for name in stored[0]} for item in heard] == stored
    rows = await _ledger(ann, account_id)
    first, second, third = (item["id"] for item in heard)
    assert [
        (row["kind"], row["contra"], row["amount"], row["balanceAfter"], row["orderId"], row["executionId"])
        for row in rows
    ] == [
        ("DEPOSIT", "EXTERNAL", "10000", "10000", None, None),
        ("TRADE", "CLEARING", "-200.02", "9799.98", order_ids[0], first),
        ("FEE", "FEES", "-0.1", "9799.88", order_ids[0], first),
        ("TRADE", "CLEARING", "-100.02", "9699.86", order_ids[0], second),
        ("FEE", "FEES", "-0.05", "9699.81", order_ids[0], second),
        ("TRADE", "CLEARING", "303", "10002.81", order_ids[1], third),
        ("FEE", "FEES", "-0.06", "10002.75", order_ids[1], third),
        ("TAX", "TAX", "-0.3", "10002.45", order_ids[1], third),
    ]
    proof = await ann.prove(account_id)
    assert proof == {
        "intact": True,
        "chainIntact": True,
        "transactions": 8,
        "executions": 3,
        "bookedCash": "10002.45",
        "derivedCash": "10002.45",
        "breaks": [],
    }


async def _ledger(ann: Desk, account_id: str) -> list[dict[str, Any]]:
    """The account's ledger, oldest first, once it has proved to be numbered without a gap and chained."""
    page = (await ann.client.ask(LEDGER, id=account_id))["account"]["transactions"]
    rows = [edge["node"] for edge in reversed(page["edges"])]
    assert [row["sequence"] for row in rows] == list(range(1, page["totalCount"] + 1))
    previous = "0" * 64
    for row in rows:
        parts = [previous, row["id"], account_id, str(row["sequence"])]
        parts += [row[name] for name in ("kind", "contra", "amount", "balanceAfter", "currency")]
        parts += [row[name] or "" for name in ("orderId", "executionId", "reference", "note")]
        parts += [datetime.fromisoformat(row["createdAt"]).isoformat(), row["by"]]
        previous = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        assert row["hash"] == previous
    return rows
