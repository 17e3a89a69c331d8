"""The bus against a real server that is slow, killed and started again."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from adapters.embedded import EmbeddedServices
from adapters.redis.bus import Listener, RedisBus
from domain.kernel.bus import LOST, Message
from tests.support.waiting import PATIENCE_SECONDS, eventually, take


async def test_a_listener_gets_the_messages_of_its_channels_in_order(redis_url: str) -> None:
    async with RedisBus(redis_url) as bus, bus.listen("a", "b") as messages:
        bus.send([("a", b"1"), ("c", b"not for us"), ("b", b"2")])
        bus.send([("a", b"3")])
        assert await take(messages, 3) == [("a", b"1"), ("b", b"2"), ("a", b"3")]
        assert bus.lost == 0
        await eventually(lambda: bus.sent == 4)


async def test_many_messages_keep_their_order(redis_url: str) -> None:
    sent = [("a", str(number).encode()) for number in range(3_000)]
    async with RedisBus(redis_url) as bus, bus.listen("a") as messages:
        bus.send(sent)
        assert await take(messages, 3_000) == sent


async def test_listeners_share_one_connection_and_close_independently(redis_url: str) -> None:
    async with RedisBus(redis_url) as bus, bus.listen("a", "a") as first:
        async with bus.listen("a", "b") as second:
            bus.send([("a", b"1")])
            assert await take(first, 1) == await take(second, 1) == [("a", b"1")]
        # The other listener's leaving must not have taken channel a along.
        bus.send([("b", b"2"), ("a", b"3")])
        assert await take(first, 1) == [("a", b"3")]
        async with bus.listen("b") as third:
            bus.send([("b", b"4")])
            assert await take(third, 1) == [("b", b"4")]


async def test_a_message_sent_right_after_subscribing_arrives(redis_url: str) -> None:
    async with RedisBus(redis_url) as bus:
        for number in range(50):
            async with bus.listen(f"channel-{number % 3}") as messages:
                bus.send([(f"channel-{number % 3}", str(number).encode())])
                assert await take(messages, 1) == [(f"channel-{number % 3}", str(number).encode())]


async def test_a_slow_listener_gets_a_loss_notice_and_the_following_messages(redis_url: str) -> None:
    async with RedisBus(redis_url, max_unheard=5) as bus, bus.listen("a") as slow, bus.listen("a") as fast:
        heard: list[bytes] = []
        for number in range(8):
            bus.send([("a", str(number).encode())])
            heard += [payload for _, payload in await take(fast, 1)]
        assert heard == [b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7"]
        # Five fitted; the sixth gave everything up for LOST, the seventh and eighth came after it.
        assert await take(slow, 3) == [LOST, ("a", b"6"), ("a", b"7")]
        assert bus.lost == 1


async def test_listeners_get_a_loss_notice_after_a_server_kill_and_continue(
    redis_url: str, services: EmbeddedServices
) -> None:
    async with RedisBus(redis_url) as bus, bus.listen("a") as messages:
        bus.send([("a", b"before")])
        assert await take(messages, 1) == [("a", b"before")]
        await asyncio.to_thread(services.valkey.kill)
        bus.send([("a", b"while down")])
        await asyncio.to_thread(services.valkey.start)
        # What was sent while the server was down may come once the subscription stands again, or not at all.
        assert await take(messages, 1) == [LOST]
        bus.send([("a", b"after")])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await anext(messages) != ("a", b"after"):
                pass
        assert bus.dropped == 0


async def test_a_listener_started_without_a_server_gets_a_loss_notice_when_it_returns(
    redis_url: str, services: EmbeddedServices
) -> None:
    await asyncio.to_thread(services.valkey.stop)
    try:
        async with RedisBus(redis_url) as bus, bus.listen("a") as messages:
            bus.send([("a", b"kept")])
            await asyncio.to_thread(services.valkey.start)
            assert await take(messages, 1) == [LOST]
            bus.send([("a", b"after")])
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await anext(messages) != ("a", b"after"):
                    pass
    finally:
        if not services.valkey.running:
            await asyncio.to_thread(services.valkey.start)


async def test_the_oldest_unsent_messages_are_dropped_first(redis_url: str, services: EmbeddedServices) -> None:
    await asyncio.to_thread(services.valkey.stop)
    try:
        async with RedisBus(redis_url, max_unsent=3) as bus:
            bus.send([("a", str(number).encode()) for number in range(5)])
            bus.send([("a", b"5")])
            assert bus.dropped == 3
            await asyncio.to_thread(services.valkey.start)
            await eventually(lambda: bus.sent == 3)
    finally:
        if not services.valkey.running:
            await asyncio.to_thread(services.valkey.start)


async def test_what_the_server_confirmed_before_an_error_is_sent_once(redis_url: str) -> None:
    parts = urlsplit(redis_url)
    limited = parts._replace(netloc=f"bus-test:words@{parts.netloc.rpartition('@')[2]}").geturl()
    async with (
        Redis.from_url(redis_url) as server,
        RedisBus(redis_url) as hearing,
        hearing.listen("a", "b") as messages,
    ):
        rights = ("ACL", "SETUSER", "bus-test", "reset", "on", ">words", "+@all", "~*")
        await server.execute_command(*rights, "resetchannels", "&a")
        try:
            async with RedisBus(limited) as bus:
                bus.send([("a", b"1"), ("a", b"2"), ("b", b"3"), ("a", b"4")])
                await eventually(lambda: bus.sent == 2)
                await server.execute_command("ACL", "SETUSER", "bus-test", "&b")
                await eventually(lambda: bus.sent == 4)
                bus.send([("a", b"5")])
                heard = [payload async for payload in _until(messages, b"5")]
        finally:
            await server.execute_command("ACL", "DELUSER", "bus-test")
    assert heard[:2] == [b"1", b"2"]
    # What came behind the error in one piece is sent with it once more.
    assert set(heard[2:-3]) == {b"4"}
    assert heard[-3:] == [b"3", b"4", b"5"]


async def _until(messages: AsyncIterator[Message], last: bytes) -> AsyncIterator[bytes]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for _, payload in messages:
            yield payload
            if payload == last:
                return


async def test_closing_sends_waiting_messages_and_ends_the_listeners(redis_url: str) -> None:
    async with RedisBus(redis_url) as hearing, hearing.listen("a") as messages:
        async with RedisBus(redis_url) as telling:
            telling.send([("a", b"last words")])
        assert await take(messages, 1) == [("a", b"last words")]
    with pytest.raises(StopAsyncIteration):
        await anext(messages)


async def test_a_full_queue_keeps_one_loss_notice() -> None:
    listener = Listener(2)
    assert [listener.offer(("a", bytes([number]))) for number in range(4)] == [True, True, False, True]
    listener.close()
    assert [message async for message in listener] == [LOST, ("a", b"\x03")]
