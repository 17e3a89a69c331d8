"""A light closed-loop HTTP load: keep-alive connections that each send the next request when the last is answered.

It shares the machine's cores with the server and the database, so it does as little as it can: requests are bytes made
beforehand or from a template, answers are searched for their end and for what must or must not be in them.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


class WrongAnswer(Exception):
    """The server said something else than it should."""


@dataclass(slots=True)
class Load:
    """Shared state of the connections of one run."""

    requests: Iterator[bytes]
    expect: bytes
    until: float
    loop: asyncio.AbstractEventLoop
    finished: asyncio.Future[None]
    running: int
    answered: int = 0
    last: float = 0.0
    seconds: list[float] = field(default_factory=list)

    def fail(self, error: Exception) -> None:
        """End the run."""
        if not self.finished.done():
            self.finished.set_exception(error)


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._heard = b""
        self._wanted = 0
        self._sent_at = 0.0

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Take an answer, or a part of it."""
        self._heard = self._heard + data if self._heard else data
        if not self._wanted:
            end = self._heard.find(_END)
            if end < 0:
                return
            start = self._heard.index(_LENGTH) + len(_LENGTH)
            self._wanted = end + len(_END) + int(self._heard[start : self._heard.index(b"\r", start)])
        if len(self._heard) >= self._wanted:
            self._answered(self._heard)

    def connection_lost(self, error: Exception | None) -> None:
        """The server must not close while it is asked."""
        if not self._load.finished.done():
            self._load.fail(error or WrongAnswer("the server closed the connection"))

    def _answered(self, answer: bytes) -> None:
        load, now = self._load, time.perf_counter()
        if self._load.expect not in answer or b'"errors"' in answer:
            load.fail(WrongAnswer(answer.decode(errors="replace")[:2_000]))
            return
        load.answered += 1
        load.last = now
        load.seconds.append(now - self._sent_at)
        self._heard, self._wanted = b"", 0
        if now < load.until:
            self._send()
            return
        load.running -= 1
        if load.running == 0 and not load.finished.done():
            load.finished.set_result(None)

    def _send(self) -> None:
        request = next(self._load.requests, None)
        if request is None:
            self._load.fail(RuntimeError("there are fewer requests than the server answers in the time"))
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)


@dataclass(frozen=True, slots=True)
class Run:
    """Number of answers and the seconds they took."""

    answered: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds


async def drive(port: int, requests: Iterator[bytes], *, connections: int, seconds: float, expect: bytes) -> Run:
    """Keep ``connections`` busy for some seconds; every answer must hold ``expect`` and no errors.

    Raises:
        WrongAnswer: with the beginning of the first answer that was wrong.
    """
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    load = Load(requests, expect, started + seconds, loop, loop.create_future(), connections)
    transports = [
        (await loop.create_connection(lambda: Connection(load), "127.0.0.1", port))[0] for _ in range(connections)
    ]
    try:
        await asyncio.wait_for(load.finished, seconds + 60)
    finally:
        for transport in transports:
            transport.abort()
    return Run(load.answered, load.last - started)


def post(path: str, body: bytes, token: str) -> bytes:
    """A POST request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
        f"content-type: application/json\r\naccept: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
