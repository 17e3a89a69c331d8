"""A small API of its own for tests of the foundation: a schema, people with tokens, streams, and a real server."""

import asyncio
import socket
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import strawberry
import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.app import Api, ApiSettings, create_app, server_options
from api.context import Info
from api.graphql.field_flags import PUBLIC, SAME_FOR_ALL
from api.realtime.streams import LogStream, StateStream, cursor_of, position_of
from api.request_rates import Rates, Unlimited
from api.scalars import Cursor
from api.schema import build_schema
from api.transport.connections import Connections
from domain.access.types import Actor, Role
from domain.kernel.errors import Conflict, Forbidden, NotFound, Unauthenticated
from domain.orders.venues.queries import VenueCondition
from domain.system.process_load import ProcessLoad
from tests.support.waiting import PATIENCE_SECONDS

ADA = Actor(user_id=UUID(int=1), email="ada@example.com", role=Role.TRADER)
BOB = Actor(user_id=UUID(int=2), email="bob@example.com", role=Role.VIEWER)


class NoRefusals:
    """Records no refusals."""

    async def note(self, *what: Any, **more: Any) -> None:
        """Nothing."""


class People:
    """The user of each token; a removed token stops working."""

    def __init__(self) -> None:
        self.actors: dict[str, Actor] = {"ada": ADA, "bob": BOB}
        self.asked = 0
        self.refusals = NoRefusals()
        self.trouble: Exception | None = None

    async def authenticate(self, token: str) -> Actor:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        actor = self.actors.get(token)
        if actor is None:
            raise Unauthenticated("This token does not work.")
        return actor

    def expire(self, token: str, at: datetime) -> None:
        self.actors[token] = replace(self.actors[token], expires_at=at)


class Log:
    """A numbered log in memory that can be followed, and made to fail."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.reads: list[tuple[int, int]] = []
        self.followers = 0
        # How many events before the new ones are told again.
        self.overlap = 0
        self.failures: list[Exception] = []
        self._changed = asyncio.Condition()

    async def append(self, *texts: str) -> None:
        async with self._changed:
            self.events += texts
            self._changed.notify_all()

    async def fail(self, error: Exception) -> None:
        async with self._changed:
            self.failures.append(error)
            self._changed.notify_all()

    async def head(self) -> int:
        return len(self.events)

    async def read(self, after: int, limit: int) -> Sequence[tuple[int, str]]:
        self.reads.append((after, limit))
        await asyncio.sleep(0)
        return [(after + index + 1, text) for index, text in enumerate(self.events[after : after + limit])]

    async def follow(self, after: int) -> AsyncIterator[Sequence[tuple[int, str]]]:
        self.followers += 1
        try:
            while True:
                async with self._changed:
                    while not self.failures and len(self.events) <= after:
                        await self._changed.wait()
                if self.failures:
                    raise self.failures.pop()
                after = max(0, after - self.overlap)
                events = [(after + index + 1, text) for index, text in enumerate(self.events[after:])]
                after = len(self.events)
                yield events
        finally:
            self.followers -= 1


class State:
    """Named values in memory that can be watched."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.watchers = 0
        self.failure: Exception | None = None
        self.is_over = False
        self._changed = asyncio.Condition()
        self._log: list[str] = []

    async def set(self, **values: int) -> None:
        async with self._changed:
            self.values.update(values)
            self._log += values
            self._changed.notify_all()

    async def end(self, failure: Exception | None = None) -> None:
        async with self._changed:
            self.failure, self.is_over = failure, True
            self._changed.notify_all()

    async def watch(self) -> AsyncIterator["Reading"]:
        self.watchers += 1
        try:
            seen = len(self._log)
            for name, value in list(self.values.items()):
                yield Reading(name=name, value=value)
            while True:
                async with self._changed:
                    while not self.is_over and len(self._log) <= seen:
                        await self._changed.wait()
                if self.is_over:
                    if self.failure:
                        raise self.failure
                    return
                names, seen = self._log[seen:], len(self._log)
                for name in names:
                    yield Reading(name=name, value=self.values[name])
        finally:
            self.watchers -= 1


