"""The acceptor of FIX clients: it listens, lets in one connection for each API key, and serves each by itself.

One process plays it, under a lease. A standby takes over with the same sessions: their numbers are in the database.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

import structlog

from adapters.fix.decoder import Decoder
from adapters.fix.link import Link, LinkEnded, read_messages
from adapters.fix.message import Header, Message, encode, one_line
from adapters.fix.metrics import REFUSED_LOGONS
from adapters.fix.tags import MsgType, Tag
from adapters.settings.values import Address
from adapters.wiring import ProcessServices
from domain.access.addresses import network_of
from domain.kernel.concurrency import end_tasks
from domain.kernel.errors import DomainError
from domain.kernel.supervision import Guarded
from domain.kernel.time import utc_now
from domain.kernel.unit_of_work import Fence, fenced, unit_of_work
from domain.system.fix import queries
from domain.system.fix.queries import Replaced
from workers.fix.client import Client, Credentials, Refused, authorize, new_session, open_store, read_logon

ROLE = "fix"
MAX_CONNECTIONS = 1_000
# Of these so many may be silent before their Logon.
MAX_SILENT = 200
# Messages are kept for clients that come back within a week; older ones are filled in as gaps.
KEPT = timedelta(days=7)
_LOGON_SECONDS = 10.0
_BEAT_SECONDS = 1.0
_CLEAN_SECONDS = 3_600
_log = structlog.stdlib.get_logger("fix")


class Acceptor:
    """The connections of one process."""

    def __init__(self, services: ProcessServices, comp_id: str, fence: Fence) -> None:
        self._services = services
        self._comp_id = comp_id
        self._fence = fence
        # None while a Logon is being answered.
        self._clients: dict[UUID, Client | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        # Connections that have said nothing, the oldest first, with the networks that they come from.
        self._silent: dict[asyncio.Task[None], str] = {}

    async def run(self, address: Address, progressed: Callable[[], None]) -> None:
        """Listen until cancelled."""
        async with unit_of_work(self._services.bus) as work:
            await queries.leave_sessions(work)
        server = await asyncio.start_server(self._accept, address.host, address.port)
        _log.info("FIX order entry listens", host=address.host, port=address.port)
        try:
            rounds = 0
            while True:
                progressed()
                if rounds % _CLEAN_SECONDS == 0:
                    await self._clean()
                rounds += 1
                await asyncio.sleep(_BEAT_SECONDS)
        finally:
            server.close()
            for client in filter(None, self._clients.values()):
                await client.end("The server is stopping.")
            await end_tasks(*self._tasks)

    async def _clean(self) -> None:
        async with unit_of_work(self._services.bus) as work:
            await queries.forget_old_messages(work, work.now - KEPT)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("",))[0])
        network = network_of(address)
        allowance = self._services.rates.take("address", network)
        if len(self._tasks) >= MAX_CONNECTIONS or (allowance is not None and allowance.wait_seconds):
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer, address))
        self._tasks.add(task)
        self._silent[task] = network
        task.add_done_callback(self._forget)
        if len(self._silent) > MAX_SILENT:
            _giving_way(self._silent).cancel()

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._silent.pop(task, None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        with fenced(self._fence), Guarded(_log, "a FIX connection failed"):
            try:
                await self._converse(reader, writer, address)
            except (LinkEnded, Replaced) as ended:
                _log.info("FIX connection ended", address=address, reason=str(ended))
            finally:
                writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, address: str) -> None:
        messages = read_messages(reader, Decoder())
        try:
            async with asyncio.timeout(_LOGON_SECONDS):
                batch = await anext(messages)
        except (TimeoutError, StopAsyncIteration):
            return
        self._has_spoken()
        first, *rest = batch
        try:
            credentials = read_logon(first, self._comp_id, address)
            actor = await authorize(self._services, credentials)
            key_id = actor.api_key_id
            assert key_id is not None
            if key_id in self._clients:
                raise Refused("This API key has a session that is logged on.")
            self._clients[key_id] = None
        except (Refused, DomainError) as refusal:
            text = f"{refusal.code}: {refusal.message}" if isinstance(refusal, DomainError) else str(refusal)
            _log.warning("FIX logon refused", address=address, reason=text)
            await self._refuse(writer, first, text)
            return
        try:
            link = await self._log_on(writer, first, credentials, key_id)
            if link is None:
                return
            self._clients[key_id] = client = Client(self._services, credentials, key_id, link)
            _log.info("FIX session logged on", session=link.store.session.name, comp_id=credentials.comp_id)
            try:
                reason = await client.serve(messages, rest)
                _log.info("FIX session ended", session=link.store.session.name, reason=reason)
            finally:
                # Also when this process stops: whoever serves next starts from what is stored.
                await self._leave(link)
        finally:
            del self._clients[key_id]

    def _has_spoken(self) -> None:
        """This task's connection does not have to give way to others any more."""
        task = asyncio.current_task()
        if task is not None:
            self._silent.pop(task, None)

    async def _log_on(
        self, writer: asyncio.StreamWriter, first: Message, credentials: Credentials, key_id: UUID
    ) -> Link | None:
        resets = first.get(Tag.RESET_SEQ_NUM_FLAG) == "Y"
        try:
            store = await open_store(self._services, credentials, key_id, resets=resets)
        except Refused as refusal:
            await self._refuse(writer, first, str(refusal))
            return None
        link = Link(new_session(credentials, self._comp_id, store), store, writer)
        try:
            await link.hear(first)
        except LinkEnded:
            await self._leave(link)
            raise
        link.handled = link.session.expected
        return link

    async def _refuse(self, writer: asyncio.StreamWriter, first: Message, text: str) -> None:
        REFUSED_LOGONS.inc()
        header = Header(self._comp_id, first.get(Tag.SENDER_COMP_ID) or "?", 1)
        writer.write(encode(MsgType.LOGOUT, header, ((Tag.TEXT, one_line(text)),), utc_now()))
        try:
            async with asyncio.timeout(1):
                await writer.drain()
        except (OSError, TimeoutError):
            return

    async def _leave(self, link: Link) -> None:
        try:
            await link.close()
            await link.store.leave()
        except (DomainError, Replaced):
            return


def _giving_way(silent: Mapping[asyncio.Task[None], str]) -> asyncio.Task[None]:
    """The connection that gives way: of the network that has most of them the oldest.

    So somebody who opens connections without end keeps nobody else out.
    """
    [(largest, _)] = Counter(silent.values()).most_common(1)
    return next(task for task, network in silent.items() if network == largest)


async def run_acceptor(services: ProcessServices, fence: Fence, progressed: Callable[[], None]) -> None:
    """Accept FIX clients where the settings say, until cancelled."""
    settings = services.settings
    assert settings.fix is not None
    with fenced(fence):
        await Acceptor(services, settings.fix_comp_id, fence).run(settings.fix, progressed)
