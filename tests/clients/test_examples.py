"""The examples, run as their readers run them, against a real server."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from decimal import Decimal

import pytest

from tests.clients.conftest import Market
from tests.support.client import Client as Caller
from tests.support.desk import Desk, signed_in
from tests.support.installation import EMAIL, PASSWORD, Installation, Process
from tests.support.processes import ROOT, Running, running
from tests.support.waiting import until
from tradegraph_client import Client, Password

PATIENCE_SECONDS = 180.0
KEY = 'mutation { createApiKey(input: { name: "example", role: ADMIN }) { secret } }'


def example(stack: ExitStack, name: str, address: str, key: str, *arguments: str) -> Running:
    """Run an example; it is killed at the end."""
    environment = {"TRADEGRAPH_CLIENT_ADDRESS": address, "TRADEGRAPH_CLIENT_KEY": key, "NO_PROXY": "*"}
    return stack.enter_context(running(arguments, environment, f"examples.{name}"))


async def wait_for(question: Callable[[], Awaitable[bool]], program: Running) -> None:
    """Wait until a condition holds; the error has the program's output."""
    try:
        await until(question, PATIENCE_SECONDS)
    except TimeoutError:
        raise AssertionError(f"not within {PATIENCE_SECONDS:g} s:\n{program.output}") from None


async def test_the_market_maker_continues_after_kills_of_web_and_engine(fresh: Installation) -> None:
    web, engine = fresh.web(), fresh.engine()
    fresh.start(web, engine)
    async with signed_in(web.address) as desk:
        key = (await desk.client.ask(KEY))["createApiKey"]["secret"]
    with ExitStack() as stack:
        async with Caller(web.address, key) as caller:
            desk = Desk(caller)
            await desk.create_instrument("MM-USD", shortable=True)
            account_id = await desk.open_account("100000", kind="MARGIN")
            await desk.publish("MM-USD", "99.99", "100.01")
            maker = example(stack, "market_maker", web.address, key, account_id, "MM-USD")

            async def quotes(*expected: str) -> None:
                """Wait until these prices, and no others, are working at the venue."""

                async def are_there() -> bool:
                    orders = await desk.orders(accountId=account_id, open=True)
                    return sorted(order["limitPrice"] for order in orders if order["status"] == "NEW") == sorted(
                        expected
                    ) and len(orders) == len(expected)

                await wait_for(are_there, maker)

            await quotes("99.9", "100.1")
            engine.kill()
            web.kill()
            web.restart("Uvicorn running")
            engine.restart()
            await desk.publish("MM-USD", "101.99", "102.01")
            await quotes("101.9", "102.1")
            # Each move of the market led to one pair of orders, and none is there twice.
            assert len(await desk.orders(accountId=account_id)) == 4
            await desk.check_books()


async def test_the_rebalancer_trades_to_its_weights(
    shared_web: Process, key: str, admin: Desk, market: Market, other_market: Market
) -> None:
    weights = [f"{market.symbol}=0.5", f"{other_market.symbol}=0.25"]
    with ExitStack() as stack:
        first = example(stack, "rebalancer", shared_web.address, key, market.account_id, *weights)
        assert first.wait(PATIENCE_SECONDS) == 0, first.output
        assert [line.split()[::3] for line in first.lines] == [["BUY", "FILLED"]] * 2
        # The first one doubles, so that part of it pays for the other.
        await admin.publish(market.symbol, "199.99", "200.01")
        second = example(stack, "rebalancer", shared_web.address, key, market.account_id, *weights)
        assert second.wait(PATIENCE_SECONDS) == 0, second.output
        assert [line.split()[0] for line in second.lines] == ["SELL", "BUY"]
        nonsense = example(stack, "rebalancer", shared_web.address, key, market.account_id, "NONE-USD=1")
        assert nonsense.wait(PATIENCE_SECONDS) != 0
    async with Client(shared_web.address, Password(EMAIL, PASSWORD)) as client:
        account = await client.get_account(id=market.account_id)
        values = {row.symbol: row.market_value for row in await client.get_positions(account_id=market.account_id)}
    assert account is not None
    assert abs(values[market.symbol] / account.equity - Decimal("0.5")) < Decimal("0.005")
    assert abs(values[other_market.symbol] / account.equity - Decimal("0.25")) < Decimal("0.005")


async def test_the_guard_keeps_one_stop_per_position_and_survives_kills(
    shared_web: Process, key: str, admin: Desk, market: Market
) -> None:
    async def stops(*expected: tuple[str, str]) -> bool:
        orders = await admin.orders(accountId=market.account_id, open=True)
        found = sorted((order["quantity"], order["stopPrice"]) for order in orders if order["type"] == "STOP")
        return found == sorted(expected)

    with ExitStack() as stack:
        start = (shared_web.address, key, market.account_id, "0.1")
        program = example(stack, "stop_loss_guard", *start)
        await admin.place(market.account_id, market.symbol, "BUY", "10")
        await wait_for(lambda: stops(("10", "90")), program)
        program.stop(signal.SIGKILL)
        await admin.publish(market.symbol, "109.99", "110.01")
        await admin.place(market.account_id, market.symbol, "BUY", "10")
        again = example(stack, "stop_loss_guard", *start)
        # It finds the old stop, and moves it to what the position is now: 20 at 105.01.
        await wait_for(lambda: stops(("20", "94.5")), again)
        await admin.publish(market.symbol, "94.4", "94.45")
        await wait_for(stops, again)
    async with Client(shared_web.address, Password(EMAIL, PASSWORD)) as client:
        assert await client.get_positions(account_id=market.account_id) == []


async def test_the_notebook_runs_from_first_to_last_cell(
    shared_web: Process, key: str, admin: Desk, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = await admin.place(market.account_id, market.symbol, "BUY", "10")
    await admin.settled(order["id"], "FILLED")
    order = await admin.place(market.account_id, market.symbol, "SELL", "4")
    await admin.settled(order["id"], "FILLED")
    monkeypatch.setenv("TRADEGRAPH_CLIENT_ADDRESS", shared_web.address)
    monkeypatch.setenv("TRADEGRAPH_CLIENT_KEY", key)
    notebook = json.loads((ROOT / "examples" / "account.ipynb").read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    names: dict[str, object] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None), "outputs are not committed"
            source = "".join(cell["source"]).replace(
                'accounts.sort_values("equity", ascending=False)["id"].iloc[0]', repr(market.account_id)
            )
            await asyncio.to_thread(exec, compile(source, cell["id"], "exec"), names)
    assert names["account_id"] == market.account_id
    assert len(names["orders"]) == 2  # type: ignore[arg-type]
    assert len(names["trades"]) == 1  # type: ignore[arg-type]