@dataclass
class Desk:
    """The dependencies of the small API."""

    access: People = field(default_factory=People)
    log: Log = field(default_factory=Log)
    state: State = field(default_factory=State)
    readers: set[UUID] = field(default_factory=lambda: {ADA.user_id, BOB.user_id})
    executed: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    checks: dict[str, bool] = field(default_factory=lambda: {"database": True, "bus": True})
    tell: Callable[[], None] = lambda: None
    load: Callable[[], ProcessLoad] | None = None
    rates: Rates = field(default_factory=Unlimited)

    def permit(self, actor: Actor) -> None:
        if actor.user_id not in self.readers:
            raise NotFound("There is no such log.", field="id")

    @property
    def services(self) -> Any:
        return self

    async def check(self) -> Mapping[str, bool]:
        return self.checks

    @property
    def scrapes(self) -> "Desk":
        return self

    def admits(self, authorization: str | None) -> bool:
        return authorization == "Bearer token of scrapes"

    def tells_of(self, registry: CollectorRegistry) -> None:
        """The process has no metrics."""

    async def exposition(self, own: CollectorRegistry) -> bytes:
        return generate_latest(own)

    async def venue_condition(self) -> VenueCondition:
        return VenueCondition({("far", "POSITION"): 2}, {})

    def on_rights_changed(self, tell: Callable[[], None]) -> None:
        self.tell = tell

    def shows_load(self, load: Callable[[], ProcessLoad]) -> None:
        self.load = load


def desk(info: Info) -> Desk:
    found: Any = info.context.services
    assert isinstance(found, Desk)
    return found


@strawberry.type
class Reading:
    name: str
    value: int


@strawberry.type
class Entry:
    number: int
    text: str

    @strawberry.field(metadata=SAME_FOR_ALL)
    def shouted(self, info: Info) -> str:
        desk(info).executed.append(self.text)
        return self.text.upper()

    @strawberry.field
    def seen_by(self, info: Info) -> str:
        return info.context.require_actor().email

    @strawberry.field(metadata=SAME_FOR_ALL)
    def wrongly_marked(self, info: Info) -> str:
        return info.context.require_actor().email

    @strawberry.field(metadata=SAME_FOR_ALL)
    def risky(self) -> str:
        if self.text == "bad":
            raise Conflict("Not this one.")
        return self.text

    @strawberry.field
    def cursor(self) -> Cursor:
        return cursor_of(self.number, "entries")


@strawberry.type
class DeskQuery:
    @strawberry.field
    def who(self, info: Info) -> str:
        return info.context.require_actor().email

    @strawberry.field
    async def echo(self, text: str = "", amount: Decimal | None = None) -> str:
        return text if amount is None else str(amount)

    @strawberry.field
    def fail(self, info: Info, how: str) -> str | None:
        errors: dict[str, Exception] = {
            "conflict": Conflict("It moved on.", version=3),
            "forbidden": Forbidden("Not you."),
            "bug": ValueError("secret detail"),
        }
        raise errors[how]

    @strawberry.field
    async def forever(self) -> str:
        await asyncio.get_running_loop().create_future()
        return "never"

    @strawberry.field
    def must(self) -> str:
        raise ValueError("secret detail")


@strawberry.type
class DeskMutation:
    @strawberry.mutation(metadata=PUBLIC)
    def login(self, password: str) -> str:
        if password == "bug":
            raise ValueError("a bug")
        return "ada"

    @strawberry.mutation
    async def write(self, info: Info, text: str) -> int:
        await desk(info).log.append(text)
        return len(desk(info).log.events)

    @strawberry.mutation
    async def write_slowly(self, info: Info, text: str) -> int:
        await desk(info).gate.wait()
        await desk(info).log.append(text)
        return len(desk(info).log.events)


