"""Twenty accounts and five thousand orders of every kind end with the same books, whatever happens to the venue.

The story is told twice: to a venue in this process, and to one whose process is killed again and again. The second time
subscribers to every account's ``orderEvents`` listen through the API, and hear each change once and in order.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import redis

from api.realtime.streams import cursor_of, position_of
from api.scalars import Cursor
from domain.access.types import OWNED, Actor
from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.database import fetch, fetch_row
from domain.kernel.errors import BadInput, Conflict, Refused
from domain.kernel.ids import new_id
from domain.kernel.lease_queries import read_position
from domain.kernel.numbers import plain
from domain.market.clocks import REPLAY
from domain.orders.books.proof import prove_book
from domain.orders.deciding.state import TRANSITIONS
from domain.orders.entry.canceling import cancel_orders
from domain.orders.model.commands import CancelOrders, ModifyOrder, OrderKey, PlaceBracket
from domain.orders.model.types import Contingency, OrderStatus, OrderType, TimeInForce
from tests.orders.factories import PERPETUAL
from tests.support import story
from tests.support.client import Stream
from tests.support.databases import DatabaseFactory
from tests.support.mortal import mortal_venue
from tests.support.serving import serving
from tests.support.trading import Platform, environment, platform, running_venue
from tests.support.waiting import PATIENCE_SECONDS, until
from workers import venue_loop
from workers.venue import ROLE

SYMBOL = "COIN-PERP"
SEED = 20
# However slowly the story is told, its first prices stay good.
PATIENT = {"TRADEGRAPH_QUOTE_STALE": "3600"}
EVENTS = """subscription ($id: ID!, $after: Cursor!) { orderEvents(accountId: $id, after: $after) {
  cursor kind status order { clientOrderId version filledQuantity }
} }"""


@dataclass
class Telling:
    """One run of the story: its platform, the accounts of its trader, and its result."""

    desk: Platform
    trader: Actor
    books: list[AccountBook]
    ending: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    heard: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    async def play(self) -> None:
        """Tell it: each chapter is over before the next begins."""
        services, books = self.desk.services, self.books
        # Beyond the machine's time, so that nothing expires but by a tick.
        begins = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        for chapter in story.tell(SEED, SYMBOL, begins):
            orders = [story.single(books[account].id, SYMBOL, terms) for account, terms in chapter.singles]
            await services.entry.place_orders(self.trader, orders)
            await self.quiet()
            groups = [story.group(books[account].id, SYMBOL, *legs) for account, *legs in chapter.groups]
            await asyncio.gather(
                *(
                    services.entry.place_bracket(self.trader, one)
                    if isinstance(one, PlaceBracket)
                    else services.entry.place_oco(self.trader, one)
                    for one in groups
                )
            )
            await self.quiet()
            changes = [self._change(change) for change in chapter.changes]
            for answer in await asyncio.gather(*changes, return_exceptions=True):
                assert not isinstance(answer, BaseException) or isinstance(answer, BadInput | Conflict | Refused)
            await self.quiet()
            for account, side in chapter.cancels:
                await cancel_orders(services.bus, self.trader, CancelOrders(books[account].id, side=side))
            await self.quiet()
            for tick in chapter.ticks:
                await services.market.reached(await services.ticks.publish([tick], source=f"{REPLAY}story"))
            await self.quiet()

    async def _change(self, change: story.Change) -> Any:
        key = OrderKey(account_id=self.books[change.account].id, client_order_id=change.name)
        return await self.desk.services.modifying.modify_order(self.trader, ModifyOrder(key, quantity=change.quantity))

    async def quiet(self) -> None:
        """Wait until the venue has dealt with all that it was told."""

        async def nothing_left() -> bool:
            row = await fetch_row("SELECT count(*) AS n FROM venue_commands")
            assert row is not None
            return row["n"] == 0 and await read_position(ROLE) == await self.desk.services.ticks.last_position()

        await until(nothing_left, timeout_seconds=PATIENCE_SECONDS)

    async def end(self) -> None:
        """Keep what it has come to, once it has proved."""
        catalog = await self.desk.services.market.refresh()
        proofs = [await prove_book(book.id, catalog.by_id) for book in self.books]
        assert [proof.breaks for proof in proofs] == [[]] * story.ACCOUNTS
        self.ending = await story.books()


@asynccontextmanager
async def telling(url: str, redis_url: str, folder: Path) -> AsyncIterator[Telling]:
    """A desk on servers of its own, with the market and the accounts that the story begins with."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    async with platform(url, redis_url, folder, venue=False, **PATIENT) as desk:
        await desk.add_instrument(replace(PERPETUAL, id=new_id(), shortable=True))
        await desk.quote(SYMBOL, "99.99", "100.01", "5")
        people = [
            await desk.open_account("20000", name=f"Account {number:02}", kind=AccountKind.MARGIN)
            for number in range(story.ACCOUNTS)
        ]
        owner, books = people[0][0], [book for _, book in people]
        yield Telling(desk, replace(owner, accounts={book.id: OWNED for book in books}), books)


