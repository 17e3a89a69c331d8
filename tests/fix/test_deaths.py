"""Clients and engines that are killed in the middle of everything: each order once, each report once, in order."""

from collections.abc import Callable

from tests.support.desk import Desk
from tests.support.fix_client import Fields, FixPeer
from tests.support.fix_orders import cancel, executions, new_key, order
from tests.support.installation import Process
from tests.support.waiting import eventually, until

StartClient = Callable[..., FixPeer]
ORDERS = [f"N{number}" for number in range(12)]


def assert_once_and_in_order(reports: list[Fields]) -> None:
    """Each execution id is there once, and the events of the account come in their order."""
    ids = [fields[17] for fields in reports]
    assert len(ids) == len(set(ids))
    for name in {fields[11] for fields in reports}:
        filled = [float(fields[14]) for fields in reports if fields[11] == name]
        assert filled == sorted(filled)


async def test_a_restarted_client_gets_every_missed_report(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    key, _ = await new_key(desk, account)
    first = fix_client(key)
    first.expect("logon")
    for name in ORDERS:
        first.send("D", order(name, symbol))
    first.report(type="0", id=ORDERS[0])
    first.kill()
    # While nobody listens, everything fills.

    async def all_taken() -> bool:
        return len(await desk.orders(accountId=account)) == len(ORDERS)

    await until(all_taken)
    await desk.publish(symbol, "89", "89.5")
    for row in await desk.orders(accountId=account):
        await desk.settled(row["id"], "FILLED")

    second = fix_client(key)
    second.expect("logon")
    for name in ORDERS:
        second.report(type="F", id=name)
    reports = executions(first, second)
    assert_once_and_in_order(reports)
    assert sorted(fields[11] for fields in reports if fields[150] == "F") == sorted(ORDERS)
    fills = {row["id"] for row in await desk.executions(accountId=account)}
    assert {fields[17] for fields in reports if fields[150] == "F"} == fills


async def test_a_restarted_engine_accepts_each_order_once(
    desk: Desk, symbol: str, fix_client: StartClient, engine: Process
) -> None:
    account = await desk.open_account("100000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    client.send("D", order("BEFORE", symbol))
    client.report(type="0", id="BEFORE")
    for name in ORDERS:
        client.send("D", order(name, symbol))
    client.send("G", order("CHANGED", symbol, t41="BEFORE", t44="91"))
    client.send("F", cancel("GONE", ORDERS[0], symbol))
    # Some of it has been taken, some of it not, and of some nobody knows.
    client.report(type="A", id=ORDERS[0])
    engine.kill()
    client.expect("logout")
    await engine.come_back("FIX order entry listens")
    client.expect("logon")
    await desk.publish(symbol, "99", "101")

    def told(kind: str) -> list[str]:
        return sorted(fields[11] for fields in executions(client) if fields[150] == kind)

    await eventually(lambda: told("5") == ["CHANGED"] and told("4") == ["GONE"])
    await eventually(lambda: told("0") == sorted(["BEFORE", *ORDERS]))
    rows = {row["clientOrderId"]: row for row in await desk.orders(accountId=account)}
    assert set(rows) == {"BEFORE", *ORDERS}
    assert rows["BEFORE"]["limitPrice"] == "91"
    assert [name for name, row in rows.items() if row["status"] == "CANCELED"] == [ORDERS[0]]

    # A report of everything, and of a last order behind it all.
    client.send("D", order("LAST", symbol))
    client.report(type="0", id="LAST")
    reports = executions(client)
    assert_once_and_in_order(reports)
    assert told("0") == sorted(["BEFORE", "LAST", *ORDERS])
    assert (told("5"), told("4")) == (["CHANGED"], ["GONE"])
