"""Order entry against QuickFIX's initiator, a FIX engine that is not ours, over loopback."""

from collections.abc import Callable

from tests.support.desk import Desk
from tests.support.fix_client import FixPeer
from tests.support.fix_orders import cancel, executions, new_key, now, order, revoke_key

StartClient = Callable[..., FixPeer]


async def test_an_order_is_placed_filled_and_reported(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    client.send("D", order("A1", symbol))
    placed = client.report(type="A", id="A1")
    assert (placed[39], placed[55], placed[151], placed[14], placed[1]) == ("A", symbol, "1", "0", account)
    assert client.report(type="0")[39] == "0"
    client.send("G", order("A2", symbol, t41="A1", t38="2", t44="91"))
    pending = client.report(type="E")
    assert (pending[11], pending[41], pending[39]) == ("A2", "A1", "E")
    replaced = client.report(type="5")
    assert (replaced[11], replaced[41], replaced[38], replaced[44], replaced[39]) == ("A2", "A1", "2", "91", "0")
    client.send("H", {11: "A2", 55: symbol, 54: "1"})
    assert client.report(type="I")[38] == "2"
    client.send("AF", {584: "Q1", 585: "7"})
    listed = client.report(type="I")
    assert (listed[584], listed[911], listed[912], listed[37]) == ("Q1", "1", "Y", placed[37])
    client.send("F", cancel("A3", "A2", symbol))
    assert client.report(type="6")[11] == "A3"
    canceled = client.report(type="4")
    assert (canceled[11], canceled[41], canceled[39], canceled[151]) == ("A3", "A2", "4", "0")
    stored = await desk.find(placed[37])
    assert (stored["clientOrderId"], stored["status"]) == ("A1", "CANCELED")


async def test_fills_are_reported_with_our_ids(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    client.send("D", order("M1", symbol, t40="1", t44=None, t59="3", t38="2"))
    fill = client.report(type="F")
    assert (fill[39], fill[31], fill[32], fill[14], fill[151], fill[6]) == ("2", "101", "2", "2", "0", "101")
    (execution,) = (await desk.find(fill[37]))["executions"]
    assert fill[17] == execution["id"]


async def test_rejections_carry_their_reason(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("1000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    client.send("D", order("R1", symbol, t38="100"))
    refused = client.report(type="8", id="R1")
    assert (refused[39], refused[103]) == ("8", "3")
    assert refused[58].startswith("INSUFFICIENT_FUNDS: ")
    stored = await desk.find(refused[37])
    assert stored["rejectReason"] == "INSUFFICIENT_FUNDS"

    cases = {
        "unknown symbol": (order("R2", "NOWHERE"), "1", "NOT_FOUND"),
        "no price": (order("R3", symbol, t44=None), "99", "BAD_USER_INPUT"),
        "nothing": (order("R4", symbol, t38="0"), "99", "BAD_USER_INPUT"),
        "another account": (order("R5", symbol, t1="01a22b07-3e33-7f70-a2ac-d6256c92588c"), "15", "NOT_FOUND"),
        "a used id": (order("R1", symbol, t38="99"), "6", "CONFLICT"),
    }
    for fields, reason, code in cases.values():
        client.send("D", fields)
        answer = client.report(type="8", id=fields[11])
        assert (answer[39], answer[37], answer[103], answer[58].partition(":")[0]) == ("8", "NONE", reason, code)
    assert [row["clientOrderId"] for row in await desk.orders(accountId=account)] == ["R1"]

    client.send("F", cancel("C1", "NEVER", symbol))
    assert client.report(kind="9", id="C1")[102] == "1"
    client.send("F", cancel("C2", "R1", symbol))
    late = client.report(kind="9", id="C2")
    assert (late[102], late[434], late[58].partition(":")[0]) == ("0", "1", "CONFLICT")
    client.send("H", {11: "NEVER", 55: symbol, 54: "1"})
    assert client.report(type="I")[103] == "5"
    client.send("V", {262: "X", 263: "0", 264: "1", 267: "1", 269: "0", 146: "1", 55: symbol})
    unsupported = client.report(kind="j")
    assert (unsupported[380], unsupported[372]) == ("3", "V")


# Each a kind of message, its fields, the tag that is named and the reason.
WRONG: list[tuple[str, dict[str, str | None], str, str]] = [
    ("D", {"t55": None}, "55", "1"),
    ("D", {"t54": None}, "54", "1"),
    ("D", {"t38": None}, "38", "1"),
    ("D", {"t38": "1e3"}, "38", "6"),
    ("D", {"t54": "9"}, "54", "5"),
    ("D", {"t40": "Q"}, "40", "5"),
    ("D", {"t60": "yesterday"}, "60", "6"),
    ("G", {}, "41", "1"),
    ("G", {"t41": "A1", "t40": None}, "40", "1"),
    ("F", {}, "41", "1"),
    ("q", {"t530": None}, "530", "1"),
]


async def test_a_message_with_a_wrong_field_is_rejected(desk: Desk, fix_client: StartClient) -> None:
    client = fix_client((await new_key(desk, await desk.open_account()))[0])
    client.expect("logon")
    for kind, fields, tag, reason in WRONG:
        client.send(kind, order("A9", "ANY", **fields))
        rejected = client.expect("admin", lambda told: told[35] == "3")
        assert (rejected[371], rejected[373], rejected[372]) == (tag, reason, kind)


async def test_a_mass_cancel_cancels_the_matching_orders(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    for name in ("A", "B", "C"):
        client.send("D", order(name, symbol))
    for name in ("A", "B", "C"):
        client.report(type="0", id=name)
    client.send("q", {11: "Q1", 530: "3", 60: now(), 460: "1"})
    refused = client.report(kind="r")
    assert (refused[531], refused[532]) == ("0", "99")
    client.send("q", {11: "Q2", 530: "1", 55: symbol, 60: now()})
    done = client.report(kind="r")
    assert (done[531], done[533]) == ("1", "3")
    assert {client.report(type="4")[11] for _ in "ABC"} == {"A", "B", "C"}


async def test_invalid_logons_are_refused(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    key, key_id = await new_key(desk, account)
    reader, _ = await new_key(desk, account, scopes=["READ"])
    cases = {"tg_wrong": "UNAUTHENTICATED", "": "UNAUTHENTICATED", reader: "lacks the scope TRADE"}
    for number, (given, reason) in enumerate(cases.items()):
        refused = fix_client(given, f"NO{number}").expect("admin", lambda told: told[35] == "5")
        assert reason in refused[58]

    client = fix_client(key)
    client.expect("logon")
    second = fix_client(key, "OTHER").expect("admin", lambda told: told[35] == "5")
    assert "has a session that is logged on" in second[58]
    client.send("D", order("STILL", symbol))
    client.report(type="0", id="STILL")

    await revoke_key(desk, key_id)
    ended = client.expect("admin", lambda told: told[35] == "5")
    assert "UNAUTHENTICATED" in ended[58]
    client.expect("logout")
    again = client.expect("admin", lambda told: told[35] == "5")
    assert "UNAUTHENTICATED" in again[58]


async def test_sent_messages_are_resent_on_request(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    client.send("D", order("A1", symbol))
    first = client.report(type="0")
    before = executions(client)
    # It claims to have missed everything: the next message shows it a gap.
    client.command(next_in=1)
    client.send("H", {11: "A1", 55: symbol, 54: "1"})
    again = [client.report(kind="8") for _ in before]
    assert [fields[17] for fields in again] == [fields[17] for fields in before]
    assert all(fields[43] == "Y" and 122 in fields for fields in again)
    assert client.report(type="I")[37] == first[37]


async def test_a_gap_in_received_messages_is_filled(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    client = fix_client((await new_key(desk, account))[0])
    client.expect("logon")
    client.send("D", order("A1", symbol))
    client.report(type="0", id="A1")
    # Numbers that were never used: QuickFIX fills them when it is asked.
    client.command(next_out=50)
    client.send("D", order("A2", symbol))
    asked = client.expect("admin", lambda told: told[35] == "2")
    assert (asked[7], asked[16]) == ("3", "0")
    client.report(type="0", id="A2")
    client.send("D", order("A3", symbol))
    client.report(type="0", id="A3")
    assert len(await desk.orders(accountId=account)) == 3


async def test_sequence_numbers_are_reset_on_request(desk: Desk, symbol: str, fix_client: StartClient) -> None:
    account = await desk.open_account("100000")
    key, _ = await new_key(desk, account)
    client = fix_client(key)
    client.expect("logon")
    client.send("D", order("A1", symbol))
    client.report(type="0", id="A1")
    client.kill()
    await desk.publish(symbol, "89", "89.5")
    # Another client program of the same key, which knows nothing of what came before.
    reset = fix_client(key, "SECOND", reset=True)
    reset.expect("logon")
    fill = reset.report(type="F", id="A1")
    assert fill[34] == "2"
    reset.send("D", order("A2", symbol, t44="80"))
    reset.report(type="0", id="A2")
    # Who does not reset, and is not whom the session is with, is told so.
    old = fix_client(key, "BOT", reset=False)
    assert "logged on" in old.expect("admin", lambda told: told[35] == "5")[58]
    reset.kill()
