"""Exports over HTTP and by the command, against a real server."""

import csv
import json
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import httpx
import pytest
from pyarrow import parquet

from cli.main import main
from domain.kernel.time import Nanos
from tests.clients.conftest import Market
from tests.clients.test_client import limit, settled
from tests.support.desk import Desk
from tests.support.installation import Process
from tradegraph_client import BadUserInput, Client, NotFound
from tradegraph_client.types import OrderType


async def bytes_of(client: Client, name: str, **given: str) -> bytes:
    """The whole export."""
    return b"".join([chunk async for chunk in client.export(name, **given)])


async def text_of(client: Client, name: str, **given: str) -> str:
    """The whole export as text."""
    return (await bytes_of(client, name, **given)).decode()


async def test_exported_orders_and_executions_equal_those_of_the_api(client: Client, market: Market) -> None:
    bought = limit(market, "2").model_copy(update={"type_": OrderType.MARKET, "limit_price": None})
    order = (await client.place_order(bought.model_copy(update={"strategy": "=1+1", "tags": ["a", "b"]}))).order
    await settled(client, order.id)
    resting = (await client.place_order(limit(market))).order

    rows = list(csv.DictReader(StringIO(await text_of(client, "orders.csv", account=market.account_id))))
    assert [row["id"] for row in rows] == [order.id, resting.id]
    assert (rows[0]["status"], rows[0]["averagePrice"], rows[0]["limitPrice"]) == ("FILLED", "100.01", "")
    # A spreadsheet must not take a name for a formula; JSON has it as it is.
    assert (rows[0]["strategy"], rows[0]["tags"]) == ("'=1+1", "a b")
    lines = [
        json.loads(line) for line in (await text_of(client, "orders.jsonl", account=market.account_id)).splitlines()
    ]
    assert (lines[0]["strategy"], lines[0]["limitPrice"], lines[0]["postOnly"]) == ("=1+1", None, False)

    (fill,) = (await text_of(client, "executions.jsonl", account=market.account_id)).splitlines()
    assert {name: json.loads(fill)[name] for name in ("orderId", "price", "quantity", "side")} == {
        "orderId": order.id,
        "price": "100.01",
        "quantity": "2",
        "side": "BUY",
    }
    ledger = list(csv.DictReader(StringIO(await text_of(client, "ledger.csv", account=market.account_id))))
    account = await client.get_account(id=market.account_id)
    assert account is not None
    assert sum(Decimal(row["amount"]) for row in ledger) == account.cash == Decimal(ledger[-1]["balanceAfter"])
    table = parquet.read_table(BytesIO(await bytes_of(client, "executions.parquet", account=market.account_id)))
    (row,) = table.to_pylist()
    assert (row["price"], row["quantity"], row["orderId"]) == (Decimal("100.01"), Decimal(2), order.id)
    assert Nanos(table.column("at").cast("int64")[0].as_py()).isoformat() == json.loads(fill)["at"]
    orders = parquet.read_table(
        BytesIO(await bytes_of(client, "orders.parquet", account=market.account_id))
    ).to_pylist()
    assert [(row["strategy"], row["limitPrice"], row["postOnly"], row["version"]) for row in orders] == [
        (line["strategy"], line["limitPrice"] and Decimal(line["limitPrice"]), line["postOnly"], line["version"])
        for line in lines
    ]
    for kind in ("statements", "closed-trades", "equity"):
        assert (await text_of(client, f"{kind}.csv", account=market.account_id)).count("\r\n") >= 1
        assert await text_of(client, f"{kind}.jsonl", account=market.account_id, since="2100-01-01T00:00:00Z") == ""


async def test_a_refused_export_fails_before_the_first_row(
    client: Client, market: Market, shared_web: Process, key: str
) -> None:
    for name, given, kind, field in (
        ("orders.csv", {}, BadUserInput, "account"),
        ("orders.csv", {"account": market.account_id, "since": "yesterday"}, BadUserInput, "from"),
        ("orders.csv", {"account": market.account_id, "page": "2"}, BadUserInput, "page"),
        ("orders.csv", {"account": market.account_id, "method": "lifo"}, BadUserInput, "method"),
        ("tax-lots.csv", {"account": market.account_id, "method": "best"}, BadUserInput, "method"),
        ("orders.csv", {"account": "nobody"}, NotFound, "account"),
        ("orders.xls", {"account": market.account_id}, NotFound, "name"),
        ("secrets.csv", {"account": market.account_id}, NotFound, "name"),
    ):
        with pytest.raises(kind) as refused:
            await text_of(client, name, **given)
        assert refused.value.field == field
    address = f"{shared_web.address}/export/orders.csv"
    async with httpx.AsyncClient(trust_env=False) as http:
        stranger = await http.get(address, params={"account": market.account_id})
        assert (stranger.status_code, stranger.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        for name in ("account", "from"):
            twice = [("account", market.account_id), ("from", "2020-01-01T00:00:00Z"), (name, "2021-01-01T00:00:00Z")]
            refused_twice = await http.get(address, params=twice, headers={"authorization": f"Bearer {key}"})
            error = refused_twice.json()["errors"][0]["extensions"]
            assert (refused_twice.status_code, error) == (400, {"code": "BAD_USER_INPUT", "field": name})
        posted = await http.post(address, headers={"authorization": f"Bearer {key}"})
        assert posted.status_code == 405


@pytest.fixture
async def funded(admin: Desk, market: Market) -> Market:
    """A market whose account has one order."""
    await admin.place(market.account_id, market.symbol, "BUY", "1")
    return market


def test_the_command_writes_complete_files(
    shared_web: Process, key: str, funded: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRADEGRAPH_CLIENT_ADDRESS", shared_web.address)
    monkeypatch.setenv("TRADEGRAPH_CLIENT_KEY", key)
    file = tmp_path / "orders.jsonl"
    export = ("export", "orders", "--account", funded.account_id, "--output", str(file))
    assert main([*export, "--from", "2020-01-01"]) == 0
    assert json.loads(file.read_text())["symbol"] == funded.symbol
    before = file.read_text()
    assert main([*export, "--from", "2020-01-02", "--to", "2020-01-01"]) == 2
    assert main(["export", "orders", "--account", funded.account_id, "--output", str(tmp_path / "no" / "x.csv")]) == 2
    assert (file.read_text(), [path.name for path in tmp_path.iterdir()]) == (before, ["orders.jsonl"])


async def test_tax_lots_are_exported_by_method(client: Client, admin: Desk, market: Market) -> None:
    async def trade(side: str, quantity: str) -> None:
        order = await admin.place(market.account_id, market.symbol, side, quantity)
        await admin.settled(order["id"], "FILLED")

    await trade("BUY", "2")
    await admin.publish(market.symbol, "109.99", "110.01")
    await trade("BUY", "2")
    await trade("SELL", "3")
    entries = {}
    for method in ("fifo", "lifo", "average"):
        rows = (await text_of(client, "tax-lots.jsonl", account=market.account_id, method=method)).splitlines()
        lots = [json.loads(row) for row in rows]
        entries[method] = [(lot["quantity"], lot["entryPrice"], lot["gain"], lot["heldDays"]) for lot in lots]
    assert entries == {
        "fifo": [("2", "100.01", "19.96", 0), ("1", "110.01", "-0.02", 0)],
        "lifo": [("2", "110.01", "-0.04", 0), ("1", "100.01", "9.98", 0)],
        "average": [("3", "105.01", "14.94", 0)],
    }
