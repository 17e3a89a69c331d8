"""Imports over HTTP and by the command, against a real server."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from api.transport.files.imports import MAX_IMPORT_BYTES
from cli.main import main
from tests.clients.conftest import Market
from tests.support.desk import Desk, signed_in
from tests.support.installation import Process
from tradegraph_client import BadUserInput, Client, Conflict, every

READER = 'mutation { createApiKey(input: { name: "reads", role: ADMIN, scopes: [READ, TRADE] }) { secret } }'
HEADER = "reference,at,kind,symbol,side,quantity,price,amount"
DEPOSIT = "d1,2024-01-02T09:00:00Z,DEPOSIT,,,,,1000"


def history(symbol: str) -> str:
    """A deposit, a purchase and a sale."""
    bought = f"t1,2024-01-03T09:00:00.000000001Z,EXECUTION,{symbol},BUY,2,100,"
    sold = f"t2,2024-01-04T09:00:00Z,EXECUTION,{symbol},SELL,1,110,"
    return "\n".join([HEADER, DEPOSIT, bought, sold])


async def test_what_is_exported_is_imported_elsewhere(client: Client, admin: Desk, market: Market) -> None:
    accounts = [await admin.open_account("0") for _ in range(2)]
    first = await client.import_history(accounts[0], history(market.symbol).encode())
    assert (first.imported, first.executions, first.realized_pnl) == (3, 2, Decimal(10))
    text = b"".join([chunk async for chunk in client.export("history.csv", account=accounts[0])])
    second = await client.import_history(accounts[1], text)
    assert (second.cash, second.realized_pnl, second.fees_paid) == (first.cash, first.realized_pnl, first.fees_paid)
    trades = [
        [trade async for trade in every(client.get_closed_trades_connection, account_id=account)]
        for account in accounts
    ]
    assert trades[0] == trades[1] != []
    again = await client.import_history(accounts[1], text)
    assert (again.imported, again.already_there) == (0, 3)


async def test_a_refusal_says_where_and_saves_nothing(client: Client, admin: Desk, market: Market) -> None:
    account = await admin.open_account("0")
    bad = history(market.symbol) + "\nt3,2024-01-05T09:00:00Z,EXECUTION,NOTHING,BUY,1,1,"
    with pytest.raises(BadUserInput, match="Line 5, column symbol") as refused:
        await client.import_history(account, bad.encode())
    assert (refused.value.field, refused.value.extensions["line"]) == ("symbol", 5)
    with pytest.raises(BadUserInput, match="16,000,000 bytes"):
        await client.import_history(account, b"x" * (MAX_IMPORT_BYTES + 1))
    with pytest.raises(Conflict, match="new account"):
        await client.import_history(market.account_id, history(market.symbol).encode())
    found = await client.get_account(id=account)
    assert found is not None
    assert (found.cash, await client.get_positions(account_id=account)) == (0, [])


async def test_only_a_credential_for_funds_imports(
    client: Client, admin: Desk, market: Market, shared_web: Process, key: str
) -> None:
    account = await admin.open_account("0")
    async with signed_in(shared_web.address) as desk:
        made = await desk.client.ask(READER)
    reader = made["createApiKey"]["secret"]
    async with httpx.AsyncClient(base_url=shared_web.address, trust_env=False) as http:

        async def post(secret: str | None, name: str = "history.csv", **given: str) -> tuple[int, str, str | None]:
            headers = {"content-type": given.pop("media", "text/csv")}
            headers |= {"authorization": f"Bearer {secret}"} if secret else {}
            answer = await http.post(f"/import/{name}", params=given, headers=headers, content=history(market.symbol))
            (error,) = answer.json()["errors"]
            return answer.status_code, error["extensions"]["code"], error["extensions"].get("field")

        assert await post(None, account=account) == (401, "UNAUTHENTICATED", None)
        assert await post(reader, account=account) == (403, "FORBIDDEN", None)
        assert await post(key, account="nobody") == (404, "NOT_FOUND", "account")
        assert await post(key) == (400, "BAD_USER_INPUT", "account")
        assert await post(key, account=account, dry="1") == (400, "BAD_USER_INPUT", "dry")
        assert await post(key, account=account, media="application/json") == (400, "BAD_USER_INPUT", "body")
        assert await post(key, "orders.csv", account=account) == (404, "NOT_FOUND", "name")
        assert (await http.get("/import/history.csv")).status_code in (404, 405)
    found = await client.get_account(id=account)
    assert found is not None
    assert found.cash == 0


async def test_a_hostile_file_is_refused_with_a_code_and_saves_nothing(
    admin: Desk, shared_web: Process, key: str
) -> None:
    account = await admin.open_account("0")
    headers = {"content-type": "text/csv", "authorization": f"Bearer {key}"}
    files = {
        "NUL in the name of a column": (b"a\x00b,kind\n", "a\x00b"),
        "a line that never ends": (HEADER.encode() + b"\n" + b"," * 10_000_000, "reference"),
        "nothing but line ends": (HEADER.encode() + b"\n" * 10_000_000, "reference"),
        "UTF-16": (HEADER.encode("utf-16"), "reference"),
    }
    async with httpx.AsyncClient(base_url=shared_web.address, trust_env=False, headers=headers) as http:
        for name, (content, field) in files.items():
            answer = await http.post("/import/history.csv", params={"account": account}, content=content)
            (error,) = answer.json()["errors"]
            assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == (
                "nosniff",
                "no-store",
            )
            found = (answer.status_code, error["extensions"]["code"], error["extensions"]["field"])
            assert found == (400, "BAD_USER_INPUT", field), name
        export = await http.get("/export/orders.csv", params={"account": account})
        assert (export.status_code, export.headers["x-content-type-options"]) == (200, "nosniff")
        broken = http.build_request("POST", "/import/history.csv", params={"account": account}, content=b"x" * 1_000)
    begun = len(shared_web.output)
    _, writer = await asyncio.open_connection("127.0.0.1", broken.url.port)
    head = "".join(f"{name}: {value}\r\n" for name, value in broken.headers.items())
    writer.write(f"POST {broken.url.raw_path.decode()} HTTP/1.1\r\n{head}\r\nreference".encode())
    await writer.drain()
    writer.close()
    told = '{ auditLog(action: "importHistory", target: "account:%s") { edges { node { outcome detail } } } }'
    async with asyncio.timeout(60):
        while len(entries := (await admin.client.ask(told % account))["auditLog"]["edges"]) <= len(files):
            await asyncio.sleep(0.01)
    assert {entry["node"]["outcome"] for entry in entries} == {"REFUSED"}
    assert [entry["node"]["detail"]["field"] for entry in entries] == ["body", *["reference"] * 3, "a\ufffdb"]
    assert "Traceback" not in shared_web.output[begun:]


@pytest.fixture
async def empty(admin: Desk) -> str:
    """An account without history."""
    return await admin.open_account("0")


def test_the_command_imports_a_file(
    shared_web: Process,
    key: str,
    market: Market,
    empty: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TRADEGRAPH_CLIENT_ADDRESS", shared_web.address)
    monkeypatch.setenv("TRADEGRAPH_CLIENT_KEY", key)
    file = tmp_path / "history.csv"
    file.write_text(history(market.symbol))
    assert main(["import", str(file), "--account", empty]) == 0
    assert "3 of 3 lines imported" in capsys.readouterr().out
    assert main(["import", str(file), "--account", empty, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["already_there"] == 3
    file.write_text(f"{HEADER}\n{DEPOSIT}0")
    assert main(["import", str(file), "--account", empty]) == 1
    assert main(["import", str(tmp_path / "none.csv"), "--account", empty]) == 2
    assert "cannot be read" in capsys.readouterr().err
