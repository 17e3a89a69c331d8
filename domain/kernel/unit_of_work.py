"""The unit of work: the one place that opens a transaction.

Everything inside commits together or not at all. Nothing inside uses the network: messages to others are handed to
``after_commit`` or ``publish`` and sent once the transaction has committed. Units do not nest: a step that needs one
takes it as an argument. Reads inside go through it too: nobody who holds a connection waits for a second one.

Work under a lease is fenced: each of its transactions begins by proving the lease.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import datetime

import asyncpg
from tortoise import Model
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from domain.kernel.bus import Bus, Message
from domain.kernel.database import (
    Connection,
    Row,
    borrowed,
    in_transaction,
    refuse_in_transaction,
    unavailable_when_down,
)
from domain.kernel.orm import client_of
from domain.kernel.rows import Record, Write, encoded, joined
from domain.kernel.time import utc_now

Fence = Callable[["UnitOfWork"], Awaitable[None]]
_fence: ContextVar[Fence | None] = ContextVar("unit_of_work_fence", default=None)


class Writing:
    """Collected writes, and the actions that follow their commit."""

    __slots__ = ("_actions", "_messages", "_writes", "now")

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._messages: list[Message] = []
        self._actions: list[Callable[[], None]] = []
        # What is written is gathered, and goes out as one statement before anything else does.
        self._writes: list[tuple[Write, tuple[str, ...]]] = []

    async def write(self, write: Write, rows: Sequence[Record]) -> None:
        """Add rows, as they are now, to the collected writes."""
        if rows:
            self._writes.append(encoded(write, rows))

    def publish(self, channel: str, payload: bytes) -> None:
        """Send a message to ``channel`` after the commit; it is a hint and may be lost."""
        self._messages.append((channel, payload))

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call ``action`` after the commit."""
        self._actions.append(action)

    def finish(self, bus: Bus) -> None:
        """Run the actions that waited for the commit."""
        if self._messages:
            bus.send(self._messages)
        for action in self._actions:
            action()


class UnitOfWork(Writing):
    """A running transaction: its connection, its time and the actions that follow its commit."""

    __slots__ = ("_orm", "connection")

    def __init__(self, connection: Connection, now: datetime) -> None:
        super().__init__(now)
        self.connection = connection
        self._orm: BaseDBAsyncClient | None = None

    async def orm(self) -> BaseDBAsyncClient:
        """The ORM's client of this transaction, for ``using_db``."""
        if self._writes:
            await self.flush()
        if self._orm is None:
            self._orm = client_of(self.connection)
        return self._orm

    async def insert_once(self, row: Model) -> bool:
        """Insert a row; False when its key is taken, also by a transaction that this one had to wait for."""
        db = await self.orm()
        try:
            async with self.connection.transaction():
                await row.save(using_db=db, force_create=True)
        except IntegrityError as error:
            if not isinstance(error.args[0], asyncpg.UniqueViolationError):
                raise
            return False
        return True

    async def fetch(self, sql: str, *arguments: object) -> list[Row]:
        """Rows that a statement of this transaction returns."""
        if self._writes:
            await self.flush()
        return await self.connection.fetch(sql, *arguments)

    async def fetch_row(self, sql: str, *arguments: object) -> Row | None:
        """The first row that a statement of this transaction returns."""
        if self._writes:
            await self.flush()
        return await self.connection.fetchrow(sql, *arguments)

    async def execute(self, sql: str, *arguments: object) -> None:
        """Run one statement of this transaction."""
        if self._writes:
            await self.flush()
        await self.connection.execute(sql, *arguments)

    async def write(self, write: Write, rows: Sequence[Record]) -> None:
        """Write rows, as they are now, together with the transaction's other writes and before it reads again."""
        # Within one statement a table is seen as it was before: what changes it twice takes two.
        if rows and any(write.table == other.table for other, _ in self._writes):
            await self.flush()
        await super().write(write, rows)

    async def flush(self) -> None:
        """Send the collected writes."""
        writes, self._writes = self._writes, []
        if writes:
            rows = (argument for _, arguments in writes for argument in arguments)
            await self.connection.execute(joined(tuple(write for write, _ in writes)), *rows)


@contextmanager
def fenced(fence: Fence) -> Iterator[None]:
    """Make every unit of work that is opened inside, also by tasks started there, begin with ``fence``.

    An error raised by ``fence`` refuses the unit of work. A group commit runs in a context of its own and is not
    fenced.
    """
    token = _fence.set(fence)
    try:
        yield
    finally:
        _fence.reset(token)


@asynccontextmanager
async def unit_of_work(bus: Bus) -> AsyncIterator[UnitOfWork]:
    """Open a transaction, commit it on leaving, roll it back on any exception.

    Raises:
        Unavailable: the database cannot be reached; whether a commit in flight took effect is then unknown.
    """
    refuse_in_transaction()
    token = in_transaction.set(True)
    try:
        with unavailable_when_down():
            async with borrowed() as connection, connection.transaction():
                work = UnitOfWork(connection, utc_now())
                fence = _fence.get()
                if fence is not None:
                    await fence(work)
                yield work
                await work.flush()
    finally:
        in_transaction.reset(token)
    work.finish(bus)
