"""Following a log: every event once and in order, whatever the bus loses."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from domain.accounts.log import AccountLogs
from domain.accounts.service import MoveCash, deposit
from domain.kernel.bus import LOST, Message
from tests.accounts.conftest import Open
from tests.support.waiting import until


class MoodyBus:
    """A bus within the process; ``deaf`` loses messages without an error."""

    def __init__(self) -> None:
        self.deaf = False
        self.listeners: list[asyncio.Queue[Message]] = []

    def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            for listener in self.listeners:
                if not self.deaf:
                    listener.put_nowait(message)

    def say_lost(self) -> None:
        for listener in self.listeners:
            listener.put_nowait(LOST)

    @asynccontextmanager
    async def listen(self, *channels: str) -> AsyncIterator[AsyncIterator[Message]]:
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self.listeners.append(queue)

        async def messages() -> AsyncIterator[Message]:
            while True:
                message = await queue.get()
                if message == LOST or message[0] in channels:
                    yield message

        try:
            yield messages()
        finally:
            self.listeners.remove(queue)


@pytest.fixture
def bus() -> MoodyBus:
    return MoodyBus()


async def collect(logs: AccountLogs, account_id: object, after: int, into: list[int]) -> None:
    async for events in logs.of(account_id).follow(after):  # type: ignore[arg-type]  # a UUID
        into.extend(sequence for sequence, _ in events)


async def test_a_follower_gets_every_event_once_whatever_the_bus_loses(open_one: Open, bus: MoodyBus) -> None:
    owner, book = await open_one()
    numbers: list[int] = []
    following = asyncio.create_task(collect(AccountLogs(bus), book.id, 0, numbers))

    async def move(name: str) -> None:
        await deposit(bus, owner, MoveCash(book.id, Decimal(1), name))

    async def has(count: int) -> bool:
        return len(numbers) >= count

    await until(lambda: has(1))
    await move("heard")
    await until(lambda: has(2))
    bus.deaf = True
    await move("lost without a word, found by the poll")
    await until(lambda: has(3))
    await move("lost")
    bus.deaf = False
    await move("shows the gap")
    await until(lambda: has(5))
    bus.deaf = True
    await move("lost, and said to be")
    bus.say_lost()
    await until(lambda: has(6))
    following.cancel()
    assert numbers == [1, 2, 3, 4, 5, 6]


async def test_a_repeated_event_is_dropped(open_one: Open, bus: MoodyBus) -> None:
    owner, book = await open_one()
    numbers: list[int] = []
    following = asyncio.create_task(collect(AccountLogs(bus), book.id, 1, numbers))

    async def listens() -> bool:
        return bool(bus.listeners)

    await until(listens)
    said: list[Message] = []
    original = bus.send

    def twice(messages: Sequence[Message]) -> None:
        said.extend(messages)
        original(messages)
        original(messages)

    bus.send = twice  # type: ignore[method-assign]  # says everything twice
    for name in ("a", "b"):
        await deposit(bus, owner, MoveCash(book.id, Decimal(1), name))

    async def done() -> bool:
        return len(numbers) >= 2

    await until(done)
    original(said)
    await deposit(bus, owner, MoveCash(book.id, Decimal(1), "c"))

    async def three() -> bool:
        return len(numbers) >= 3

    await until(three)
    following.cancel()
    assert numbers == [2, 3, 4]


async def test_a_resumed_follower_begins_after_its_cursor(open_one: Open, bus: MoodyBus) -> None:
    owner, book = await open_one()
    for name in ("a", "b", "c"):
        await deposit(bus, owner, MoveCash(book.id, Decimal(1), name))
    log = AccountLogs(bus).of(book.id)
    assert await log.head() == 4
    assert [sequence for sequence, _ in await log.read(2, 10)] == [3, 4]
    assert [sequence for sequence, _ in await log.read(0, 2)] == [1, 2]
