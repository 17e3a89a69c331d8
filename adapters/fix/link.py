"""A connected session: the rules of ``session`` on a stream of bytes, with everything stored before it is sent."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from uuid import UUID

from adapters.fix.decoder import Decoder, NotFix, split
from adapters.fix.message import Header, Message, encode, write_time
from adapters.fix.metrics import Traffic
from adapters.fix.session import Action, Body, Deliver, End, Phase, Resend, Reset, Send, Session
from adapters.fix.store import SessionStore
from adapters.fix.tags import ADMINISTRATIVE, MsgType, Tag
from domain.kernel.time import utc_now
from domain.system.fix.stored import StoredMessage

READ_BYTES = 65_536
# Who takes nothing for so long is not there any more.
_WRITE_SECONDS = 30.0
# The time between two looks at the timers of a session.
TICK_SECONDS = 0.5


class LinkEnded(Exception):
    """The connection has ended; the reason is for the log."""


async def read_messages(reader: asyncio.StreamReader, decoder: Decoder) -> AsyncIterator[list[Message]]:
    """The messages of a stream, as many at once as have come.

    Raises:
        LinkEnded: the bytes are no FIX 4.4, or the connection broke.
    """
    try:
        while data := await reader.read(READ_BYTES):
            if messages := list(decoder.feed(data)):
                yield messages
    except (NotFix, OSError) as error:
        raise LinkEnded(str(error)) from error


class Link:
    """One connection of a session. Messages go out in the order of their numbers, one batch after another.

    ``handled`` is the number behind the last message that was dealt with: only so far it is stored as taken, so that
    after a crash the other side is asked for the rest. What is not kept (``keeps``) is never sent again.
    """

    def __init__(
        self, session: Session, store: SessionStore, writer: asyncio.StreamWriter, *, keeps: bool = True
    ) -> None:
        self.session = session
        self.store = store
        self._keeps = keeps
        self._traffic = Traffic(is_acceptor=session.is_acceptor)
        self._writer = writer
        self._sending = asyncio.Lock()
        self.handled = store.session.next_in
        self._saved_in = self.handled

    async def send(self, kind: str, body: Body) -> int:
        """Send one message; returns its number."""
        return await self.send_all([(kind, body)])

    async def send_all(
        self,
        messages: Sequence[tuple[str, Body]],
        *,
        cursor: tuple[UUID, int] | None = None,
    ) -> int:
        """Number, store and send messages; with them the account's ``cursor`` moves, of whose events they tell.

        Returns the number of the last one.

        Raises:
            LinkEnded: the other side takes nothing.
            Unavailable, Replaced: they could not be stored, and were not sent.
        """
        async with self._sending:
            now, stored, out = utc_now(), self.store.session, bytearray()
            if cursor is not None:
                stored.cursors[cursor[0]] = cursor[1]
            kept: list[StoredMessage] = []
            number = stored.next_out
            for kind, body in messages:
                out += encode(kind, Header(self.session.ours, self.session.theirs, number), body, now)
                if self._keeps and kind not in ADMINISTRATIVE:
                    kept.append(StoredMessage(number, kind, _text(body), now))
                number += 1
            stored.next_out = number
            if not messages:
                # An account's events that are none of this session's: a later save takes the cursor along.
                return number - 1
            await self._save(kept)
            await self._write(bytes(out))
            for kind, _ in messages:
                self._traffic.sent(kind)
            return number - 1

    async def save(self, *, force: bool = False) -> None:
        """Store the number of the next incoming message, if it has moved; with ``force`` the cursors in any case."""
        async with self._sending:
            if force or self._saved_in != self.handled:
                await self._save(())

    async def act(self, actions: Sequence[Action]) -> list[Message]:
        """Execute the actions of the rules; returns the messages for the application.

        Raises:
            LinkEnded: the session is over.
        """
        delivered: list[Message] = []
        for action in actions:
            match action:
                case Deliver(message):
                    delivered.append(message)
                case Send(kind, body):
                    await self.send(kind, body)
                case Resend(begin, end):
                    await self._resend(begin, end)
                case Reset():
                    self.handled = self._saved_in = 1
                    await self.store.reset()
                case End(reason):
                    raise LinkEnded(reason)
        return delivered

    async def hear(self, message: Message) -> list[Message]:
        """Process a received message; returns the messages for the application."""
        self._traffic.received(message.type, is_repeat=message.get(Tag.POSS_DUP_FLAG) == "Y")
        delivered = await self.act(self.session.receive(message, utc_now(), time.monotonic()))
        self._traffic.logged_on(active=self.session.phase is Phase.ACTIVE)
        return delivered

    async def watch(self) -> None:
        """Keep the session alive until it ends.

        Raises:
            LinkEnded: the other side is silent.
        """
        while self.session.phase is not Phase.ENDED:
            await asyncio.sleep(TICK_SECONDS)
            await self.act(self.session.tick(time.monotonic()))

    async def close(self) -> None:
        """Close the connection."""
        self.session.phase = Phase.ENDED
        self._traffic.logged_on(active=False)
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()

    async def _save(self, kept: Sequence[StoredMessage]) -> None:
        self.store.session.next_in = self._saved_in = self.handled
        await self.store.save(kept)

    async def _resend(self, begin: int, end: int) -> None:
        """Send stored messages again; numbers of the session's own messages are filled."""
        async with self._sending:
            last = self.store.session.next_out - 1
            end = min(end or last, last)
            while begin <= end:
                page = await self.store.read(begin, end)
                out = bytearray()
                for message in page:
                    out += self._fill(begin, message.number) + self._again(message)
                    begin = message.number + 1
                if not page:
                    out += self._fill(begin, end + 1)
                    begin = end + 1
                await self._write(bytes(out))
                self._traffic.sent_again(len(page))

    def _fill(self, begin: int, new: int) -> bytes:
        if begin >= new:
            return b""
        now = utc_now()
        header = Header(self.session.ours, self.session.theirs, begin, write_time(now))
        return encode(MsgType.SEQUENCE_RESET, header, ((Tag.GAP_FILL_FLAG, "Y"), (Tag.NEW_SEQ_NO, str(new))), now)

    def _again(self, message: StoredMessage) -> bytes:
        header = Header(self.session.ours, self.session.theirs, message.number, write_time(message.sent_at))
        return encode(message.kind, header, _fields(message.body), utc_now())

    async def _write(self, data: bytes) -> None:
        self._writer.write(data)
        self.session.sent_at = time.monotonic()
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise LinkEnded("the other side does not read, or has disconnected") from error


def _text(body: Body) -> str:
    return "".join(f"{tag}={value}\x01" for tag, value in body)


def _fields(text: str) -> Body:
    fields = split(text.encode(errors="surrogateescape"))
    assert fields is not None
    return fields
