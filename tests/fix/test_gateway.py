"""Accounts that trade at a FIX counterparty: both sides are killed; each order is there once, and so is each fill."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.embedded import EmbeddedServices
from tests.support.client import Client
from tests.support.databases import DatabaseFactory
from tests.support.desk import Desk
from tests.support.fix_client import FixPeer, peer
from tests.support.installation import EMAIL, PASSWORD, Installation, Process, installation
from tests.support.ports import free_port
from tests.support.waiting import until

TERMS = """
[session]
host = "127.0.0.1"
port = {port}
sender = "DESK"
target = "HOUSE"

[symbols]
COIN = "COIN/USD"
"""
NAMES = [f"N{number}" for number in range(8)]


class House:
    """The counterparty, which can be killed and restarted with its books and numbers."""

    def __init__(self, folder: Path, port: int, stack: ExitStack) -> None:
        self.folder = folder
        self.port = port
        self.stack = stack
        self.peer: FixPeer | None = None

    def start(self) -> None:
        config: dict[str, Any] = {"type": "acceptor", "port": self.port, "sender": "HOUSE", "target": "DESK"}
        self.peer = self.stack.enter_context(peer(self.folder, **config))

    def tell(self, what: str, **given: Any) -> None:
        assert self.peer is not None
        self.peer.command(exchange={"what": what, **given})
        self.peer.expect("done")

    def kill(self) -> None:
        assert self.peer is not None
        self.peer.kill()

    @property
    def orders(self) -> list[dict[str, Any]]:
        """The orders in its books."""
        return list(self._book().values())

    @property
    def names(self) -> list[str]:
        """Our ids of them."""
        return list(self._book())

    def _book(self) -> dict[str, Any]:
        book: dict[str, Any] = json.loads((self.folder / "book.json").read_text())["orders"]
        return book


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        made = House(tmp_path / "house", free_port(), stack)
        made.start()
        yield made


@pytest.fixture
def trading(
    services: EmbeddedServices, databases: DatabaseFactory, tmp_path: Path, house: House
) -> Iterator[tuple[Installation, Process, Process]]:
    terms = tmp_path / "house.toml"
    terms.write_text(TERMS.format(port=house.port))
    settings = {"TRADEGRAPH_VENUES": f"house=fix:{terms}", "TRADEGRAPH_QUOTE_STALE": "3600"}
    valkey = f"{services.redis_url.rpartition('/')[0]}/4"
    with databases.migrated() as url, installation(url, valkey, tmp_path / "data", **settings) as whole:
        web, engine = whole.web(), whole.engine()
        whole.start(web, engine)
        yield whole, web, engine


@pytest.fixture
async def desk(trading: tuple[Installation, Process, Process]) -> AsyncIterator[Desk]:
    async with Client(trading[1].address) as client:
        await client.sign_in(EMAIL, PASSWORD)
        desk = Desk(client)
        await desk.create_instrument("COIN")
        await desk.publish("COIN", "99", "101")
        yield desk
        await desk.check_books()


def with_status(desk: Desk, account: str, count: int, *statuses: str) -> Callable[[], Any]:
    async def there() -> bool:
        rows = await desk.orders(accountId=account)
        return len(rows) == count and all(row["status"] in statuses and row["pendingAction"] is None for row in rows)

    return there


async def test_deaths_of_both_sides(desk: Desk, house: House, trading: tuple[Installation, Process, Process]) -> None:
    engine = trading[2]
    account = await desk.open_account("100000", venue="house")
    limit = {"type": "LIMIT", "limitPrice": "90"}
    first = await desk.place(account, "COIN", "BUY", "1", clientOrderId="FIRST", **limit)
    await desk.settled(first["id"], "NEW")

    # The engine dies with orders on their way.
    for name in NAMES:
        await desk.place(account, "COIN", "BUY", "1", clientOrderId=name, **limit)
    engine.kill()
    await engine.come_back()
    await until(with_status(desk, account, 1 + len(NAMES), "NEW", "REJECTED"))
    await assert_same_orders(desk, house, account)

    # The counterparty dies, and comes back with everything filled that was told to nobody.
    house.kill()
    await desk.place(account, "COIN", "BUY", "2", clientOrderId="MEANWHILE", **limit)
    house.start()
    await until(with_status(desk, account, 2 + len(NAMES), "NEW", "REJECTED"))
    there = await assert_same_orders(desk, house, account)
    house.tell("quote", symbol="COIN/USD", bid="89", ask="89.5")
    engine.kill()
    house.kill()
    house.start()
    await engine.come_back()
    await until(with_status(desk, account, 2 + len(NAMES), "FILLED", "REJECTED"))
    fills = await desk.executions(accountId=account)
    assert sorted(row["order"]["id"] for row in fills) == sorted(there)
    assert len({row["venueExecutionId"] for row in fills}) == len(fills)


async def assert_same_orders(desk: Desk, house: House, account: str) -> list[str]:
    """The counterparty has each order once, but for those that got lost, which it was asked about; their ids."""
    rows = await desk.orders(accountId=account)
    lost = [row for row in rows if row["status"] == "REJECTED"]
    assert {row["rejectMessage"] for row in lost} <= {"The venue does not know the order."}
    there = [row["id"] for row in rows if row not in lost]
    assert sorted(house.names) == sorted(row.replace("-", "") for row in there)
    assert len({order["id"] for order in house.orders}) == len(there)
    return there


async def test_changes_cancels_and_refusals(
    desk: Desk, house: House, trading: tuple[Installation, Process, Process]
) -> None:
    account = await desk.open_account("100000", venue="house")
    placed = await desk.place(account, "COIN", "BUY", "1", type="LIMIT", limitPrice="90")
    await desk.settled(placed["id"], "NEW")
    change = "mutation ($i: ModifyOrderInput!) { modifyOrder(input: $i) { order { id } } }"
    await desk.client.ask(change, i={"id": placed["id"], "limitPrice": "91", "quantity": "2"})
    changed = await desk.settled(placed["id"])
    assert (changed["limitPrice"], changed["quantity"], changed["status"]) == ("91", "2", "NEW")
    # A change after a change and a cancel name the order by its newest id.
    await desk.client.ask(change, i={"id": placed["id"], "limitPrice": "92"})
    assert (await desk.settled(placed["id"]))["limitPrice"] == "92"
    trading[2].kill()
    await trading[2].come_back()
    await desk.cancel(placed["id"])
    await desk.settled(placed["id"], "CANCELED")
    assert [order["status"] for order in house.orders] == ["4"]


async def test_busts_and_corrections_are_booked_once(
    desk: Desk, house: House, trading: tuple[Installation, Process, Process]
) -> None:
    engine = trading[2]
    account = await desk.open_account("100000", venue="house")
    house.tell("quote", symbol="COIN/USD", bid="99", ask="100")
    orders = [await desk.place(account, "COIN", "BUY", "2", type="LIMIT", limitPrice="100") for _ in range(2)]
    for order in orders:
        await desk.settled(order["id"], "FILLED")
    there = {row["order"]["id"]: row for row in await executions(desk, account)}
    first, second = (there[order["id"]] for order in orders)

    def told(row: dict[str, Any], what: str, of: str, **given: Any) -> None:
        house.tell(what, id=row["order"]["id"].replace("-", ""), execution=of, **given)

    def standing(*wanted: tuple[str, str]) -> Callable[[], Any]:
        async def there() -> bool:
            rows = [row for row in await executions(desk, account) if row["bustedAt"] is None]
            return sorted((row["price"], row["quantity"]) for row in rows) == sorted(wanted)

        return there

    told(first, "bust", first["venueExecutionId"], filled="0", text="wrong side")
    await until(standing(("100", "2")))
    assert await quantity_of(desk, account) == 2
    # Told while nobody listens, of the fill and then of its correction; and again after each connection.
    engine.kill()
    told(second, "correct", second["venueExecutionId"], filled="2", price="99.5", quantity="2")
    await engine.come_back()
    await until(standing(("99.5", "2")))
    (successor,) = [row for row in await executions(desk, account) if row["bustedAt"] is None]
    told(second, "correct", successor["venueExecutionId"], filled="1", price="99.25", quantity="1")
    await until(standing(("99.25", "1")))
    engine.kill()
    house.kill()
    house.start()
    await engine.come_back()
    # The newest correction is meant by the name of the first fill, too.
    house.tell("quote", symbol="COIN/USD", bid="99", ask="100")
    told(second, "bust", second["venueExecutionId"], filled="0")
    await until(standing())
    rows = await executions(desk, account)
    assert len(rows) == 4
    assert {row["bustedBy"] for row in rows} == {"venue:house"}
    assert await quantity_of(desk, account) == 0
    events = await desk.client.ask(
        "query ($a: ID!) { riskEvents(filter: { accountId: $a, eventKinds: [EXECUTION_BUSTED, EXECUTION_CORRECTED] }) "
        "{ edges { node { eventKind message } } } }",
        a=account,
    )
    kinds = [edge["node"]["eventKind"] for edge in events["riskEvents"]["edges"]]
    assert sorted(kinds) == ["EXECUTION_BUSTED"] * 2 + ["EXECUTION_CORRECTED"] * 2
    assert any("wrong side" in edge["node"]["message"] for edge in events["riskEvents"]["edges"])


async def executions(desk: Desk, account: str) -> list[dict[str, Any]]:
    page = await desk.client.ask(
        "query ($a: ID!) { executions(filter: { accountId: $a }) { edges { node { price quantity venueExecutionId "
        "bustedAt bustedBy order { id } } } } }",
        a=account,
    )
    return [edge["node"] for edge in page["executions"]["edges"]]


async def quantity_of(desk: Desk, account: str) -> Decimal:
    held = await desk.client.ask("query ($a: ID!) { positions(accountId: $a) { quantity } }", a=account)
    return sum((Decimal(row["quantity"]) for row in held["positions"]), Decimal(0))
