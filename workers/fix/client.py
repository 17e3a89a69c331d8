"""One connection of a client: its Logon, its requests and its reports, until it ends."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

import structlog

from adapters.fix.link import Link, LinkEnded
from adapters.fix.message import Malformed, Message
from adapters.fix.reports import Out, business_reject
from adapters.fix.session import Session
from adapters.fix.store import SessionStore
from adapters.fix.tags import BusinessReject, MsgType, Tag
from adapters.wiring import ProcessServices
from domain.access.key_limits import admits
from domain.access.types import Actor, KeyScope
from domain.kernel.errors import DomainError, Forbidden, Unauthenticated
from domain.kernel.unit_of_work import unit_of_work
from domain.system.fix import queries
from domain.system.fix.queries import Replaced
from workers.fix.reporting import ClientReports
from workers.fix.requests import Asked, ClientRequests

MAX_HEARTBEAT_SECONDS = 600
_CHECK_SECONDS = 0.5
_log = structlog.stdlib.get_logger("fix")


class Refused(Exception):
    """The Logon is refused; the text is for the client."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials in a Logon, and the address of its sender."""

    key: str
    comp_id: str
    address: str
    heartbeat_seconds: int


def read_logon(message: Message, comp_id: str, address: str) -> Credentials:
    """The credentials in a Logon.

    Raises:
        Refused: it is none, or not one that is served here.
    """
    try:
        if message.type != MsgType.LOGON:
            raise Refused("The first message must be a Logon.")
        message.check(Tag.SENDER_COMP_ID, Tag.ENCRYPT_METHOD, Tag.HEART_BT_INT)
        heartbeat = message.number(Tag.HEART_BT_INT)
    except Malformed as fault:
        raise Refused(fault.text) from fault
    if message.get(Tag.TARGET_COMP_ID) != comp_id:
        raise Refused(f"TargetCompID must be {comp_id}.")
    if message.text(Tag.ENCRYPT_METHOD) != "0":
        raise Refused("EncryptMethod must be 0 (none).")
    if not 1 <= heartbeat <= MAX_HEARTBEAT_SECONDS:
        raise Refused(f"HeartBtInt must be 1 to {MAX_HEARTBEAT_SECONDS} seconds.")
    sender = message.text(Tag.SENDER_COMP_ID)
    if len(sender) > queries.MAX_COMP_ID or not sender.isascii():
        raise Refused(f"SenderCompID must be ASCII, {queries.MAX_COMP_ID} characters at most.")
    key = message.get(Tag.PASSWORD) or message.get(Tag.RAW_DATA)
    if not key:
        raise Refused("UNAUTHENTICATED: give an API key as Password (554) or RawData (96).")
    return Credentials(key, sender, address, heartbeat)


async def authorize(services: ProcessServices, credentials: Credentials) -> Actor:
    """The actor of the key, if it may trade by FIX from where it is.

    Raises:
        DomainError: it may not.
    """
    actor = await services.access.authenticator.authenticate(credentials.key)
    if actor.via != "api_key":
        raise Unauthenticated("Give an API key: a session token is not accepted here.")
    if not admits(actor.addresses, credentials.address):
        raise Forbidden("This API key does not work from this address.")
    if KeyScope.TRADE not in actor.scopes:
        raise Forbidden("This API key lacks the scope TRADE, which order entry needs.")
    return actor