def _entry(log: Log, only: str | None) -> Callable[[str], Entry | None]:
    def view(text: str) -> Entry | None:
        if only is not None and only not in text:
            return None
        return Entry(number=log.events.index(text) + 1, text=text)

    return view


@strawberry.type
class DeskSubscription:
    @strawberry.subscription
    async def entries(self, info: Info, after: Cursor | None = None, only: str | None = None) -> AsyncIterable[Entry]:
        at = desk(info)
        return LogStream(("entries", only), at.log, _entry(at.log, only), at.permit, position_of(after, "entries"))

    @strawberry.subscription
    async def readings(self, info: Info) -> AsyncIterable[Reading]:
        at = desk(info)
        return StateStream(("readings",), at.state.watch, at.permit, part=lambda reading: reading.name)

    @strawberry.subscription
    async def count(self, info: Info, to: int) -> AsyncIterator[int]:
        if info.context.require_actor().role is Role.VIEWER:
            raise Forbidden("Not for viewers.")
        for number in range(1, to + 1):
            yield number
        await desk(info).gate.wait()

    @strawberry.subscription
    async def broken(self, after: int = 1) -> AsyncIterator[int]:
        for number in range(after):
            yield number
        raise ValueError("secret detail")


SCHEMA = build_schema([DeskQuery], [DeskMutation], [DeskSubscription])


@contextmanager
def free_socket() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening


@dataclass
class Running:
    """A server in this process."""

    desk: Desk
    api: Api
    address: str
    connections: Connections
    server: uvicorn.Server

    def stop(self) -> None:
        """Ask it to stop, as a signal would."""
        self.server.should_exit = True

    @property
    def endpoint(self) -> str:
        return f"{self.address}/graphql"


class PromptServer(uvicorn.Server):
    """A uvicorn server that checks ten times as often for its stop."""

    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not self.should_exit:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(desk: Desk, **settings: Any) -> AsyncIterator[Running]:
    """A server of the small API on a free port of this machine."""

    @asynccontextmanager
    async def open_runtime() -> AsyncIterator[Desk]:
        yield desk

    app = create_app(SCHEMA, ApiSettings(**settings), open_runtime)
    with free_socket() as listening:
        options = {**server_options(settings.get("limits")), "loop": "none"}
        server = PromptServer(uvicorn.Config(app, **options))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not server.started and not serving.done():
                    await asyncio.sleep(0.005)
            connections = options["http"].keywords["connections"]
            yield Running(desk, app.state.api, f"http://127.0.0.1:{listening.getsockname()[1]}", connections, server)
        finally:
            server.should_exit = True
            await serving


class Socket:
    """A client that sends the messages of a test."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(orjson.dumps(message).decode())

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            text = await self.connection.recv()
        assert isinstance(text, str)
        message: dict[str, Any] = orjson.loads(text)
        return message

    async def sign_in(self, token: str = "ada") -> None:
        await self.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, operation_id: str, query: str, **variables: Any) -> None:
        await self.say(id=operation_id, type="subscribe", payload={"query": query, "variables": variables})

    async def settle(self) -> None:
        """Wait until the server has read all sent messages."""
        await self.say(type="ping")
        assert await self.hear() == {"type": "pong"}

    async def next(self, operation_id: str = "1") -> Any:
        message = await self.hear()
        assert message["type"] == "next", message
        assert message["id"] == operation_id
        return message["payload"]["data"] if "errors" not in message["payload"] else message["payload"]

    async def closed(self) -> tuple[int | None, str | None]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason


@asynccontextmanager
async def open_socket(server: Running, token: str | None = "ada", **options: Any) -> AsyncIterator[Socket]:
    """A socket; signed in unless ``token`` is None."""
    address = server.endpoint.replace("http", "ws", 1)
    options = {"subprotocols": [Subprotocol("graphql-transport-ws")], "proxy": None, **options}
    async with connect(address, **options) as connection:
        client = Socket(connection)
        if token is not None:
            await client.sign_in(token)
        yield client
