"""graphql-transport-ws on a real server: the protocol, signing in, bounds, and rights that end with a socket open."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from api.limits import RequestLimits
from domain.kernel.errors import Unavailable
from domain.kernel.time import utc_now
from tests.support.api import ADA, Desk, Running, open_socket, running
from tests.support.waiting import eventually

ENTRIES = "subscription { entries { text } }"


# ------------------------------------------------------------------ protocol


async def test_queries_and_mutations_get_next_and_complete(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("q", "query ($t: String!) { echo(text: $t) who }", t="ü")
        assert await socket.next("q") == {"echo": "ü", "who": "ada@example.com"}
        assert await socket.hear() == {"id": "q", "type": "complete"}
        await socket.subscribe("q", 'mutation { write(text: "x") }')
        assert await socket.next("q") == {"write": 1}
        assert await socket.hear() == {"id": "q", "type": "complete"}


async def test_messages_are_text_frames(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("q", "{ who }")
        assert isinstance(await socket.connection.recv(), str)


@pytest.mark.parametrize("size", [1, 100, 200, 65_000, 70_000, 300_000])
async def test_answers_of_any_size_arrive_whole(server: Running, size: int) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("q", "query ($t: String!) { echo(text: $t) }", t="é" * size)
        assert await socket.next("q") == {"echo": "é" * size}


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("subscription {", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($a: Decimal!) { echo(amount: $a) }", {}, "BAD_USER_INPUT"),
        ("subscription ($n: Int!) { count(to: $n) }", {"n": "x"}, "BAD_USER_INPUT"),
        ('subscription { entries(after: "?") { text } }', {}, "BAD_USER_INPUT"),
    ],
)
async def test_a_refused_operation_gets_one_error_and_the_socket_continues(
    server: Running, query: str, variables: dict[str, Any], code: str
) -> None:
    async with open_socket(server) as socket:
        for _ in range(2):
            await socket.subscribe("bad", query, **variables)
            message = await socket.hear()
            assert (message["id"], message["type"]) == ("bad", "error")
            assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await socket.settle()


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        "[]",
        "{}",
        '{"type": "nonsense"}',
        '{"type": "subscribe", "payload": {"query": "{ who }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ who }"}}',
        '{"type": "subscribe", "id": "' + "x" * 129 + '", "payload": {"query": "{ who }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "complete"}',
        b"{}",
    ],
)
async def test_a_malformed_message_closes_with_4400(server: Running, message: str | bytes) -> None:
    async with open_socket(server) as socket:
        await socket.connection.send(message)
        assert (await socket.closed())[0] == 4400
    await eventually(lambda: len(server.api.serving.sockets) == 0)


async def test_another_subprotocol_closes_with_4406(server: Running) -> None:
    for protocols in (None, [Subprotocol("graphql-ws")]):
        async with open_socket(server, None, subprotocols=protocols) as socket:
            assert (await socket.closed())[0] == 4406


async def test_an_id_in_use_closes_with_4409(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES)
        await socket.subscribe("1", ENTRIES)
        assert (await socket.closed())[0] == 4409
    await eventually(lambda: len(server.api.serving.hub) == 0)


async def test_complete_ends_the_operation_and_releases_its_id(server: Running) -> None:
    async with open_socket(server) as socket:
        for _ in range(2):
            await socket.subscribe("1", ENTRIES)
            await eventually(lambda: server.desk.log.followers == 1)
            await socket.say(type="complete", id="1")
            await eventually(lambda: server.desk.log.followers == 0)
        await socket.say(type="complete", id="never")
        await socket.settle()
    assert len(server.api.serving.hub) == 0


async def test_a_mutation_finishes_after_its_client_has_left(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", 'mutation { writeSlowly(text: "done") }')
        await socket.settle()
    await eventually(lambda: len(server.api.serving.sockets) == 0)
    assert server.desk.log.events == []
    server.desk.gate.set()
    await eventually(lambda: server.desk.log.events == ["done"])


async def test_a_client_that_leaves_frees_all_its_resources(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES)
        await socket.subscribe("2", "subscription { readings { name } }")
        await socket.subscribe("3", "subscription { count(to: 1) }")
        await eventually(lambda: server.desk.log.followers == 1 and server.desk.state.watchers == 1)
        assert metric(server, "subscriptions") == 3
        socket.connection.transport.abort()
    await eventually(lambda: server.desk.log.followers == 0 and server.desk.state.watchers == 0)
    await eventually(lambda: len(server.api.serving.sockets) == 0)
    assert len(server.api.serving.hub) == 0
    assert [metric(server, name) for name in ("subscriptions", "sockets", "streams")] == [0, 0, 0]


def metric(server: Running, name: str) -> float | None:
    return server.api.serving.runner.metrics.registry.get_sample_value(f"tradegraph_{name}")


# ------------------------------------------------------------------ who asks


@pytest.mark.parametrize(
    "payload",
    [
        {"authorization": "Bearer ada"},
        {"Authorization": "bearer ada"},
        {"headers": {"Authorization": "Bearer ada"}},
    ],
)
async def test_connection_init_carries_the_credential(server: Running, payload: dict[str, Any]) -> None:
    async with open_socket(server, None) as socket:
        await socket.say(type="connection_init", payload=payload)
        assert await socket.hear() == {"type": "connection_ack"}
        await socket.subscribe("1", "{ who }")
        assert await socket.next() == {"who": "ada@example.com"}


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"type": "connection_init"}, 4401),
        ({"type": "connection_init", "payload": {}}, 4401),
        ({"type": "connection_init", "payload": {"authorization": 5}}, 4401),
        ({"type": "connection_init", "payload": {"authorization": "ada"}}, 4403),
        ({"type": "connection_init", "payload": []}, 4400),
        ({"type": "connection_init", "payload": {"authorization": "Bearer wrong"}}, 4403),
        ({"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}, 4401),
        ({"type": "nonsense"}, 4400),
    ],
)
async def test_a_socket_without_a_credential_is_refused(server: Running, message: dict[str, Any], code: int) -> None:
    async with open_socket(server, None) as socket:
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}
        await socket.say(**message)
        assert (await socket.closed())[0] == code


async def test_a_second_connection_init_closes_with_4429(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.say(type="connection_init", payload={"authorization": "Bearer ada"})
        assert (await socket.closed())[0] == 4429


async def test_a_socket_without_connection_init_closes_with_4408(desk: Desk) -> None:
    async with (
        running(desk, limits=RequestLimits(connection_init_seconds=0.05)) as server,
        open_socket(server, None) as socket,
    ):
        assert (await socket.closed())[0] == 4408


async def test_an_expired_session_closes_with_4403(server: Running) -> None:
    server.desk.access.expire("ada", utc_now() + timedelta(seconds=0.2))
    async with open_socket(server) as socket:
        await socket.subscribe("1", ENTRIES)
        assert await socket.closed() == (4403, "Forbidden: Your session has expired.")
    await eventually(lambda: server.desk.log.followers == 0)


async def test_a_revoked_session_closes_with_4403_and_others_stay(server: Running) -> None:
    async with open_socket(server) as ada, open_socket(server, "bob") as bob:
        del server.desk.access.actors["ada"]
        server.desk.tell()
        assert await ada.closed() == (4403, "Forbidden: This token does not work.")
        await bob.settle()


async def test_each_operation_checks_the_credential_again(server: Running) -> None:
    async with open_socket(server) as socket:
        server.desk.access.actors["ada"] = replace(ADA, email="other@example.com")
        await socket.subscribe("1", "{ who }")
        assert await socket.next() == {"who": "other@example.com"}
        assert (await socket.hear())["type"] == "complete"
        server.desk.access.trouble = Unavailable("The database cannot be reached.")
        await socket.subscribe("1", "{ who }")
        assert (await socket.hear())["payload"][0]["extensions"] == {"code": "UNAVAILABLE"}
        server.desk.access.trouble = None
        del server.desk.access.actors["ada"]
        await socket.subscribe("1", 'mutation { write(text: "x") }')
        assert (await socket.closed())[0] == 4403
    assert server.desk.log.events == []


async def test_a_revoked_session_is_noticed_without_a_bus_message(desk: Desk) -> None:
    async with running(desk, limits=RequestLimits(access_check_seconds=0.05)) as server, open_socket(server) as socket:
        del desk.access.actors["ada"]
        assert (await socket.closed())[0] == 4403


async def test_a_failed_credential_check_does_not_end_the_session(server: Running) -> None:
    async with open_socket(server) as socket:
        found = server.desk.access.actors.pop("ada")
        server.desk.access.trouble = ValueError("a bug")
        asked = server.desk.access.asked
        server.desk.tell()
        await eventually(lambda: server.desk.access.asked > asked)
        server.desk.access.trouble = None
        server.desk.access.actors["ada"] = found
        await socket.settle()


async def test_a_failed_check_of_one_session_does_not_stop_checks_of_others(server: Running) -> None:
    async with open_socket(server) as ada, open_socket(server, "bob") as bob:
        await ada.subscribe("1", ENTRIES)
        await eventually(lambda: server.desk.log.followers == 1)
        server.desk.readers = None  # type: ignore[assignment]  # so that asking for the right fails
        server.desk.access.actors["ada"] = replace(ADA, email="other@example.com")
        server.desk.tell()
        await eventually(lambda: sessions_of(server, "other@example.com") == 1)
        del server.desk.access.actors["bob"]
        server.desk.tell()
        assert (await bob.closed())[0] == 4403
        await ada.settle()


def sessions_of(server: Running, email: str) -> int:
    callers = [session.caller for session in server.api.serving.sockets._open]
    return sum(caller is not None and caller.actor is not None and caller.actor.email == email for caller in callers)


async def test_foreign_origins_are_refused_before_the_handshake(desk: Desk) -> None:
    async with running(desk, allowed_origins=("https://desk.example",)) as server:
        for origin, allowed in (
            (server.address, True),
            ("https://desk.example", True),
            ("https://elsewhere.example", False),
            ("null", False),
        ):
            address = server.endpoint.replace("http", "ws", 1)
            connection = connect(address, additional_headers={"origin": origin}, proxy=None)
            if allowed:
                async with connection:
                    pass
            else:
                with pytest.raises(InvalidStatus) as caught:
                    await connection
                assert caught.value.response.status_code == 403


# ------------------------------------------------------------------ bounds


async def test_the_number_of_operations_per_socket_is_bounded(desk: Desk) -> None:
    async with running(desk, limits=RequestLimits(operations_per_socket=2)) as server, open_socket(server) as socket:
        for name in ("1", "2", "3"):
            await socket.subscribe(name, ENTRIES)
        message = await socket.hear()
        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"] == {"code": "RATE_LIMITED"}
        await socket.say(type="complete", id="1")
        await socket.subscribe("3", "{ who }")
        assert await socket.next("3") == {"who": "ada@example.com"}


async def test_the_number_of_sockets_per_user_is_bounded(desk: Desk) -> None:
    async with running(desk, limits=RequestLimits(sockets_per_user=2)) as server:
        async with (
            open_socket(server),
            open_socket(server),
            open_socket(server, "bob"),
            open_socket(server, None) as third,
        ):
            await third.say(type="connection_init", payload={"authorization": "Bearer ada"})
            assert await third.closed() == (4429, "Too many sockets for one user")
        await eventually(lambda: len(server.api.serving.sockets) == 0)
        async with open_socket(server) as again:
            await again.settle()


async def test_unauthenticated_sockets_are_dropped_first_and_lock_nobody_out(desk: Desk) -> None:
    async with (
        running(desk, limits=RequestLimits(waiting_per_address=2)) as server,
        open_socket(server),
        open_socket(server, None) as oldest,
        open_socket(server, None),
        open_socket(server, None) as newest,
    ):
        assert await oldest.closed() == (1013, "Other connections need this place")
        await newest.sign_in("bob")
        async with open_socket(server) as another:
            await another.settle()


async def test_a_too_large_message_closes_the_socket(server: Running) -> None:
    async with open_socket(server) as socket:
        await socket.connection.send("x" * (RequestLimits().body_bytes + 1))
        assert (await socket.closed())[0] == 1009


async def test_a_client_that_never_reads_is_no_longer_read_from(server: Running) -> None:
    address = server.endpoint.replace("http", "ws", 1)
    async with connect(
        address, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None, max_queue=1, close_timeout=0.1
    ) as deaf:
        await deaf.send('{"type":"connection_init","payload":{"authorization":"Bearer ada"}}')
        deaf.transport.pause_reading()
        (session,) = await sessions(server, 1)
        text = '{"id":"%d","type":"subscribe","payload":{"query":"{ echo(text: \\"%s\\") }"}}'
        sent, is_read_on = 0, True
        while is_read_on:
            try:
                async with asyncio.timeout(0.5):
                    await deaf.send(text % (sent, "x" * 100_000))
            except TimeoutError:
                is_read_on = False
            sent += 1
            assert sent < 1_000
        assert len(session._operations) <= RequestLimits().operations_per_socket
        assert len(session._outbox._queue) <= RequestLimits().operations_per_socket
        deaf.transport.abort()
    await eventually(lambda: len(server.api.serving.sockets) == 0)


async def sessions(server: Running, count: int) -> list[Any]:
    sockets = server.api.serving.sockets
    await eventually(lambda: len(sockets._owners) == count)
    return list(sockets._owners)


# ------------------------------------------------------------------ beside it


async def test_health_is_public_and_metrics_are_not(server: Running) -> None:
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        healthy = await client.get("/healthz")
        assert (healthy.status_code, healthy.json()) == (200, {"status": "up"})
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"database": "ok", "bus": "ok"})
        for headers in ({}, {"authorization": "Bearer wrong"}):
            assert (await client.get("/metrics", headers=headers)).status_code == 401
        async with open_socket(server):
            metrics = await client.get("/metrics", headers={"authorization": f"Bearer {ADA.email[:3]}"})
        assert metrics.status_code == 200
        assert "tradegraph_sockets 1.0" in metrics.text
        assert 'tradegraph_venue_differences{kind="POSITION",venue="far"} 2.0' in metrics.text


async def test_an_unhealthy_process_is_not_ready(desk: Desk) -> None:
    desk.checks = {"database": False, "bus": True}
    async with running(desk) as server, httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        response = await client.get("/readyz")
        assert (response.status_code, response.json()) == (503, {"database": "unavailable", "bus": "ok"})
