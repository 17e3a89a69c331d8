"""Calls of a trading desk through the API: people, instruments, accounts, quotes, orders, proofs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from tests.support.client import Client
from tests.support.installation import EMAIL, PASSWORD
from tests.support.waiting import PATIENCE_SECONDS

ORDER = """{
  id clientOrderId symbol side type timeInForce quantity limitPrice stopPrice status filledQuantity remainingQuantity
  averagePrice fees reserved rejectReason rejectMessage pendingAction version
  executions { id venueExecutionId price quantity fee tax realizedPnl liquidity at }
}"""
OPEN_ACCOUNT = "mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }"
DEPOSIT = "mutation ($input: CashInput!) { deposit(input: $input) { id sequence } }"
CREATE_INSTRUMENT = "mutation ($input: CreateInstrumentInput!) { createInstrument(input: $input) { id symbol } }"
PUBLISH = "mutation ($input: PublishQuotesInput!) { publishQuotes(input: $input) }"
PLACE = f"mutation ($input: PlaceOrderInput!) {{ placeOrder(input: $input) {{ replayed order {ORDER} }} }}"
PLACE_ALL = f"""mutation ($input: PlaceOrdersInput!) {{
  placeOrders(input: $input) {{ accepted rejected results {{ replayed order {ORDER} }} }}
}}"""
CANCEL = f"mutation ($input: CancelOrderInput!) {{ cancelOrder(input: $input) {{ replayed order {ORDER} }} }}"
FIND = f"query ($id: ID!) {{ order(id: $id) {ORDER} }}"
ORDERS = f"""query ($filter: OrderFilter!, $after: String) {{
  orders(filter: $filter, first: 200, after: $after, orderBy: {{ direction: ASC }}) {{
    nodes: edges {{ node {ORDER} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
EXECUTIONS = """query ($filter: ExecutionFilter!, $after: String) {
  executions(filter: $filter, first: 500, after: $after) {
    nodes: edges { node { id venueExecutionId price quantity at order { id } } } pageInfo { hasNextPage endCursor }
  }
}"""
PROOFS = """{
  trialBalance { currency accounts difference }
  accounts { id }
}"""
PROOF = """query ($id: ID!) {
  bookProof(accountId: $id) {
    intact chainIntact transactions executions bookedCash derivedCash breaks { what booked derived }
  }
}"""


class Desk:
    """A signed-in user at one address."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def create_instrument(self, symbol: str, **terms: Any) -> None:
        """Create a coin in dollars, by default with a tick of 0.01 and a lot of 0.001."""
        plain = {
            "symbol": symbol,
            "exchange": "LAB",
            "assetClass": "CRYPTO",
            "currency": "USD",
            "tickSize": "0.01",
            "lotSize": "0.001",
        }
        await self.client.ask(CREATE_INSTRUMENT, input=plain | terms)

    async def open_account(self, cash: str = "0", **terms: Any) -> str:
        """Open an account in dollars with cash; returns its id."""
        data = await self.client.ask(OPEN_ACCOUNT, input={"name": "Test", "currency": "USD"} | terms)
        account_id: str = data["openAccount"]["id"]
        if Decimal(cash):
            given = {"accountId": account_id, "amount": cash, "reference": "opening"}
            await self.client.ask(DEPOSIT, input=given)
        return account_id

    async def publish(self, symbol: str, bid: str, ask: str, size: str = "1000", **others: Any) -> None:
        """Publish one quote; later orders see it."""
        quote = {"symbol": symbol, "bid": bid, "ask": ask, "bidSize": size, "askSize": size} | others
        assert await self.client.ask(PUBLISH, input={"quotes": [quote]}) == {"publishQuotes": 1}

    async def place(self, account_id: str, symbol: str, side: str, quantity: str, **terms: Any) -> dict[str, Any]:
        """A market order that is good till cancelled unless told otherwise; the order as it was accepted or refused."""
        payload = await self.place_payload(account_id, symbol, side, quantity, **terms)
        order: dict[str, Any] = payload["order"]
        return order

    async def place_payload(
        self, account_id: str, symbol: str, side: str, quantity: str, **terms: Any
    ) -> dict[str, Any]:
        """Place an order; returns the payload, which tells if it was a replay."""
        given = order_input(account_id, symbol, side, quantity, **terms)
        payload: dict[str, Any] = (await self.client.ask(PLACE, input=given))["placeOrder"]
        return payload

    async def place_all(self, *orders: dict[str, Any]) -> list[dict[str, Any]]:
        """Place several orders at once, from ``order_input``; returns the accepted or refused orders."""
        data = await self.client.ask(PLACE_ALL, input={"orders": list(orders)})
        return [result["order"] for result in data["placeOrders"]["results"]]

    async def cancel(self, order_id: str) -> dict[str, Any]:
        """Ask for a cancel; the payload."""
        payload: dict[str, Any] = (await self.client.ask(CANCEL, input={"id": order_id}))["cancelOrder"]
        return payload

    async def find(self, order_id: str) -> dict[str, Any]:
        """The order as it is now."""
        order: dict[str, Any] = (await self.client.ask(FIND, id=order_id))["order"]
        return order

    async def settled(self, order_id: str, *statuses: str) -> dict[str, Any]:
        """The order once the venue has answered what it was asked, or once it has one of ``statuses``.

        Raises:
            TimeoutError: it did not come to that in time.
        """
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                order = await self.find(order_id)
                answered = order["status"] != "PENDING_NEW" and order["pendingAction"] is None
                if order["status"] in statuses if statuses else answered:
                    return order
                await asyncio.sleep(0.02)

    async def orders(self, **conditions: Any) -> list[dict[str, Any]]:
        """All orders that match the filter, oldest first."""
        return await self._all("orders", ORDERS, conditions)

    async def executions(self, **conditions: Any) -> list[dict[str, Any]]:
        """All executions that match the filter, newest first."""
        return await self._all("executions", EXECUTIONS, conditions)

    async def check_books(self) -> None:
        """Assert that the books of all accounts are proved and all money sums to zero."""
        data = await self.client.ask(PROOFS)
        assert [row["difference"] for row in data["trialBalance"]] == ["0"] * len(data["trialBalance"])
        for account in data["accounts"]:
            proof = await self.prove(account["id"])
            assert (proof["intact"], proof["chainIntact"], proof["breaks"]) == (True, True, [])
            assert proof["bookedCash"] == proof["derivedCash"]

    async def prove(self, account_id: str) -> dict[str, Any]:
        """An account's proof."""
        proof: dict[str, Any] = (await self.client.ask(PROOF, id=account_id))["bookProof"]
        return proof

    async def _all(self, name: str, document: str, conditions: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = (await self.client.ask(document, filter=conditions, after=after))[name]
            found += [edge["node"] for edge in page["nodes"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                return found


def order_input(account_id: str, symbol: str, side: str, quantity: str, **terms: Any) -> dict[str, Any]:
    """The input of a GTC market order, changed by ``terms``."""
    return {
        "accountId": account_id,
        "symbol": symbol,
        "side": side,
        "quantity": quantity,
        "type": "MARKET",
        "timeInForce": "GTC",
    } | terms


@asynccontextmanager
async def signed_in(address: str, email: str = EMAIL, password: str = PASSWORD) -> AsyncIterator[Desk]:
    """A signed-in user, by default the administrator."""
    async with Client(address) as client:
        await client.sign_in(email, password)
        yield Desk(client)