class Client:
    """A client that has logged on. ``key_id`` names its session."""

    def __init__(self, services: ProcessServices, credentials: Credentials, key_id: UUID, link: Link) -> None:
        self._services = services
        self._credentials = credentials
        self._key_id = key_id
        self._link = link

    async def serve(self, messages: AsyncIterator[list[Message]], first: Sequence[Message]) -> str:
        """Serve until the connection ends; returns the reason."""
        store = self._link.store.session
        asked = Asked(await queries.read_asked(store.id))
        reason = ""
        try:
            async with asyncio.TaskGroup() as tasks:
                reports = ClientReports(self._services, self._link, self._key_id, asked, tasks)
                requests = ClientRequests(self._services, store.id, self._key_id, asked, reports.reach)
                reports.begin()
                tasks.create_task(self._link.watch())
                tasks.create_task(self._check())
                await self._hear(first, requests)
                async for batch in messages:
                    await self._hear(batch, requests)
                raise LinkEnded("the client has disconnected")
        except* (LinkEnded, DomainError, Replaced) as ended:
            reason = _reason(ended)
        return reason

    async def end(self, text: str) -> None:
        """Say why the connection ends; it may be too late for that."""
        try:
            await self._link.act(self._link.session.end(text))
        except (LinkEnded, DomainError, Replaced):
            return

    async def _hear(self, batch: Sequence[Message], requests: ClientRequests) -> None:
        """Take messages that have come at once. New orders among them that follow each other go in together."""
        run: list[Message] = []
        for message in batch:
            if message.type != MsgType.NEW_ORDER_SINGLE and run:
                await self._deal_with(run, requests)
                run = []
            run += await self._link.hear(message)
            if not run:
                self._link.handled = self._link.session.expected
        if run:
            await self._deal_with(run, requests)

    async def _deal_with(self, run: Sequence[Message], requests: ClientRequests) -> None:
        actor = await self._authorized()
        answers: list[Out] = []
        for is_new, part in groupby(run, lambda message: message.type == MsgType.NEW_ORDER_SINGLE):
            admitted = [message for message in part if self._is_admitted(message, answers)]
            if is_new:
                answers += await requests.place(admitted, actor)
            else:
                for message in admitted:
                    answers += await requests.answer(message, actor)
        self._link.handled = self._link.session.expected
        if answers:
            await self._link.send_all(answers)

    def _is_admitted(self, message: Message, answers: list[Out]) -> bool:
        if message.type == MsgType.REJECT:
            _log.warning("a client rejects a message", text=message.get(Tag.TEXT), number=message.get(Tag.REF_SEQ_NUM))
            return False
        allowance = self._services.rates.take("actor", str(self._key_id))
        if allowance is None or not allowance.wait_seconds:
            return True
        rate = allowance.rate
        text = f"RATE_LIMITED: at most {rate.per_second:g} a second, {rate.burst} at once."
        answers.append(business_reject(message, BusinessReject.OTHER, text))
        return False

    async def _check(self) -> None:
        """Check the key again and again: an invalid one ends the connection. Store the number of processed messages."""
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            await self._authorized()
            await self._link.save()

    async def _authorized(self) -> Actor:
        try:
            return await authorize(self._services, self._credentials)
        except (Unauthenticated, Forbidden) as error:
            await self.end(f"{error.code}: {error.message}")
            raise LinkEnded(error.message) from error


def new_session(credentials: Credentials, comp_id: str, store: SessionStore) -> Session:
    """The rules of a client's session, from where it was left."""
    return Session(
        comp_id,
        credentials.comp_id,
        store.session.next_in,
        heartbeat_seconds=credentials.heartbeat_seconds,
        is_acceptor=True,
        now=time.monotonic(),
    )


async def open_store(
    services: ProcessServices, credentials: Credentials, key_id: UUID, *, resets: bool
) -> SessionStore:
    """The session of a key, which this connection takes.

    Raises:
        Refused: the key's session is of another CompID, and is not to begin anew.
    """
    name = f"key:{key_id}"
    known = await queries.find_session(name)
    if known is not None and known.comp_id != credentials.comp_id and not resets:
        raise Refused(f"The session of this API key is that of SenderCompID {known.comp_id}; reset it to change that.")
    async with unit_of_work(services.bus) as work:
        return SessionStore(services.bus, await queries.open_session(work, name, credentials.comp_id))


def _reason(group: BaseExceptionGroup[BaseException]) -> str:
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return str(found)
