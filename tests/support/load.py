"""Clients that trade without pause, whatever dies meanwhile, and the check that nothing was lost or doubled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx

from tests.support.client import ApiError
from tests.support.desk import CANCEL, PLACE, Desk, order_input
from tests.support.waiting import PATIENCE_SECONDS, eventually

SYMBOL = "LOAD.LAB"
# The market stands at 99.99 to 100.01: one price meets it at once, the other waits.
_MEETS = {"BUY": "100.5", "SELL": "99.5"}
RESTING_PRICE = "90"
_MARKET = ("99.99", "100.01", "1000000")
_QUOTE_SECONDS = 1.0
_RETRY_SECONDS = 0.05
_PAUSE_SECONDS = 0.02
MOVES = {
    "deposit": "mutation ($input: CashInput!) { deposit(input: $input) { id } }",
    "withdraw": "mutation ($input: CashInput!) { withdraw(input: $input) { id } }",
}
_MOVES_EVERY = 5
_LEDGER = """query ($id: ID!, $after: String) {
  account(id: $id) {
    transactions(first: 500, after: $after, filter: { kinds: [DEPOSIT, WITHDRAWAL] }) {
      edges { node { id reference } } pageInfo { hasNextPage endCursor }
    }
  }
}"""
# How many orders they are ahead of what the test waits for: they are always in the middle of something, and a machine
# that takes its time to start a process does not make a long story of it.
_AHEAD = 20
_OUTCOME_UNKNOWN = frozenset({"UNAVAILABLE", "RATE_LIMITED"})


@dataclass(slots=True)
class Trader:
    """Places and cancels orders in one account, and repeats each request that was not answered."""

    desk: Desk
    account_id: str
    may_go_on: Callable[[], bool]
    accepted: dict[str, str] = field(default_factory=dict)
    # By reference, the transaction that answered it.
    moved: dict[str, str] = field(default_factory=dict)
    canceled: set[str] = field(default_factory=set)
    repeats: int = 0

    @property
    def resting(self) -> set[str]:
        """The ids of orders whose limit is far from the market."""
        return {name for name in self.accepted if name.startswith("rests") and name not in self.canceled}

    async def run(self, stop: asyncio.Event) -> None:
        """Trade until stopped; a request in flight is repeated until it is answered."""
        number = 0
        while not stop.is_set():
            if not self.may_go_on():
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            number += 1
            side = "SELL" if number % 2 else "BUY"
            await self._place(f"meets-{number}", side, _MEETS[side])
            rests = await self._place(f"rests-{number}", "BUY", RESTING_PRICE)
            if number % 2:
                await self._answered(CANCEL, {"id": rests})
                self.canceled.add(f"rests-{number}")
            if number % _MOVES_EVERY == 0:
                await asyncio.gather(*(self._move(kind, f"{kind}-{number}") for kind in MOVES for _ in range(2)))

    async def _move(self, kind: str, reference: str) -> None:
        """Deposit or withdraw with a reference, sent twice at the same time and again until it is answered."""
        given = {"accountId": self.account_id, "amount": "1", "reference": reference}
        payload = await self._answered(MOVES[kind], given)
        assert self.moved.setdefault(reference, payload["id"]) == payload["id"]

    async def _place(self, name: str, side: str, price: str) -> str:
        terms = {"type": "LIMIT", "limitPrice": price, "clientOrderId": name}
        payload = await self._answered(PLACE, order_input(self.account_id, SYMBOL, side, "1", **terms))
        order_id: str = payload["order"]["id"]
        assert payload["order"]["status"] != "REJECTED", payload
        self.accepted[name] = order_id
        return order_id

    async def _answered(self, document: str, given: dict[str, Any]) -> dict[str, Any]:
        while True:
            try:
                (payload,) = (await self.desk.client.ask(document, input=given)).values()
            except httpx.TransportError:
                pass
            except ApiError as error:
                if error.code not in _OUTCOME_UNKNOWN:
                    raise
            else:
                answer: dict[str, Any] = payload
                return answer
            self.repeats += 1
            await asyncio.sleep(_RETRY_SECONDS)
            # A process that was away for long knows only a price that is too old.
            await _publish(self.desk)


@dataclass(slots=True)
class Load:
    """Several traders at once."""

    desk: Desk
    traders: list[Trader] = field(default_factory=list)
    limit: int = 0

    @property
    def accepted(self) -> int:
        """The number of accepted orders so far."""
        return sum(len(trader.accepted) for trader in self.traders)

    @property
    def repeats(self) -> int:
        """The number of requests that were repeated because they got no answer."""
        return sum(trader.repeats for trader in self.traders)

    async def go_on(self, orders: int = 20) -> None:
        """Wait until this number of further orders was accepted."""
        goal = self.accepted + orders
        self.limit = goal + _AHEAD
        await eventually(lambda: self.accepted >= goal, timeout_seconds=60)

    async def disturb(self, repeats: int = 3) -> None:
        """Wait until this number of further requests was not answered."""
        goal = self.repeats + repeats
        self.limit = self.accepted + _AHEAD
        await eventually(lambda: self.repeats >= goal, timeout_seconds=60)

    async def check(self) -> None:
        """Assert that every accepted order exists once with the right outcome, and that the money agrees."""
        for trader in self.traders:
            await self._only_open(trader, trader.resting)
        # Whatever still works has been armed again if all of it meets a market that comes to it.
        await self.desk.publish(SYMBOL, "89", RESTING_PRICE, "1000000")
        for trader in self.traders:
            await self._only_open(trader, set())
            await self._check_orders(trader)
            await self._check_references(trader)
        await self.desk.check_books()

    async def _only_open(self, trader: Trader, names: set[str]) -> None:
        """Wait until exactly these orders of a trader work."""
        expected = {(name, "NEW", None) for name in names}
        found: set[tuple[str, str, str | None]] = set()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    orders = await self.desk.orders(accountId=trader.account_id, open=True)
                    found = {(row["clientOrderId"], row["status"], row["pendingAction"]) for row in orders}
                    if found == expected:
                        return
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"open but not expected or the reverse: {found ^ expected}") from None

    async def _check_references(self, trader: Trader) -> None:
        """Assert that every reference moved money once, by the transaction in the answer."""
        found: list[tuple[str, str]] = []
        after: str | None = None
        while True:
            data = await self.desk.client.ask(_LEDGER, id=trader.account_id, after=after)
            page = data["account"]["transactions"]
            found += [(edge["node"]["reference"], edge["node"]["id"]) for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert sorted(found) == sorted([*trader.moved.items(), *(row for row in found if row[0] == "opening")])

    async def _check_orders(self, trader: Trader) -> None:
        orders = await self.desk.orders(accountId=trader.account_id)
        assert {order["clientOrderId"]: order["id"] for order in orders} == trader.accepted
        executions = await self.desk.executions(accountId=trader.account_id)
        numbers = [execution["venueExecutionId"] for execution in executions]
        assert len(numbers) == len(set(numbers))
        filled: dict[str, Decimal] = {}
        for execution in executions:
            order_id = execution["order"]["id"]
            filled[order_id] = filled.get(order_id, Decimal(0)) + Decimal(execution["quantity"])
        for order in orders:
            is_canceled = order["clientOrderId"] in trader.canceled
            assert order["status"] == ("CANCELED" if is_canceled else "FILLED"), order
            assert order["filledQuantity"] == ("0" if is_canceled else "1"), order
            assert Decimal(order["filledQuantity"]) == filled.get(order["id"], Decimal(0)), order
            if order["limitPrice"] == RESTING_PRICE:
                assert {item["price"] for item in order["executions"]} <= {RESTING_PRICE}, order


async def _publish(desk: Desk) -> None:
    with suppress(ApiError, httpx.TransportError):
        await desk.publish(SYMBOL, *_MARKET)


async def _quote(desk: Desk, stop: asyncio.Event) -> None:
    """Repeat the market's prices, so that they do not become stale on a slow machine."""
    while not stop.is_set():
        await _publish(desk)
        try:
            async with asyncio.timeout(_QUOTE_SECONDS):
                await stop.wait()
        except TimeoutError:
            continue


@asynccontextmanager
async def load(desk: Desk, accounts: int = 3) -> AsyncIterator[Load]:
    """Traders that trade until the context ends, each in its own account; yields when all have begun."""
    await desk.create_instrument(SYMBOL, shortable=True, fees={"makerRate": "0.0002", "takerRate": "0.0005"})
    await desk.publish(SYMBOL, *_MARKET)
    ids = [await desk.open_account("10000000", kind="MARGIN") for _ in range(accounts)]
    running = Load(desk)
    running.traders = [Trader(desk, account_id, lambda: running.accepted < running.limit) for account_id in ids]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_quote(desk, stop))
        for trader in running.traders:
            tasks.create_task(trader.run(stop))
        try:
            await running.go_on()
            yield running
        finally:
            stop.set()