@asynccontextmanager
async def listeners(told: Telling) -> AsyncIterator[None]:
    """Subscribers to all accounts, from their first orders on; in the end they have heard everything."""
    async with serving(told.desk) as client, client.socket() as socket:
        streams = {
            book.name: await socket.subscribe(EVENTS, id=str(book.id), after=cursor_of(book.event_sequence, book.id))
            for book in told.books
        }
        yield
        heads = {row["name"]: row["head"] for row in await fetch("SELECT name, event_sequence AS head FROM accounts")}
        for name, stream in streams.items():
            await _heard(stream, heads[name])
            told.heard[name] = stream.items


async def _heard(stream: Stream, head: int) -> None:
    """The last thing that the story does to an account is something about an order."""
    await stream.wait(lambda: bool(stream.items) and _number(stream.items[-1]) == head, PATIENCE_SECONDS)


def _number(event: dict[str, Any]) -> int | None:
    return position_of(Cursor(event["cursor"]), None)


@pytest.fixture
def two_databases(databases: DatabaseFactory) -> Iterator[tuple[str, str]]:
    with databases.migrated() as first, databases.migrated() as second:
        yield first, second


async def test_the_books_are_the_same_whatever_failures_the_venue_has(
    two_databases: tuple[str, str], redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Progress is noted at once, so that waiting for it costs no time.
    monkeypatch.setattr(venue_loop, "_NOTE_SECONDS", 0.0)
    async with telling(two_databases[0], redis_url, tmp_path) as calm:
        async with running_venue(calm.desk):
            await calm.play()
        await calm.end()
    async with telling(two_databases[1], redis_url, tmp_path) as troubled:
        async with listeners(troubled):
            with mortal_venue(environment(two_databases[1], redis_url, tmp_path) | PATIENT, SEED) as deaths:
                await troubled.play()
        await troubled.end()
    assert deaths.count >= 5
    for name, rows in calm.ending.items():
        assert troubled.ending[name] == rows, name
    check_variety(calm.ending)
    check_events(troubled)


def check_variety(ending: dict[str, list[tuple[Any, ...]]]) -> None:
    """The story has something of everything."""
    orders = ending["orders"]
    assert len(orders) >= 5_000
    assert {row[2] for row in orders} == set(OrderType)
    assert {row[3] for row in orders} == set(TimeInForce)
    assert {row[4] for row in orders} >= {status for status, targets in TRANSITIONS.items() if not targets}
    assert {row[5] for row in orders} == set(Contingency)
    kinds = {row[2] for row in ending["events"]}
    assert kinds >= {"HELD", "RELEASED", "TRIGGERED", "TRADE", "REPLACED", "CANCELED", "REJECTED", "EXPIRED"}
    expired = {row[5] for row in orders if row[4] == OrderStatus.EXPIRED}
    assert expired == {Contingency.NONE, Contingency.OCO, Contingency.OTO}


def check_events(told: Telling) -> None:
    """What was heard of each account is its log: every number once and in order; each order moved by the rules."""
    for name, logged in groupby(told.ending["events"], key=itemgetter(0)):
        rows = list(logged)
        assert [row[1] for row in rows] == list(range(1, len(rows) + 1)), name
        heard = told.heard[name]
        said = [(name, _number(event), event["kind"], event["order"]["clientOrderId"]) for event in heard]
        assert said == [row for row in rows if row[3] is not None]
        for order in by_order(heard).values():
            check_life(order)
    last = {
        (name, client_id): (events[-1]["status"], events[-1]["order"]["version"], events[-1]["order"]["filledQuantity"])
        for name, heard in told.heard.items()
        for client_id, events in by_order(heard).items()
    }
    assert last == {(row[0], row[1]): (row[4], row[13], plain(row[8])) for row in told.ending["orders"]}


def by_order(heard: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The events of each order of an account."""
    found: dict[str, list[dict[str, Any]]] = {}
    for event in heard:
        found.setdefault(event["order"]["clientOrderId"], []).append(event)
    return found


def check_life(events: list[dict[str, Any]]) -> None:
    """One order's events: a legal beginning, legal moves, versions and fills that only grow, one end."""
    statuses = [OrderStatus(event["status"]) for event in events]
    assert statuses[0] in (OrderStatus.PENDING_NEW, OrderStatus.HELD, OrderStatus.REJECTED)
    for before, after in pairwise(statuses):
        assert after is before or after in TRANSITIONS[before]
    ends = [status for status in statuses if not TRANSITIONS[status]]
    # Whatever comes after the end would be a late fill, and the paper venue has none.
    assert len(ends) <= 1
    for grows in ("version", "filledQuantity"):
        values = [Decimal(event["order"][grows]) for event in events]
        assert values == sorted(values)
