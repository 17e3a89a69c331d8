"""Reports of a counterparty that must not be lost: stored before their numbers count as taken, and read again."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import structlog

from adapters.fix import code_sets
from adapters.fix.decoder import split
from adapters.fix.message import Malformed, Message
from adapters.fix.tags import MsgType, Tag
from adapters.venues.fix.translation import KEPT, order_of
from domain.kernel.bus import Bus
from domain.kernel.time import Nanos, utc_now
from domain.kernel.unit_of_work import unit_of_work
from domain.orders.venues.types import order_id_of
from domain.system.fix import queries
from domain.system.fix.stored import StoredRequest

_log = structlog.stdlib.get_logger("venue")


async def keep_reports(bus: Bus, venue: str, session_id: UUID, messages: Sequence[Message]) -> None:
    """Store the reports that must not be lost, before they count as received."""
    reports = [message for message in messages if message.type == MsgType.EXECUTION_REPORT]
    kept = [message for message in reports if message.get(Tag.EXEC_TYPE) in KEPT and message.get(Tag.EXEC_ID)]
    replaced = [message for message in reports if message.get(Tag.EXEC_TYPE) == code_sets.REPLACED]
    if not kept and not replaced:
        return
    now = utc_now()
    rows = {}
    for message in kept:
        if message.get(Tag.EXEC_TYPE) != code_sets.TRADE:
            corrected = message.get(Tag.EXEC_REF_ID)
            _log.warning("a counterparty cancels or corrects a fill", venue=venue, execution=corrected)
        with suppress(Malformed):
            at = message.time(Tag.TRANSACT_TIME) or now
            rows[message.text(Tag.EXEC_ID)] = ("".join(f"{tag}={value}\x01" for tag, value in message.fields), at)
    async with unit_of_work(bus) as work:
        await queries.add_reports(work, session_id, rows)
        for message in replaced:
            order_id, name = order_id_of(order_of(message)), message.get(Tag.CL_ORD_ID)
            if order_id is not None and name is not None and len(name) <= queries.MAX_COMP_ID:
                original = message.get(Tag.ORIG_CL_ORD_ID) or ""
                row = StoredRequest(
                    client_order_id=name,
                    original_id=original[: queries.MAX_COMP_ID],
                    kind="G",
                    order_id=order_id,
                    created_at=now,
                )
                await queries.add_request(work, session_id, row)


async def kept_reports(session_id: UUID, since: Nanos) -> list[Message]:
    """The kept fills, corrections and busts from a time on, oldest first."""
    return _messages(await queries.read_reports(session_id, since.to_datetime()))


async def kept_corrections(session_id: UUID, since: Nanos) -> list[Message]:
    """The kept corrections and busts from a time on, oldest first."""
    return _messages(await queries.read_corrections(session_id, since.to_datetime()))


async def newest_name(session_id: UUID, client_order_id: str) -> str:
    """The ClOrdID that an order has now: that of its last replacement."""
    order_id = order_id_of(client_order_id)
    assert order_id is not None
    rows = await queries.read_requests(session_id, order_id)
    return rows[-1].client_order_id if rows else client_order_id


def _messages(bodies: Sequence[str]) -> list[Message]:
    found = (split(body.encode(errors="surrogateescape")) for body in bodies)
    return [Message(fields) for fields in found if fields is not None]
