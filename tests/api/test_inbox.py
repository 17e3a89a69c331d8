"""What a connection holds while nothing happens."""

import asyncio

from api.transport.inbox import Gate, Inbox


async def test_items_are_taken_in_the_order_in_which_they_came() -> None:
    inbox = Inbox[int]()
    for number in range(3):
        inbox.put_nowait(number)
    assert [await inbox.get() for _ in range(3)] == [0, 1, 2]
    assert inbox.empty()


async def test_a_reader_waits_for_an_item() -> None:
    inbox = Inbox[str]()
    reading = asyncio.ensure_future(inbox.get())
    await asyncio.sleep(0)
    assert not reading.done()
    # The second comes before the reader runs again.
    inbox.put_nowait("first")
    inbox.put_nowait("second")
    assert await reading == "first"
    assert not inbox.empty()
    assert await inbox.get() == "second"


async def test_a_reader_that_is_stopped_takes_nothing() -> None:
    inbox = Inbox[str]()
    reading = asyncio.ensure_future(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait("kept")
    reading.cancel()
    assert (await asyncio.gather(reading, return_exceptions=True))[0].__class__ is asyncio.CancelledError
    assert await inbox.get() == "kept"


async def test_a_gate_is_passed_while_it_is_open() -> None:
    gate = Gate()
    await gate.wait()
    gate.clear()
    waiting = [asyncio.ensure_future(gate.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    gate.set()
    await asyncio.gather(*waiting)
    await gate.wait()


async def test_a_gate_that_closes_again_before_somebody_has_passed_stops_him() -> None:
    gate = Gate()
    gate.clear()
    waiting = asyncio.ensure_future(gate.wait())
    await asyncio.sleep(0)
    gate.set()
    gate.clear()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not waiting.done()
    gate.set()
    await waiting
