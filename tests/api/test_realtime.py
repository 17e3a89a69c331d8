"""Subscriptions on a real server: shared execution, no gap and no repeat, slow clients, and rights that change."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from api.limits import RequestLimits
from api.realtime.streams import cursor_of
from api.scalars import Cursor
from domain.access.types import Role
from domain.kernel.errors import Unavailable
from domain.kernel.pages import encode_cursor
from tests.support.api import ADA, BOB, Desk, Running, Socket, open_socket, running
from tests.support.waiting import eventually

ENTRIES = "subscription ($after: Cursor, $only: String) { entries(after: $after, only: $only) { number text } }"
SHOUTED = "subscription ($after: Cursor) { entries(after: $after) { number shouted } }"
READINGS = "subscription { readings { name value } }"


def metric(server: Running, name: str) -> float | None:
    return server.api.serving.runner.metrics.registry.get_sample_value(f"tradegraph_{name}")


async def live(server: Running, followers: int = 1) -> None:
    await eventually(lambda: server.desk.log.followers == followers)


async def numbers(socket: Socket, count: int, operation_id: str = "1") -> list[int]:
    return [(await socket.next(operation_id))["entries"]["number"] for _ in range(count)]


# ------------------------------------------------------------------ sharing


async def test_equal_subscriptions_are_executed_once(server: Running) -> None:
    async with open_socket(server) as one, open_socket(server, "bob") as two:
        await one.subscribe("a", SHOUTED)
        await one.subscribe("b", "subscription Named { entries { number shouted } }")
        await two.subscribe("c", SHOUTED)
        await eventually(lambda: metric(server, "subscriptions") == 3)
        await live(server)
        await server.desk.log.append("x")
        expected = {"entries": {"number": 1, "shouted": "X"}}
        assert sorted([(await one.hear())["id"], (await one.hear())["id"]]) == ["a", "b"]
        assert await two.next("c") == expected
        assert server.desk.executed == ["x"]
        assert (metric(server, "streams"), metric(server, "events_total")) == (1, 1)
        assert metric(server, "deliveries_total") == 3


async def test_subscriptions_that_differ_are_executed_separately(server: Running) -> None:
    queries = (
        (SHOUTED, {}),
        (ENTRIES, {}),
        (ENTRIES, {"only": "x"}),
        ("subscription { entries { text number } }", {}),
        ("subscription { other: entries { number text } }", {}),
        ("subscription ($yes: Boolean!) { entries { number text @skip(if: $yes) } }", {"yes": True}),
        ("subscription ($yes: Boolean!) { entries { number text @skip(if: $yes) } }", {"yes": False}),
    )
    async with open_socket(server) as socket:
        for index, (query, variables) in enumerate(queries):
            await socket.subscribe(str(index), query, **variables)
        await live(server, len(queries))
        assert metric(server, "streams") == len(queries)


async def test_an_answer_that_depends_on_the_caller_is_not_shared(server: Running) -> None:
    query = "subscription { entries { seenBy } }"
    async with open_socket(server) as one, open_socket(server) as again, open_socket(server, "bob") as two:
        await one.subscribe("1", query)
        await again.subscribe("1", query)
        await two.subscribe("1", query)
        await live(server, 2)
        await eventually(lambda: metric(server, "subscriptions") == 3)
        await server.desk.log.append("x")
        assert await one.next() == {"entries": {"seenBy": ADA.email}}
        assert await again.next() == {"entries": {"seenBy": ADA.email}}
        assert await two.next() == {"entries": {"seenBy": BOB.email}}


async def test_a_shared_subscription_continues_when_its_first_client_leaves(server: Running) -> None:
    async with open_socket(server) as one, open_socket(server, "bob") as two:
        await one.subscribe("1", SHOUTED)
        await live(server)
        await two.subscribe("1", SHOUTED)
        await eventually(lambda: metric(server, "subscriptions") == 2)
        await one.connection.close()
        await eventually(lambda: metric(server, "subscriptions") == 1)
        await server.desk.log.append("x")
        assert await two.next() == {"entries": {"number": 1, "shouted": "X"}}
    await live(server, 0)


async def test_an_error_in_one_event_does_not_end_the_stream(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", "subscription { entries { number risky } }")
        await live(server)
        await server.desk.log.append("bad", "good")
        broken = await socket.next()
        assert broken["data"] is None
        assert [error["extensions"]["code"] for error in broken["errors"]] == ["CONFLICT"]
        assert await socket.next() == {"entries": {"number": 2, "risky": "good"}}


async def test_a_field_marked_as_equal_for_all_cannot_read_the_caller(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", "subscription { entries { wronglyMarked } }")
        await live(server)
        await server.desk.log.append("x")
        assert [error["extensions"]["code"] for error in (await socket.next())["errors"]] == ["UNAUTHENTICATED"]


# ------------------------------------------------------------------ logs


async def test_a_log_is_replayed_and_continues_without_gap_or_repeat(server: Running) -> None:
    await server.desk.log.append(*(f"e{number}" for number in range(1, 21)))
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES, after=cursor_of(5, "entries"))
        await live(server)
        await server.desk.log.append("e21", "e22")
        assert await numbers(socket, 17) == list(range(6, 23))


async def test_a_log_stream_without_a_cursor_begins_now(server: Running) -> None:
    await server.desk.log.append("old")
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES)
        await live(server)
        await server.desk.log.append("new")
        assert await socket.next() == {"entries": {"number": 2, "text": "new"}}


# As earlier versions wrote it: without the name of its log.
UNNAMED_START = Cursor(encode_cursor("event", "0"))


async def test_a_filtered_log_sends_only_matching_events(server: Running) -> None:
    await server.desk.log.append("ax", "b", "cx")
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES, only="x", after=UNNAMED_START)
        assert await numbers(socket, 2) == [1, 3]
        await server.desk.log.append("d", "ex")
        assert await numbers(socket, 1) == [5]


@pytest.mark.parametrize("page", [1, 3, 500])
async def test_clients_that_join_at_any_time_get_the_same_events(desk: Desk, page: int) -> None:
    """Subscribers join all the time while events are written, each from a place of its own."""
    total = 300
    async with running(desk, limits=RequestLimits(replay_page=page)) as server:
        await desk.log.append(*(f"e{number}" for number in range(1, 51)))

        async def write() -> None:
            for number in range(51, total + 1):
                await desk.log.append(f"e{number}")
                await asyncio.sleep(0.001)

        async def listen(after: int) -> list[int]:
            async with open_socket(server, "bob" if after % 2 else "ada") as socket:
                await socket.subscribe("1", ENTRIES, after=cursor_of(after, "entries"))
                return await numbers(socket, total - after)

        writing = asyncio.create_task(write())
        heard = []
        for after in range(0, 50, 5):
            heard.append(asyncio.create_task(listen(after)))
            await asyncio.sleep(0.01)
        await writing
        for index, after in enumerate(range(0, 50, 5)):
            assert await heard[index] == list(range(after + 1, total + 1))


@pytest.mark.parametrize(
    ("after", "message"),
    [
        (cursor_of(3, "entries"), "This cursor lies beyond the newest event."),
        (cursor_of(1, "others"), "This cursor belongs to another stream or account: start without a cursor."),
        (Cursor("nonsense"), "This is not a cursor of this API."),
        (Cursor("WyJhIl0"), "This cursor belongs to another list, filter or order: start again without a cursor."),
        (Cursor("WyJldmVudCIsIi0xIl0"), "This cursor belongs to another list."),
    ],
)
async def test_an_invalid_cursor_is_refused(server: Running, after: Cursor, message: str) -> None:
    await server.desk.log.append("a", "b")
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES, after=after)
        answer = await socket.hear()
        assert (answer["type"], answer["payload"][0]["message"]) == ("error", message)
        assert answer["payload"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
    await live(server, 0)
    assert len(server.api.serving.hub) == 0


async def test_a_slow_client_catches_up_from_the_log(desk: Desk) -> None:
    """Events that do not fit into its queue are read again, in order; another subscriber is not affected."""
    text = "x" * 2_000
    total = 3_000
    async with (
        running(desk, limits=RequestLimits(queued_events=10)) as server,
        open_socket(server, max_queue=1) as slow,
        open_socket(server, "bob", max_queue=None) as fast,
    ):
        await slow.subscribe("1", ENTRIES)
        await fast.subscribe("1", ENTRIES)
        await eventually(lambda: metric(server, "subscriptions") == 2)
        await live(server)
        slow.connection.transport.pause_reading()
        for start in range(0, total, 100):
            await desk.log.append(*(f"{number} {text}" for number in range(start, start + 100)))
            assert await numbers(fast, 100) == list(range(start + 1, start + 101))
        assert metric(server, "lagging_total") is not None
        assert (metric(server, "lagging_total") or 0) >= 1
        held = [
            session for session in server.api.serving.sockets._open if session.caller and session.caller.actor == ADA
        ]
        assert len(held[0]._operations["1"].queue._queue) <= 10  # type: ignore[union-attr]
        slow.connection.transport.resume_reading()
        assert await numbers(slow, total) == list(range(1, total + 1))
        await desk.log.append("last")
        assert await numbers(slow, 1) == [total + 1]


async def test_a_slow_client_can_still_end_its_subscription(desk: Desk) -> None:
    async with running(desk) as server, open_socket(server, max_queue=1) as socket:
        await socket.subscribe("1", ENTRIES)
        await live(server)
        socket.connection.transport.pause_reading()
        (session,) = server.api.serving.sockets._open
        while session._outbox.is_open:
            await desk.log.append(*(f"{len(desk.log.events)}-{number} {'x' * 10_000}" for number in range(20)))
            await asyncio.sleep(0)
        await socket.say(type="complete", id="1")
        await live(server, 0)
        assert metric(server, "subscriptions") == 0
        socket.connection.transport.resume_reading()


async def test_an_unreachable_log_is_read_again_without_loss(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES)
        await live(server)
        await server.desk.log.append("a")
        assert await numbers(socket, 1) == [1]
        await server.desk.log.fail(Unavailable("The database cannot be reached."))
        await live(server, 0)
        await server.desk.log.append("b")
        assert await numbers(socket, 1) == [2]


async def test_events_repeated_by_a_log_are_dropped(server: Running) -> None:
    server.desk.log.overlap = 2
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES)
        await live(server)
        for text in ("a", "b", "c", "d"):
            await server.desk.log.append(text)
        assert await numbers(socket, 4) == [1, 2, 3, 4]
        await socket.settle()


async def test_a_failing_log_ends_all_subscriptions_with_a_masked_error(server: Running) -> None:
    async with open_socket(server) as one, open_socket(server) as two:
        for socket in (one, two):
            await socket.subscribe("1", ENTRIES)
        await eventually(lambda: metric(server, "subscriptions") == 2)
        await live(server)
        await server.desk.log.fail(ValueError("secret detail"))
        for socket in (one, two):
            message = await socket.hear()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL_SERVER_ERROR")
            assert "secret" not in str(message)
            await socket.subscribe("1", ENTRIES, after=cursor_of(0, "entries"))
        await server.desk.log.append("a")
        assert await numbers(one, 1) == await numbers(two, 1) == [1]


# ------------------------------------------------------------------ states


async def readings(socket: Socket, count: int) -> list[tuple[str, int]]:
    found = [(await socket.next())["readings"] for _ in range(count)]
    return [(reading["name"], reading["value"]) for reading in found]


async def test_a_state_stream_begins_with_the_current_state_for_every_client(server: Running) -> None:
    await server.desk.state.set(a=1, b=2)
    async with open_socket(server) as one:
        await one.subscribe("1", READINGS)
        assert await readings(one, 2) == [("a", 1), ("b", 2)]
        await server.desk.state.set(a=3)
        assert await readings(one, 1) == [("a", 3)]
        async with open_socket(server, "bob") as late:
            await late.subscribe("1", READINGS)
            assert sorted(await readings(late, 2)) == [("a", 3), ("b", 2)]
            assert server.desk.state.watchers == 1


async def test_a_slow_client_of_a_state_gets_the_newest_value_of_each_part(desk: Desk) -> None:
    long = "n" * 3_000
    async with (
        running(desk) as server,
        open_socket(server, max_queue=1) as slow,
        open_socket(server, "bob", max_queue=None) as fast,
    ):
        await slow.subscribe("1", READINGS)
        await fast.subscribe("1", READINGS)
        await eventually(lambda: metric(server, "subscriptions") == 2 and desk.state.watchers == 1)
        slow.connection.transport.pause_reading()
        total = 4_000
        for value in range(total):
            await desk.state.set(**{f"{long}{value % 3}": value})
            assert (await readings(fast, 1))[0][1] == value
        slow.connection.transport.resume_reading()
        newest: dict[str, int] = {}
        heard = 0
        while sorted(newest.values()) != [total - 3, total - 2, total - 1]:
            ((name, value),) = await readings(slow, 1)
            assert value > newest.get(name, -1)
            newest[name] = value
            heard += 1
        assert heard < total


async def test_a_finished_state_completes_and_a_failed_one_sends_an_error(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", READINGS)
        await eventually(lambda: server.desk.state.watchers == 1)
        await server.desk.state.end()
        assert await socket.hear() == {"id": "1", "type": "complete"}
        server.desk.state.failure = ValueError("secret detail")
        await socket.subscribe("1", READINGS)
        assert (await socket.hear())["payload"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(server.api.serving.hub) == 0


# ------------------------------------------------------------------ plain generators


async def test_a_plain_generator_runs_once_per_client_and_completes(server: Running) -> None:
    server.desk.gate.set()
    async with open_socket(server) as socket:
        await socket.subscribe("1", "subscription { count(to: 2) }")
        assert [await socket.next(), await socket.next()] == [{"count": 1}, {"count": 2}]
        assert await socket.hear() == {"id": "1", "type": "complete"}
        await socket.subscribe("1", "subscription { broken }")
        assert await socket.next() == {"broken": 0}
        message = await socket.hear()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL_SERVER_ERROR")


# ------------------------------------------------------------------ rights


async def test_a_forbidden_stream_does_not_begin(server: Running) -> None:
    server.desk.readers.discard(BOB.user_id)
    async with open_socket(server, "bob") as socket:
        for query in (ENTRIES, READINGS):
            await socket.subscribe("1", query)
            message = await socket.hear()
            assert (message["type"], message["payload"][0]["extensions"]) == (
                "error",
                {"code": "NOT_FOUND", "field": "id"},
            )
        await socket.subscribe("1", "subscription { count(to: 1) }")
        assert (await socket.hear())["payload"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert (server.desk.log.followers, server.desk.state.watchers) == (0, 0)


@pytest.mark.parametrize("query", [ENTRIES, READINGS])
async def test_a_client_that_loses_its_right_gets_an_error_and_no_more_events(server: Running, query: str) -> None:
    desk = server.desk
    async with open_socket(server) as ada, open_socket(server, "bob") as bob:
        for socket in (ada, bob):
            await socket.subscribe("1", query)
        await eventually(lambda: metric(server, "subscriptions") == 2)
        await eventually(lambda: desk.log.followers + desk.state.watchers == 1)
        desk.readers.discard(BOB.user_id)
        desk.access.actors["bob"] = replace(BOB, role=Role.TRADER)
        desk.tell()
        message = await bob.hear()
        assert (message["type"], message["payload"][0]["extensions"]) == ("error", {"code": "NOT_FOUND", "field": "id"})
        await desk.log.append("x")
        await desk.state.set(a=1)
        assert "data" in (await ada.hear())["payload"]
        await bob.settle()


async def test_a_client_that_gains_rights_continues_without_gap_or_repeat(server: Running) -> None:
    desk = server.desk
    async with open_socket(server) as socket:
        await socket.subscribe("1", "subscription { entries { number seenBy } }", after=None)
        await live(server)
        await desk.log.append("a")
        assert (await socket.next())["entries"] == {"number": 1, "seenBy": ADA.email}
        desk.access.actors["ada"] = replace(ADA, role=Role.ADMIN, email="boss@example.com")
        desk.tell()
        (session,) = server.api.serving.sockets._owners
        await eventually(lambda: session.caller.actor.role is Role.ADMIN)
        await desk.log.append("b")
        assert (await socket.next())["entries"] == {"number": 2, "seenBy": "boss@example.com"}
        await live(server, 1)


async def test_a_plain_generator_is_reopened_with_the_new_rights(server: Running) -> None:
    desk = server.desk
    async with open_socket(server) as socket:
        await socket.subscribe("1", "subscription { count(to: 1) }")
        assert await socket.next() == {"count": 1}
        desk.access.actors["ada"] = replace(ADA, role=Role.ADMIN)
        desk.tell()
        assert await socket.next() == {"count": 1}
        desk.access.actors["ada"] = replace(ADA, role=Role.VIEWER)
        desk.tell()
        assert (await socket.hear())["payload"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_many_subscriptions_come_and_go_and_leave_nothing(server: Running) -> None:
    async def visit(index: int) -> None:
        async with open_socket(server, "bob" if index % 2 else "ada") as socket:
            for operation_id, query in enumerate((ENTRIES, READINGS, SHOUTED, "subscription { count(to: 1) }")):
                await socket.subscribe(str(operation_id), query)
            await asyncio.sleep(index % 7 / 1_000)
            if index % 3:
                await socket.say(type="complete", id="0")

    for _ in range(3):
        await asyncio.gather(*(visit(index) for index in range(20)), server.desk.log.append("x"))
    await eventually(lambda: len(server.api.serving.sockets) == 0)
    await eventually(lambda: server.desk.log.followers + server.desk.state.watchers == 0)
    assert len(server.api.serving.hub) == 0
    found: list[Any] = [metric(server, name) for name in ("subscriptions", "streams", "sockets")]
    assert found == [0, 0, 0]
