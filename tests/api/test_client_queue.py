"""The outgoing side of a socket: what goes out at once, what waits, in which order, and what is bounded."""

import asyncio

import orjson
import pytest

from api.limits import RequestLimits
from api.realtime.client_queue import EventQueue, StateQueue
from api.realtime.send_queue import SendQueue
from api.transport.frames import text_header
from tests.support.waiting import PATIENCE_SECONDS


class Wire:
    """A connection whose client takes ``room`` messages before it stops."""

    def __init__(self, room: int = 1_000) -> None:
        self.room = room
        self.sent: list[bytes] = []
        self.held = 0

    @property
    def is_writable(self) -> bool:
        return self.room > 0

    @is_writable.setter
    def is_writable(self, value: bool) -> None:
        raise AssertionError("nobody but the wire decides")

    def write_text(self, text: bytes) -> None:
        self.room -= 1
        self.sent.append(text)

    def write_message(self, start: bytes, middle: bytes, end: bytes) -> None:
        self.write_text(start + middle + end)

    def hold(self, size: int) -> None:
        self.held += size


def payloads(wire: Wire) -> list[int]:
    return [orjson.loads(text)["payload"] for text in wire.sent if b"payload" in text]


@pytest.mark.parametrize(
    ("length", "header"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_a_frame_header_encodes_the_length_as_the_protocol_requires(length: int, header: bytes) -> None:
    assert text_header(length) == header


def test_an_event_is_a_next_message_of_its_operation() -> None:
    wire = Wire()
    EventQueue(SendQueue(wire), 'a"1', RequestLimits()).offer(b'{"data":{"x":1}}')
    assert wire.sent == [b'{"id":"a\\"1","type":"next","payload":{"data":{"x":1}}}']


def test_events_keep_their_order_when_the_client_pauses() -> None:
    wire = Wire(room=2)
    send_queue = SendQueue(wire)
    queue = EventQueue(send_queue, "1", RequestLimits())
    assert all(queue.offer(b"%d" % number) for number in range(5))
    assert payloads(wire) == [0, 1]
    for _ in range(3):
        wire.room = 1
        send_queue.resume()
    assert payloads(wire) == [0, 1, 2, 3, 4]
    assert queue.is_empty


def test_an_event_that_does_not_fit_is_refused_and_not_kept() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queue = EventQueue(send_queue, "1", RequestLimits(queued_events=2))
    assert [queue.offer(b"%d" % number) for number in range(4)] == [True, True, False, False]
    wire.room = 100
    send_queue.resume()
    assert payloads(wire) == [0, 1]
    assert queue.offer(b"4")
    assert payloads(wire) == [0, 1, 4]


def test_queued_bytes_are_bounded_and_a_single_large_event_passes() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queue = EventQueue(send_queue, "1", RequestLimits(queued_event_bytes=10))
    large = b'"' + b"x" * 100 + b'"'
    assert [queue.offer(large), queue.offer(b"1")] == [True, False]
    wire.room = 100
    send_queue.resume()
    assert len(wire.sent) == 1
    assert queue.offer(b"2")


def test_a_state_keeps_the_newest_value_of_each_part_in_order_of_change() -> None:
    wire = Wire(room=1)
    send_queue = SendQueue(wire)
    queue = StateQueue(send_queue, "1", RequestLimits(state_parts=3))
    for part, number in (("a", 0), ("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        queue.offer(part, b"%d" % number)
    wire.room = 100
    send_queue.resume()
    assert payloads(wire) == [0, 2, 3, 4]


def test_the_number_of_parts_of_a_state_is_bounded() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queue = StateQueue(send_queue, "1", RequestLimits(state_parts=2))
    for number in range(4):
        queue.offer(number, b"%d" % number)
    wire.room = 100
    send_queue.resume()
    assert payloads(wire) == [2, 3]


@pytest.mark.parametrize("waiting", [0, 3])
def test_the_final_message_is_sent_last(waiting: int) -> None:
    wire = Wire(room=0 if waiting else 100)
    send_queue = SendQueue(wire)
    queue = EventQueue(send_queue, "1", RequestLimits())
    for number in range(waiting):
        queue.offer(b"%d" % number)
    queue.complete()
    wire.room = 100
    send_queue.resume()
    assert payloads(wire) == list(range(waiting))
    assert wire.sent[-1] == b'{"id":"1","type":"complete"}'


def test_discarded_messages_are_not_sent() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queue, other = EventQueue(send_queue, "1", RequestLimits()), EventQueue(send_queue, "2", RequestLimits())
    for each in (queue, other):
        each.offer(b"1")
    queue.complete()
    queue.discard()
    wire.room = 100
    send_queue.resume()
    assert [orjson.loads(text)["id"] for text in wire.sent] == ["2"]


def test_a_waiting_operation_does_not_block_the_others() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queues = [EventQueue(send_queue, str(index), RequestLimits()) for index in range(3)]
    for queue in queues:
        for number in range(3):
            queue.offer(b"%d" % number)
    send_queue.send(b'{"id":"answer"}')
    heard = []
    while any(not queue.is_empty for queue in queues):
        wire.room = 2
        send_queue.resume()
    heard = [orjson.loads(text)["id"] for text in wire.sent]
    assert heard[0] == "answer"
    assert set(heard[1:6]) == {"0", "1", "2"}
    assert sorted(heard[1:]) == ["0"] * 3 + ["1"] * 3 + ["2"] * 3


async def test_waiting_ends_when_the_client_has_received_everything() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queue = EventQueue(send_queue, "1", RequestLimits())
    queue.offer(b"1")
    send_queue.send(b"{}")
    waiting = [asyncio.create_task(queue.drained()), asyncio.create_task(send_queue.answered())]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    wire.room = 100
    send_queue.resume()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*waiting)


async def test_waiting_ends_when_the_client_is_gone_and_frees_its_queue() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    queue = EventQueue(send_queue, "1", RequestLimits(queued_events=1))
    queue.offer(b"1")
    waiting = asyncio.create_task(queue.drained())
    await asyncio.sleep(0)
    send_queue.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await waiting
    # Whoever hands events in must not wait for ever for one that nobody will take.
    assert [queue.offer(b"2"), queue.offer(b"3")] == [True, True]
    send_queue.send(b"{}")
    assert wire.sent == []


def test_waiting_bytes_are_counted_and_return_to_zero() -> None:
    wire = Wire(room=0)
    send_queue = SendQueue(wire)
    events, state = (
        EventQueue(send_queue, "1", RequestLimits()),
        StateQueue(send_queue, "2", RequestLimits(state_parts=2)),
    )
    send_queue.send(b"12345")
    events.offer(b"123")
    for part, payload in ((1, b"1"), (2, b"22"), (1, b"333"), (3, b"4444")):
        state.offer(part, payload)
    assert wire.held == 5 + 3 + 3 + 4
    events.discard()
    assert wire.held == 5 + 3 + 4
    wire.room = 1_000
    send_queue.resume()
    assert wire.held == 0
    wire.room = 0
    send_queue.send(b"12345")
    events.offer(b"123")
    send_queue.close()
    events.discard()
    assert wire.held == 0
