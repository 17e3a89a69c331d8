"""Streams of several accounts: every event once and in order whatever was cut off, the newest figures of each."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import RequestError
from api.realtime.merged import merged_cursor, merged_positions
from api.realtime.streams import cursor_of
from api.scalars import Cursor
from domain.access.types import OWNED, Actor
from domain.accounts import events as account_events
from domain.accounts.service import MoveCash, deposit
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput
from domain.kernel.ids import new_id
from domain.orders.model.account_events import BALANCES_REFRESHED, AccountEventKind
from domain.orders.model.types import OrderEventKind, OrderType
from domain.positions import events as position_events
from tests.orders.factories import SPOT, command
from tests.support.asking import Asking
from tests.support.trading import Platform, platform
from tests.support.waiting import PATIENCE_SECONDS

EVENTS = """subscription ($ids: [ID!], $after: Cursor) { accountEvents(accountIds: $ids, after: $after) {
  accountId sequence kind cursor cash order { status } execution { id } transaction { amount } account { id }
} }"""
EXECUTIONS = """subscription ($id: ID!, $after: Cursor) { executions(accountId: $id, after: $after) { id cursor } }"""
PNL = "subscription ($ids: [ID!]) { pnl(accountIds: $ids, intervalMs: 20) { accountId cash } }"
POSITIONS = "subscription ($ids: [ID!]) { positions(accountIds: $ids, intervalMs: 20) { symbol account { id } } }"
ACCOUNTS = 3


@pytest.fixture
async def desk(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    async with platform(database_url, redis_url, tmp_path) as whole:
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


async def open_accounts(desk: Platform) -> tuple[Actor, list[UUID]]:
    owner, first = await desk.open_account("10000")
    ids = [first.id] + [(await desk.open_account("10000"))[1].id for _ in range(ACCOUNTS - 1)]
    return replace(owner, accounts=dict.fromkeys(ids, OWNED)), ids


async def buy(desk: Platform, owner: Actor, *account_ids: UUID) -> None:
    orders = [
        command(account_id=each, symbol="COIN", type=OrderType.MARKET, quantity=Decimal("0.1")) for each in account_ids
    ]
    await desk.settled(*(order.id for order in await desk.place(owner, *orders)))


async def take(stream: AsyncIterator[Any], count: int) -> list[Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return [await anext(stream) for _ in range(count)]


async def logged(account_ids: list[UUID]) -> set[tuple[str, int]]:
    rows = await fetch(
        "SELECT account_id, sequence FROM account_events WHERE account_id = ANY($1::uuid[])", account_ids
    )
    return {(str(row["account_id"]), row["sequence"]) for row in rows}


def test_every_event_kind_is_a_kind_of_the_stream() -> None:
    others = {
        account_events.ACCOUNT_OPENED,
        account_events.CASH_MOVED,
        account_events.CASH_IMPORTED,
        account_events.HISTORY_IMPORTED,
        account_events.STATE_CHANGED,
        account_events.DAY_ROLLED,
        account_events.FUNDED,
        position_events.POSITION_FROZEN,
        position_events.POSITION_UNFROZEN,
        BALANCES_REFRESHED,
    }
    assert {kind.value for kind in AccountEventKind} == {kind.value for kind in OrderEventKind} | others


async def test_a_stream_of_several_accounts_resumes_without_gap_or_repeat(desk: Platform) -> None:
    owner, ids = await open_accounts(desk)
    api, names = Asking(desk, owner), [str(each) for each in ids]
    zero = merged_cursor(dict.fromkeys(ids, 0))
    await buy(desk, owner, *ids)
    before = len(await logged(ids))
    async with api.listening(EVENTS, ids=names, after=zero) as stream:
        told = await take(stream, before)
        await buy(desk, owner, *ids)
        told += await take(stream, len(await logged(ids)) - before)
    # Cut off anywhere: what comes after each cursor is what has not been told.
    everything = await logged(ids)
    assert {(event["accountId"], event["sequence"]) for event in told} == everything
    for cut in (0, 1, len(told) // 2, len(told) - 2):
        known = {(event["accountId"], event["sequence"]) for event in told[: cut + 1]}
        async with api.listening(EVENTS, ids=names, after=told[cut]["cursor"]) as stream:
            rest = await take(stream, len(everything) - len(known))
        assert {(event["accountId"], event["sequence"]) for event in rest} == everything - known
        for name in names:
            own = [event["sequence"] for event in rest if event["accountId"] == name]
            assert own == sorted(own)
    traded = [event for event in told if event["kind"] == "TRADE"]
    assert {event["account"]["id"] for event in traded} == set(names)
    assert all(event["order"]["status"] == "FILLED" and event["execution"] for event in traded)
    (moved, *_) = [event for event in told if event["kind"] == "CASH_MOVED"]
    assert moved["transaction"] == {"amount": "10000"}
    assert moved["cash"] == "10000"


async def test_a_stream_without_accounts_and_cursor_sends_new_events_of_all_visible_accounts(desk: Platform) -> None:
    owner, ids = await open_accounts(desk)
    async with Asking(desk, owner).listening(EVENTS) as stream:
        first = asyncio.ensure_future(anext(stream))
        await deposit(desk.services.bus, owner, MoveCash(ids[1], Decimal(5), "more"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            event = await first
        assert (event["accountId"], event["kind"], event["cash"]) == (str(ids[1]), "CASH_MOVED", "10005")


async def test_an_execution_stream_resumes_after_its_cursor(desk: Platform) -> None:
    owner, ids = await open_accounts(desk)
    api = Asking(desk, owner)
    for _ in range(3):
        await buy(desk, owner, ids[0])
    document = "query ($id: ID!) { executions(filter: { accountId: $id }) { edges { node { id cursor } } } }"
    listed = await api.ask(document, id=str(ids[0]))
    oldest_first = [edge["node"] for edge in reversed(listed["edges"])]
    async with api.listening(EXECUTIONS, id=str(ids[0]), after=oldest_first[0]["cursor"]) as stream:
        assert await take(stream, 2) == oldest_first[1:]


async def test_one_stream_carries_the_figures_of_several_accounts(desk: Platform) -> None:
    owner, ids = await open_accounts(desk)
    api, names = Asking(desk, owner), {str(each) for each in ids}
    async with api.listening(PNL, ids=list(names)) as stream:
        assert {row["accountId"] for row in await take(stream, ACCOUNTS)} == names
    await buy(desk, owner, *ids[:2])
    async with api.listening(POSITIONS) as stream:
        assert {row["account"]["id"] for row in await take(stream, 2)} == {str(each) for each in ids[:2]}


@pytest.mark.parametrize("document", [EVENTS, PNL, POSITIONS])
async def test_an_unknown_account_fails_at_once(desk: Platform, document: str) -> None:
    owner, ids = await open_accounts(desk)
    _, foreign = await desk.open_account("1")
    for actor, wanted in ((owner, [ids[0], foreign.id]), (owner, [new_id()]), (desk.admin, [ids[0], new_id()])):
        with pytest.raises(RequestError) as caught:
            async with Asking(desk, actor).listening(document, ids=[str(each) for each in wanted]):
                pass
        assert caught.value.errors[0]["extensions"] == {"code": "NOT_FOUND", "field": "accountIds"}
    with pytest.raises(RequestError) as caught:
        async with Asking(desk, owner).listening(document, ids=[]):
            pass
    assert caught.value.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "accountIds"}


async def test_an_invalid_cursor_is_refused(desk: Platform) -> None:
    owner, ids = await open_accounts(desk)
    beyond = merged_cursor({ids[0]: 99})
    for after in (beyond, cursor_of(3, "entries"), "x", "%%%"):
        with pytest.raises(RequestError) as caught:
            async with Asking(desk, owner).listening(EVENTS, ids=[str(ids[0])], after=after):
                pass
        assert caught.value.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
    both = "subscription ($id: ID!) { pnl(accountId: $id, accountIds: [$id]) { at } }"
    with pytest.raises(RequestError):
        async with Asking(desk, owner).listening(both, id=str(ids[0])):
            pass


@pytest.mark.parametrize(
    ("own", "stream"),
    [
        ("account", "orderEvents(accountId: $id, after: $after) { cursor }"),
        ("account", "executions(accountId: $id, after: $after) { cursor }"),
        ("riskEvents", "riskEvents(after: $after) { cursor }"),
        ("anomalies", "anomalies(after: $after) { cursor }"),
        ("anomalyCases", "anomalyCases(after: $after) { cursor }"),
    ],
)
async def test_a_cursor_of_another_stream_or_account_is_refused(desk: Platform, own: str, stream: str) -> None:
    _, ids = await open_accounts(desk)
    api = Asking(desk, desk.admin)
    ends = dict(await api.ask("{ streamCursors { riskEvents anomalies anomalyCases } }"))
    for name, account_id in zip(("account", "other account"), ids, strict=False):
        ends[name] = (await api.ask("query ($id: ID!) { account(id: $id) { eventCursor } }", id=str(account_id)))[
            "eventCursor"
        ]
    named = "$id: ID!, " if "$id" in stream else ""
    document = f"subscription ({named}$after: Cursor) {{ {stream} }}"
    for name, after in ends.items():
        given = {"after": after} | ({"id": str(ids[0])} if named else {})
        if name == own:
            async with api.listening(document, **given):
                continue
        with pytest.raises(RequestError) as caught:
            async with api.listening(document, **given):
                pass
        assert caught.value.errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}, name


@given(st.dictionaries(st.uuids(), st.integers(0, 2**40), max_size=100))
def test_a_cursor_holds_the_position_in_each_log(positions: dict[UUID, int]) -> None:
    cursor = merged_cursor(positions)
    assert len(cursor) <= 4_096
    other = new_id()
    assert merged_positions(cursor, [*positions, other]) == {**positions, other: 0}


@given(st.text("abcXYZ019-_=", max_size=60))
def test_any_other_text_is_not_a_cursor(text: str) -> None:
    with pytest.raises(BadInput):
        merged_positions(Cursor(text), [])


async def test_streams_of_the_platform_follow_from_their_ends_without_a_gap(desk: Platform) -> None:
    api = Asking(desk, desk.admin)
    ends = await api.ask("{ streamCursors { riskEvents anomalies anomalyCases } }")
    assert len(set(ends.values())) == len(ends)
    halt = 'mutation { haltTrading(input: { scope: INSTRUMENT, symbol: "COIN", reason: "none" }) { id } }'
    resume = 'mutation ($id: ID!) { resumeTrading(id: $id, reason: "over") { id } }'
    halted = await api.ask(halt)
    listen = "subscription ($c: Cursor) { riskEvents(after: $c) { eventKind cursor } }"
    async with asyncio.timeout(PATIENCE_SECONDS), api.listening(listen, c=ends["riskEvents"]) as heard:
        # What came between the cursor and the subscription, and what comes after.
        first = await anext(heard)
        assert (await api.ask("{ streamCursors { riskEvents } }"))["riskEvents"] == first["cursor"]
        await api.ask(resume, id=halted["id"])
        second = await anext(heard)
    assert [first["eventKind"], second["eventKind"]] == ["HALT", "RESUME"]
    for stream in ("anomalies", "anomalyCases"):
        question = f"subscription ($c: Cursor) {{ {stream}(after: $c) {{ __typename }} }}"
        async with api.listening(question, c=ends[stream]):
            pass
