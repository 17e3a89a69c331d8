"""Requests that race on real connections: whichever comes first, no money, position or order is counted twice."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from tests.support.client import ApiError, Client
from tests.support.desk import CANCEL, DEPOSIT, PLACE, Desk, order_input, signed_in
from tests.support.serving import serving
from tests.support.trading import Platform
from tests.support.waiting import until

ROUNDS = 4
MODIFY = "mutation ($input: ModifyOrderInput!) { modifyOrder(input: $input) { order { version } } }"
WITHDRAW = "mutation ($input: CashInput!) { withdraw(input: $input) { id } }"
FREEZE = "mutation ($input: FreezePositionInput!) { freezePosition(input: $input) { id } }"
STATE = "mutation ($input: SetAccountStateInput!) { setAccountState(input: $input) { state } }"
ACCOUNT = "query ($id: ID!) { account(id: $id) { state cash reserved available } }"
POSITIONS = "query ($id: ID!) { positions(accountId: $id) { quantity frozen closable } }"
USER = "mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }"
KEY = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret apiKey { id } } }"
REVOKE_KEY = "mutation ($id: ID!) { revokeApiKey(id: $id) { id } }"


@pytest.fixture
async def admin(live_desk: Platform) -> AsyncIterator[Desk]:
    """The administrator's desk at a real server, with the paper venue behind it."""
    async with serving(live_desk) as client:
        yield Desk(client)


async def code(client: Client, document: str, **variables: Any) -> str:
    """The code of the answer, or OK."""
    try:
        await client.ask(document, **variables)
    except ApiError as error:
        return error.code
    return "OK"


async def accepted(desk: Desk, order: dict[str, Any]) -> bool:
    """True if the order is not refused."""
    placed = (await desk.client.ask(PLACE, input=order))["placeOrder"]["order"]
    return bool(placed["status"] != "REJECTED")


async def test_cancel_change_and_fill_of_one_order_leave_one_consistent_order(admin: Desk) -> None:
    account = await admin.open_account("100000")
    for number in range(ROUNDS):
        await admin.publish("COIN", "99", "101")
        placed = await admin.place(account, "COIN", "BUY", "2", type="LIMIT", limitPrice="90")
        await admin.settled(placed["id"], "NEW")
        change = {"id": placed["id"], "quantity": "3", "limitPrice": "91"}
        steps = [
            code(admin.client, CANCEL, input={"id": placed["id"]}),
            code(admin.client, MODIFY, input=change),
            admin.publish("COIN", "88", "89"),
        ]
        answers = await asyncio.gather(*(steps[number % 3 :] + steps[: number % 3]))
        assert not {"INTERNAL_SERVER_ERROR", "UNAVAILABLE"} & set(answers)
        order = await admin.settled(placed["id"], "FILLED", "CANCELED")
        filled = sum((Decimal(one["quantity"]) for one in order["executions"]), Decimal(0))
        assert Decimal(order["filledQuantity"]) == filled <= Decimal(order["quantity"])
        assert (order["status"] == "FILLED") is (filled == Decimal(order["quantity"]))
    value = (await admin.client.ask(ACCOUNT, id=account))["account"]
    assert value["reserved"] == "0"
    await admin.check_books()


async def test_an_order_and_withdrawals_never_use_the_same_money(admin: Desk) -> None:
    for number in range(ROUNDS):
        account = await admin.open_account("1000")
        order = order_input(account, "COIN", "BUY", "9", type="LIMIT", limitPrice="90")
        paid = [{"accountId": account, "amount": "800", "reference": f"out-{each}"} for each in range(2)]
        steps = [accepted(admin, order), *(code(admin.client, WITHDRAW, input=each) for each in paid)]
        answers = await asyncio.gather(*(steps[number % 3 :] + steps[: number % 3]))
        assert [answer in (True, "OK") for answer in answers].count(True) == 1
        value = (await admin.client.ask(ACCOUNT, id=account))["account"]
        assert Decimal(value["available"]) >= 0
        assert Decimal(value["cash"]) >= Decimal(value["reserved"])
    await admin.check_books()


