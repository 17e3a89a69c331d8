"""The traders of the benchmarks: accounts with money, two risk rules, requests, the SQL functions' accounts.

All accounts buy the same coin far below the market, so that every order passes its checks and rests. The accounts of
the SQL functions belong to a venue that nobody plays, because the engine is not to do anything for them.
"""

import asyncio
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from bench.load import post
from bench.stage import Stage, Web

SYMBOL = "BTCUSDT.BINANCE"
ACCOUNTS = 8
_MARKET = ("61837.62", "61837.64")
_FOLDER = Path(__file__).parent
_OPEN = "mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }"
_DEPOSIT = "mutation ($input: CashInput!) { deposit(input: $input) { id } }"
_RULE = "mutation ($input: CreateRiskRuleInput!) { createRiskRule(input: $input) { id } }"
_QUOTES = "mutation ($input: PublishQuotesInput!) { publishQuotes(input: $input) }"
PLACE = """mutation PlaceOrder($input: PlaceOrderInput!) {
  placeOrder(input: $input) { order { id clientOrderId status reserved rejectReason createdAt } replayed }
}"""
PLACE_MANY = """mutation PlaceOrders($input: PlaceOrdersInput!) {
  placeOrders(input: $input) {
    accepted rejected results { order { id clientOrderId status reserved rejectReason createdAt } replayed }
  }
}"""

MODIFY = """mutation ModifyOrder($input: ModifyOrderInput!) {
  modifyOrder(input: $input) { order { id status version pendingAction limitPrice } replayed }
}"""
CANCEL = """mutation CancelOrder($input: CancelOrderInput!) {
  cancelOrder(input: $input) { order { id status version pendingAction limitPrice } replayed }
}"""


@dataclass(frozen=True, slots=True)
class Desk:
    """Accounts of the administrator: those that trade over the API, and those that the SQL functions trade."""

    token: str
    accounts: list[str]
    sql_accounts: list[str]
    numbers: Iterator[int]

    def order(self, account: str, **others: object) -> dict[str, object]:
        """An order that rests."""
        number = next(self.numbers)
        given = {
            "accountId": account,
            "clientOrderId": f"desk-{number}",
            "symbol": SYMBOL,
            "side": "BUY",
            "type": "LIMIT",
            "quantity": "0.001",
            "limitPrice": f"{30_000 + number % 5_000 / 100:.2f}",
            "timeInForce": "GTC",
        }
        return given | others

    def single_orders(self) -> Iterator[bytes]:
        """Requests for one order each, from account to account."""
        for account in itertools.cycle(self.accounts):
            yield self.request(PLACE, self.order(account))

    def batches(self, size: int, accounts: int | None = None) -> Iterator[bytes]:
        """Requests for ``size`` orders of one account each, from account to account."""
        for account in itertools.cycle(self.accounts[:accounts]):
            yield self.request(PLACE_MANY, {"orders": [self.order(account) for _ in range(size)]})

    def change(self, order: str) -> dict[str, object]:
        """A change of an order that goes on resting: another price each time."""
        return {"id": order, "limitPrice": f"{29_000 + next(self.numbers) % 90_000 / 100:.2f}"}

    def request(self, query: str, given: object) -> bytes:
        """One operation with its input."""
        return post("/graphql", json.dumps({"query": query, "variables": {"input": given}}).encode(), self.token)


def open_desk(stage: Stage, web: Web) -> Desk:
    """Rules, accounts and the SQL functions."""
    token = web.sign_in()
    for name, kind, threshold in (("notional", "MAX_ORDER_NOTIONAL", "1000000"), ("collar", "PRICE_COLLAR", "0.05")):
        web.ask(_RULE, token, input={"name": name, "kind": kind, "scope": "GLOBAL", "threshold": threshold})
    made = []
    for number in range(2 * ACCOUNTS):
        account = web.ask(_OPEN, token, input={"name": f"Desk {number}", "currency": "USDT"})["openAccount"]["id"]
        web.ask(_DEPOSIT, token, input={"accountId": account, "amount": "1000000000", "reference": "opening"})
        made.append(account)
    desk = Desk(token, made[:ACCOUNTS], made[ACCOUNTS:], itertools.count(1))
    asyncio.run(prepare_sql(stage.database_url, desk.sql_accounts))
    return desk


def quote(stage: Stage, web: Web, desk: Desk) -> None:
    """A fresh price, for the product and for the SQL functions; without the engine it is good for half a minute."""
    bid, ask = _MARKET
    web.ask(_QUOTES, desk.token, input={"quotes": [{"symbol": SYMBOL, "bid": bid, "ask": ask}]})
    asyncio.run(quote_sql(stage.database_url))


async def prepare_sql(database_url: str, accounts: list[str]) -> None:
    """Make the SQL functions, and give their accounts to a venue that nobody plays."""
    connection = await asyncpg.connect(database_url)
    try:
        for name in ("payload", "place_order", "place_orders", "change_order"):
            await connection.execute((_FOLDER / f"{name}.sql").read_text())
        await connection.execute("UPDATE accounts SET venue = 'nobody' WHERE id = ANY($1::uuid[])", accounts)
    finally:
        await connection.close()


async def quote_sql(database_url: str) -> None:
    """A fresh price where the SQL functions look for it."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "INSERT INTO quotes (instrument_id, at, bid, ask, counts_from) "
            "SELECT id, n, $2::numeric, $3::numeric, n FROM instruments, "
            "(SELECT (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint AS n) now WHERE symbol = $1 "
            "ON CONFLICT (instrument_id) DO UPDATE SET counts_from = EXCLUDED.counts_from, at = EXCLUDED.at, "
            "bid = EXCLUDED.bid, ask = EXCLUDED.ask",
            SYMBOL,
            *_MARKET,
        )
    finally:
        await connection.close()
