"""The session with a counterparty: it connects, logs on, reconnects after every break, and stores executions.

New orders and requests are never resent by the session: it fills the gap, and the engine asks for the order's status.
A fill is stored before its sequence number counts as received, so that none is lost and none is booked twice.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from adapters.fix.decoder import Decoder
from adapters.fix.link import TICK_SECONDS, Link, LinkEnded, read_messages
from adapters.fix.message import Message
from adapters.fix.session import Body, Phase, Session
from adapters.fix.store import SessionStore
from adapters.fix.tags import MsgType, Tag
from adapters.venues.fix.kept_reports import keep_reports
from adapters.venues.fix.terms import CounterpartyTerms
from domain.kernel.bus import NullBus
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import DomainError
from domain.kernel.retry import Backoff
from domain.kernel.retry_policies import EXCHANGE
from domain.kernel.supervision import Guarded
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.venues.port import VenueUnavailable
from domain.system.fix import queries
from domain.system.fix.queries import Replaced

_CONNECT_SECONDS = 10.0
_LEAVE_SECONDS = 2.0
_SIGN_SECONDS = 1.0
_log = structlog.stdlib.get_logger("venue")
# An answer to a question, or None to go on waiting.
Answering = Callable[[Message], bool]


@dataclass(slots=True)
class _Wait:
    """A pending request or question: the condition of its answer, and the answers so far."""

    answers: Answering
    is_last: Answering
    number: int = 0
    done: asyncio.Future[list[Message]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    heard: list[Message] = field(default_factory=list)


class Unsent(Exception):
    """There is no session, or it broke before an answer came: the outcome of the message is unknown."""


class CounterpartySession:
    """One session, for as long as its context is open."""

    def __init__(self, name: str, terms: CounterpartyTerms, password: str) -> None:
        self.name = name
        self.terms = terms
        self._password = password
        self._bus = NullBus()
        self._link: Link | None = None
        self._ready = asyncio.Event()
        self._waits: list[_Wait] = []
        self._listeners: set[asyncio.Queue[Sequence[Message] | None]] = set()
        self._signs = 0
        self.trouble = "it has not been reached yet"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep the session up; at the end take leave."""
        task = asyncio.create_task(self._keep_up())
        try:
            yield
        finally:
            link = self._link
            if link is not None and link.session.phase is Phase.ACTIVE:
                with suppress(LinkEnded, DomainError, Replaced, TimeoutError):
                    async with asyncio.timeout(_LEAVE_SECONDS):
                        await link.act(link.session.log_out("The platform leaves."))
                        await asyncio.wait({task}, timeout=_LEAVE_SECONDS)
            await end_tasks(task)

    @property
    def session_id(self) -> UUID:
        """The id of the stored session.

        Raises:
            VenueUnavailable: there is no session.
        """
        if self._link is None:
            raise VenueUnavailable(f"The counterparty is not connected: {self.trouble}")
        return self._link.store.session.id

    async def wait_until_ready(self) -> None:
        """Wait for the session, for a while.

        Raises:
            VenueUnavailable: it does not come.
        """
        try:
            async with asyncio.timeout(self.terms.timeout_seconds):
                await self._ready.wait()
        except TimeoutError:
            raise VenueUnavailable(f"The counterparty is not connected: {self.trouble}") from None

    async def ask(self, kind: MsgType, body: Body, answers: Answering, is_last: Answering) -> list[Message]:
        """Send a message and wait for its answers, up to the last one.

        Raises:
            Unsent: no answer came.
        """
        try:
            await self.wait_until_ready()
        except VenueUnavailable as error:
            raise Unsent(str(error)) from error
        link = self._link
        if link is None:
            raise Unsent(f"not connected: {self.trouble}")
        return await self._exchange(link, kind, body, answers, is_last, self.terms.timeout_seconds)

    async def _exchange(
        self, link: Link, kind: MsgType, body: Body, answers: Answering, is_last: Answering, seconds: float
    ) -> list[Message]:
        wait = _Wait(answers, is_last)
        self._waits.append(wait)
        try:
            async with asyncio.timeout(seconds):
                wait.number = await link.send(kind, body)
                return await wait.done
        except (TimeoutError, LinkEnded, DomainError, Replaced) as error:
            raise Unsent(str(error) or "no answer in time") from error
        finally:
            self._waits.remove(wait)
            if not wait.done.cancel() and not wait.done.cancelled():
                # Broken meanwhile: that has been said.
                wait.done.exception()

    async def prove_in_step(self) -> None:
        """Ask for a sign of life: everything that the counterparty sent before it has come, and is stored.

        Raises:
            Unsent: it does not come, or messages are missing.
        """
        try:
            await self.wait_until_ready()
        except VenueUnavailable as error:
            raise Unsent(str(error)) from error
        if self._link is None:
            raise Unsent(f"not connected: {self.trouble}")
        await self._sign_of_life(self._link, self.terms.timeout_seconds)

    async def _sign_of_life(self, link: Link, seconds: float) -> None:
        self._signs += 1
        name = f"{link.store.session.epoch}-{self._signs}"

        def answers(message: Message) -> bool:
            return message.type == MsgType.HEARTBEAT and message.get(Tag.TEST_REQ_ID) == name

        body = ((int(Tag.TEST_REQ_ID), name),)
        await self._exchange(link, MsgType.TEST_REQUEST, body, answers, lambda _: True, seconds)
        if link.session.has_gap:
            raise Unsent("messages of the counterparty are missing; they were asked for")

    async def _get_in_step(self, link: Link, backoff: Backoff) -> None:
        """Send nothing before both sides have each other's messages: until then a message may be ignored."""
        while not self._ready.is_set():
            with suppress(Unsent):
                await self._sign_of_life(link, _SIGN_SECONDS)
                self._ready.set()
        backoff.succeeded()
        _log.info("FIX session logged on", venue=self.name)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[Sequence[Message]]]:
        """Messages of the counterparty from now on, until the session breaks.

        Raises:
            VenueUnavailable: there is no session.
        """
        await self.wait_until_ready()
        heard: asyncio.Queue[Sequence[Message] | None] = asyncio.Queue()
        self._listeners.add(heard)

        async def messages() -> AsyncIterator[Sequence[Message]]:
            while (batch := await heard.get()) is not None:
                yield batch
            raise VenueUnavailable(f"The session broke: {self.trouble}")

        try:
            yield messages()
        finally:
            self._listeners.discard(heard)

    # ------------------------------------------------------------------ inside

    async def _keep_up(self) -> None:
        backoff = Backoff(EXCHANGE)
        while True:
            try:
                with Guarded(_log, "FIX session failed", venue=self.name):
                    await self._converse(backoff)
            finally:
                self._ended()
            await backoff.wait()

    def _ended(self) -> None:
        self._link = None
        self._ready.clear()
        for listener in self._listeners:
            listener.put_nowait(None)
        for wait in self._waits:
            if not wait.done.done():
                wait.done.set_exception(LinkEnded(self.trouble))

    async def _converse(self, backoff: Backoff) -> None:
        terms = self.terms
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                reader, writer = await asyncio.open_connection(terms.host, terms.port, ssl=terms.tls or None)
        except (OSError, TimeoutError) as error:
            self._say(f"it cannot be reached: {error or type(error).__name__}")
            return
        link: Link | None = None
        try:
            async with unit_of_work(self._bus) as work:
                stored = await queries.open_session(work, f"venue:{self.name}", terms.target)
            session = Session(
                terms.sender,
                terms.target,
                stored.next_in,
                heartbeat_seconds=terms.heartbeat_seconds,
                is_acceptor=False,
                now=time.monotonic(),
            )
            self._link = link = Link(session, SessionStore(self._bus, stored), writer, keeps=False)
            await self._serve(link, reader, backoff)
        finally:
            if link is not None:
                await link.close()
                with suppress(DomainError, Replaced):
                    await link.store.leave()
            writer.close()

    async def _serve(self, link: Link, reader: asyncio.StreamReader, backoff: Backoff) -> None:
        credentials: Body = tuple(
            (tag, value) for tag, value in ((553, self.terms.username), (554, self._password)) if value
        )
        reason = ""
        try:
            async with asyncio.TaskGroup() as tasks:
                await link.act(link.session.log_on(credentials, reset=self.terms.reset_on_logon))
                tasks.create_task(self._watch(link))
                is_logged_on = False
                async for batch in read_messages(reader, Decoder()):
                    await self._hear(link, batch)
                    if not is_logged_on and link.session.phase is Phase.ACTIVE:
                        is_logged_on = True
                        tasks.create_task(self._get_in_step(link, backoff))
                raise LinkEnded("the counterparty has closed the connection")
        except* (LinkEnded, DomainError, Replaced) as ended:
            reason = str(ended.exceptions[0])
        self._say(reason)

    def _say(self, reason: str) -> None:
        self.trouble = reason
        _log.warning("no FIX session with venue", venue=self.name, reason=reason, seldom=True)

    async def _watch(self, link: Link) -> None:
        since = time.monotonic()
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if link.session.phase is Phase.LOGON and time.monotonic() - since > self.terms.timeout_seconds:
                raise LinkEnded("the Logon was not answered")
            await link.act(link.session.tick(time.monotonic()))
            await link.save()

    async def _hear(self, link: Link, batch: Sequence[Message]) -> None:
        delivered: list[Message] = []
        for message in batch:
            if message.type == MsgType.LOGOUT and message.get(Tag.TEXT):
                _log.warning("counterparty logs out", venue=self.name, text=message.get(Tag.TEXT))
            delivered += await link.hear(message)
        await keep_reports(self._bus, self.name, link.store.session.id, delivered)
        link.handled = link.session.expected
        signs = [message for message in batch if message.type == MsgType.HEARTBEAT]
        for wait in list(self._waits):
            self._answer(wait, [*delivered, *signs])
        reports = [message for message in delivered if message.type == MsgType.EXECUTION_REPORT]
        if reports:
            for listener in self._listeners:
                listener.put_nowait(reports)

    def _answer(self, wait: _Wait, messages: Sequence[Message]) -> None:
        for message in messages:
            refused = message.type in (MsgType.REJECT, MsgType.BUSINESS_MESSAGE_REJECT)
            mine = refused and message.get(Tag.REF_SEQ_NUM) == str(wait.number)
            if wait.done.done() or not (mine or (not refused and wait.answers(message))):
                continue
            wait.heard.append(message)
            if mine or wait.is_last(message):
                wait.done.set_result(wait.heard)