async def test_a_freeze_and_orders_never_use_the_same_units(admin: Desk) -> None:
    account = await admin.open_account("100000")
    bought = await admin.place(account, "COIN", "BUY", "10")
    await admin.settled(bought["id"], "FILLED")
    held = {"accountId": account, "symbol": "COIN", "quantity": "10", "reason": "a pledge"}
    sale = order_input(account, "COIN", "SELL", "10", type="LIMIT", limitPrice="150")
    answers = await asyncio.gather(
        code(admin.client, FREEZE, input=held), *(accepted(admin, sale) for _ in range(3)), return_exceptions=True
    )
    assert [answer in (True, "OK") for answer in answers].count(True) == 1
    (position,) = (await admin.client.ask(POSITIONS, id=account))["positions"]
    assert (position["quantity"], position["closable"]) == ("10", "0")


async def test_a_closed_account_has_no_working_order(admin: Desk) -> None:
    for number in range(ROUNDS):
        account = await admin.open_account()
        order = order_input(account, "COIN-PERP", "BUY", "1", type="LIMIT", limitPrice="50")
        close = {"accountId": account, "state": "CLOSED", "reason": "a test"}
        steps = [accepted(admin, order), code(admin.client, STATE, input=close)]
        await asyncio.gather(*(steps[number % 2 :] + steps[: number % 2]))
        if (await admin.client.ask(ACCOUNT, id=account))["account"]["state"] == "CLOSED":
            assert await admin.orders(accountId=account, open=True) == []


async def test_concurrent_repeats_have_one_effect(admin: Desk) -> None:
    async with signed_in(admin.client.address) as other:
        mine, yours = await admin.open_account("1000"), await admin.open_account("1000")
        orders = [
            order_input(account, "COIN", "BUY", "1", type="LIMIT", limitPrice="50", clientOrderId="the-same")
            for account in (mine, yours)
        ]
        desks = (admin, other)
        placed = await asyncio.gather(
            *(desks[n % 2].client.ask(PLACE, input=order) for n in range(6) for order in orders)
        )
        found = {(one["placeOrder"]["order"]["id"], one["placeOrder"]["replayed"]) for one in placed}
        assert len({order_id for order_id, _ in found}) == 2
        assert [replayed for _, replayed in found].count(False) == 2
        # Other content under the same id: one of them is there, the other conflicts, whoever is first.
        rivals = [orders[0] | {"clientOrderId": "rivals", "quantity": quantity} for quantity in ("1", "2")]
        assert sorted(await asyncio.gather(*(code(d.client, PLACE, input=o) for d in desks for o in rivals))) == [
            *("CONFLICT", "CONFLICT", "OK", "OK")
        ]
        moves = [{"accountId": account, "amount": "10", "reference": "twice"} for account in (mine, yours)]
        rows = await asyncio.gather(*(d.client.ask(DEPOSIT, input=move) for d in desks for move in moves * 2))
        assert len({row["deposit"]["id"] for row in rows}) == 2
    for account in (mine, yours):
        assert (await admin.client.ask(ACCOUNT, id=account))["account"]["cash"] == "1010"


