"""Two hundred tasks at once on ten accounts: no money is lost or made, nobody waits for ever, and the books prove."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from domain.access.types import OWNED, Actor, Role
from domain.accounts.queries import read_all_ids
from domain.accounts.service import (
    MoveCash,
    OpenAccount,
    deposit,
    open_account,
    read_trial_balance,
    withdraw,
)
from domain.accounts.types import AccountKind, PositionMode
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Refused
from domain.orders.books.proof import prove_book
from domain.orders.entry.canceling import cancel_orders
from domain.orders.entry.modifying import OrderModifying
from domain.orders.entry.placing import OrderEntry
from domain.orders.model.commands import CancelOrders, ModifyOrder, OrderKey, PlaceOrder
from domain.orders.model.types import OrderType, Side
from tests.orders.factories import command
from tests.support.book_memory import recalls_what_is_stored
from tests.support.trading import Platform
from tests.support.waiting import until

TASKS = 200
STEPS = 3
ACCOUNTS = 10
SEED = 20_260_105
DEADLINE_SECONDS = 120.0


@dataclass
class Crowd:
    """The shared state of all tasks: accounts, orders to cancel, and answers."""

    desk: Platform
    owner: Actor
    symbols: dict[UUID, str]
    entries: tuple[OrderEntry, ...]
    changing: tuple[OrderModifying, ...]
    orders: list[UUID] = field(default_factory=list)
    moved: dict[UUID, Decimal] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    async def step(self, chance: random.Random, name: str) -> None:
        """One random request; a business refusal is counted, any other error fails the test."""
        account_id = chance.choice(list(self.symbols))
        step = chance.choices([self.pay_in, self.pay_out, self.trade, self.trade_many, self.change, self.cancel],
                              [2, 2, 6, 2, 2, 2])[0]  # fmt: skip
        try:
            await step(chance, account_id, name)
        except (BadInput, Conflict, Refused) as error:
            self.refused[error.code] += 1

    async def pay_in(self, chance: random.Random, account_id: UUID, name: str) -> None:
        await self._once(account_id, MoveCash(account_id, Decimal(chance.randint(1, 50_000)) / 100, name), self._pay_in)

    async def pay_out(self, chance: random.Random, account_id: UUID, name: str) -> None:
        await self._once(
            account_id, MoveCash(account_id, Decimal(chance.randint(1, 90_000)) / 100, name), self._pay_out
        )

    async def _pay_in(self, move: MoveCash) -> Decimal:
        return (await deposit(self.desk.services.bus, self.owner, move)).amount

    async def _pay_out(self, move: MoveCash) -> Decimal:
        services = self.desk.services
        return (await withdraw(services.bus, self.owner, move, services.books.available)).amount

    async def _once(self, account_id: UUID, move: MoveCash, how: Callable[[MoveCash], Awaitable[Decimal]]) -> None:
        """Sent twice at the same time, as impatient clients do: it moves money once."""
        first, second = await asyncio.gather(how(move), how(move), return_exceptions=True)
        if isinstance(first, BaseException) and isinstance(second, BaseException):
            raise first
        amounts = {amount for amount in (first, second) if not isinstance(amount, BaseException)}
        assert len(amounts) == 1
        self.moved[account_id] += amounts.pop()

    def _order(self, chance: random.Random, account_id: UUID) -> PlaceOrder:
        side = chance.choice(list(Side))
        kind = chance.choice([OrderType.MARKET, OrderType.LIMIT])
        price = Decimal("100") - side.sign * Decimal(chance.choice([0, 10, 50]))
        return command(
            account_id=account_id,
            symbol=self.symbols[account_id],
            side=side,
            type=kind,
            quantity=Decimal(chance.randint(1, 40)) / 10,
            limit_price=price if kind is OrderType.LIMIT else None,
        )

    async def trade(self, chance: random.Random, account_id: UUID, name: str) -> None:
        placed = await chance.choice(self.entries).place_orders(self.owner, [self._order(chance, account_id)])
        self.orders += [row.order.id for row in placed]

    async def trade_many(self, chance: random.Random, account_id: UUID, name: str) -> None:
        """In several accounts at once, in any order: their locks are taken in one."""
        accounts = chance.sample(list(self.symbols), 4)
        orders = [self._order(chance, one) for one in accounts]
        placed = await chance.choice(self.entries).place_orders(self.owner, orders)
        self.orders += [row.order.id for row in placed]

    async def change(self, chance: random.Random, account_id: UUID, name: str) -> None:
        if self.orders:
            key, quantity = OrderKey(id=chance.choice(self.orders)), Decimal(chance.randint(1, 60)) / 10
            await chance.choice(self.changing).modify_order(self.owner, ModifyOrder(key, quantity=quantity))

    async def cancel(self, chance: random.Random, account_id: UUID, name: str) -> None:
        bus = self.desk.services.bus
        if self.orders and chance.random() < 0.7:
            await self.desk.services.canceling.cancel_order(self.owner, OrderKey(id=chance.choice(self.orders)))
        else:
            await cancel_orders(bus, self.owner, CancelOrders(account_id))


async def gather_crowd(desk: Platform) -> Crowd:
    """Ten accounts of one owner: cash, netting margin and hedging margin, and two doors for orders."""
    person = await desk.add_actor()
    symbols = {}
    for number in range(ACCOUNTS):
        kind = AccountKind.CASH if number % 2 else AccountKind.MARGIN
        mode = PositionMode.HEDGING if number % 4 == 0 else PositionMode.NETTING
        opening = OpenAccount(f"Account {number}", "USD", kind=kind, position_mode=mode)
        book = await open_account(desk.services.access, person, opening, venues=desk.services.venues)
        symbols[book.id] = "COIN" if kind is AccountKind.CASH else "COIN-PERP"
    grants = dict.fromkeys(symbols, OWNED)
    owner = Actor(person.user_id, person.email, person.role, grants)
    other = OrderEntry(desk.services.order_context)
    changing = (desk.services.modifying, OrderModifying(other))
    crowd = Crowd(desk, owner, symbols, (desk.services.entry, other), changing)
    for account_id in symbols:
        await deposit(desk.services.bus, owner, MoveCash(account_id, Decimal(1000), "opening"))
        crowd.moved[account_id] = Decimal(1000)
    return crowd


async def test_two_hundred_tasks_on_ten_accounts_lose_no_money_and_the_books_prove(live_desk: Platform) -> None:
    crowd = await gather_crowd(live_desk)

    async def act(number: int) -> None:
        chance = random.Random(SEED + number)
        for step in range(STEPS):
            await crowd.step(chance, f"{number}-{step}")

    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(*(act(number) for number in range(TASKS)))
        for account_id in crowd.symbols:
            await cancel_orders(live_desk.services.bus, crowd.owner, CancelOrders(account_id))

        async def quiet() -> bool:
            return not await fetch(
                "SELECT 1 FROM venue_commands UNION ALL SELECT 1 FROM orders WHERE closed_at IS NULL"
            )

        await until(quiet)
    await assert_whole(crowd)
    await assert_remembered(crowd)


async def assert_remembered(crowd: Crowd) -> None:
    """Further orders of each account are decided on what is stored, by whichever door they come.

    The first one finds out that the remembered book is out of date, if it is, and is decided under the lock.
    """
    # However long the crowd took: what is decided on a stale price takes another path.
    for symbol in set(crowd.symbols.values()):
        await crowd.desk.quote(symbol, "99.99", "100.01")
    for entry in crowd.entries:
        for account_id, symbol in crowd.symbols.items():
            far = command(account_id=account_id, symbol=symbol, quantity=Decimal("0.1"), limit_price=Decimal(50))
            for _ in range(2):
                (placed,) = await entry.place_orders(crowd.owner, [far])
                await crowd.desk.settled(placed.order.id)
        assert await recalls_what_is_stored(entry.memory, []) == len(crowd.symbols)


async def assert_whole(crowd: Crowd) -> None:
    """Everything that was answered is in the books, nothing else is, and nothing was ever below zero."""
    instruments = (await crowd.desk.services.market.catalog()).by_id
    executions = 0
    for account_id in await read_all_ids():
        proof = await prove_book(account_id, instruments)
        assert (proof.breaks, proof.chain_intact) == ([], True)
        executions += proof.executions
    assert executions > 50, "the crowd traded"
    assert crowd.refused["REJECTED"] > 0, "some were refused"
    rows = await fetch(
        "SELECT account_id, sum(amount) AS moved FROM account_transactions "
        "WHERE kind IN ('DEPOSIT', 'WITHDRAWAL') GROUP BY account_id"
    )
    assert {row["account_id"]: row["moved"] for row in rows} == crowd.moved
    assert await fetch("SELECT 1 FROM account_transactions WHERE balance_after < 0") == []
    assert await fetch("SELECT 1 FROM accounts WHERE reserved <> 0") == []
    balance = await read_trial_balance(await crowd.desk.add_actor(Role.RISK_MANAGER))
    assert [row.difference for row in balance] == [Decimal(0)]