async def test_a_stranger_cannot_use_ids_of_foreign_accounts(admin: Desk) -> None:
    await admin.client.ask(
        USER, input={"email": "eve@example.com", "name": "Eve", "password": "correct horse battery", "role": "TRADER"}
    )
    theirs = await admin.open_account("1000")
    order = order_input(theirs, "COIN", "BUY", "1", type="LIMIT", limitPrice="50", clientOrderId="there")
    await admin.client.ask(PLACE, input=order)
    async with signed_in(admin.client.address, "eve@example.com", "correct horse battery") as eve:
        own = await eve.open_account()
        for document, given in (
            (PLACE, lambda name: order | {"clientOrderId": name}),
            (CANCEL, lambda name: {"accountId": theirs, "clientOrderId": name}),
            (MODIFY, lambda name: {"accountId": theirs, "clientOrderId": name, "quantity": "2"}),
            (DEPOSIT, lambda name: {"accountId": theirs, "amount": "1", "reference": name}),
            (WITHDRAW, lambda name: {"accountId": theirs, "amount": "1", "reference": name}),
        ):
            answers = [
                (await eve.client.post(document, input=given(name))).json()["errors"] for name in ("there", "not-there")
            ]
            assert answers[0] == answers[1], document
            assert answers[0][0]["extensions"]["code"] == "NOT_FOUND"
        # One member of a batch that is not hers refuses all of it, and blocks no id of hers.
        batch = [order_input(each, "COIN", "BUY", "1", type="LIMIT", limitPrice="50") for each in (own, theirs)]
        with pytest.raises(ApiError) as refused:
            await eve.place_all(*batch)
        assert (refused.value.code, refused.value.extensions["field"]) == ("NOT_FOUND", "input.orders.1.accountId")
        assert await eve.orders() == []


async def test_a_revoked_key_places_nothing_more_and_its_sockets_close(admin: Desk) -> None:
    account = await admin.open_account("1000000")
    made = (await admin.client.ask(KEY, input={"name": "bot", "role": "TRADER"}))["createApiKey"]
    order = order_input(account, "COIN", "BUY", "1", type="LIMIT", limitPrice="50")
    async with Client(admin.client.address, made["secret"]) as bot, bot.socket() as socket:
        stream = await socket.subscribe(f'subscription {{ account(id: "{account}") {{ id }} }}')
        await stream.next()

        async def trade() -> int:
            placed = 0
            while await code(bot, PLACE, input=order) == "OK":
                placed += 1
            return placed

        trading = [asyncio.create_task(trade()) for _ in range(3)]
        await until(lambda: admin.orders(accountId=account))
        await admin.client.ask(REVOKE_KEY, id=made["apiKey"]["id"])
        there = len(await admin.orders(accountId=account))
        placed = sum(await asyncio.gather(*trading))
        assert await code(bot, PLACE, input=order) == "UNAUTHENTICATED"
        await socket.closed.wait()
    # What had begun when the key was revoked may have been finished.
    assert there <= len(await admin.orders(accountId=account)) == placed <= there + 3


async def test_a_demoted_user_loses_only_the_streams_of_foreign_accounts(admin: Desk) -> None:
    password = "correct horse battery"
    given = {"email": "rita@example.com", "name": "Rita", "password": password, "role": "RISK_MANAGER"}
    user = (await admin.client.ask(USER, input=given))["createUser"]["id"]
    foreign = await admin.open_account("100")
    async with signed_in(admin.client.address, "rita@example.com", password) as rita, rita.client.socket() as socket:
        own = (await admin.client.ask(OPEN_FOR, input={"name": "Own", "currency": "USD", "ownerId": user}))[
            "openAccount"
        ]["id"]
        lost = [
            await socket.subscribe(f'subscription {{ account(id: "{foreign}") {{ id }} }}'),
            await socket.subscribe(f'subscription {{ accountEvents(accountIds: ["{foreign}"]) {{ kind }} }}'),
            await socket.subscribe("subscription { taskRuns { id } }"),
        ]
        kept = await socket.subscribe(f'subscription {{ account(id: "{own}") {{ id cash }} }}')
        await lost[0].next()
        await kept.next()
        await admin.client.ask(
            "mutation ($input: UpdateUserInput!) { updateUser(input: $input) { role } }",
            input={"id": user, "role": "TRADER"},
        )
        for stream in lost:
            await stream.wait(lambda stream=stream: stream.end is not None)  # type: ignore[misc]
            assert "NOT_FOUND" in str(stream.end) or "FORBIDDEN" in str(stream.end)
        await admin.client.ask(DEPOSIT, input={"accountId": own, "amount": "5", "reference": "still-heard"})
        await kept.until(lambda account: account["cash"] == "5")


OPEN_FOR = "mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }"
