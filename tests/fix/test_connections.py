"""Connections that never log on, and logons of anything: nobody else is kept out, and each hears why it is refused."""

import asyncio
from contextlib import ExitStack

import pytest

from adapters.fix.message import Header, encode
from adapters.fix.tags import MsgType, Tag
from cli.processes import raise_descriptor_limit
from domain.kernel.time import utc_now
from tests.support.desk import Desk
from tests.support.installation import Process
from tests.support.waiting import PATIENCE_SECONDS
from workers.fix.acceptor import MAX_CONNECTIONS, _giving_way


def logon(key: str, sender: str = "BOT") -> bytes:
    fields = ((Tag.ENCRYPT_METHOD, "0"), (Tag.HEART_BT_INT, "30"), (Tag.PASSWORD, key))
    return encode(MsgType.LOGON, Header(sender, "TRADEGRAPH", 1), fields, utc_now())


async def answer(port: int, sent: bytes) -> bytes:
    """All that the server says to these bytes until it closes."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        said = await reader.read()
        writer.close()
        return said


async def test_silent_connections_keep_nobody_out(desk: Desk, fix_port: int) -> None:
    raise_descriptor_limit()
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS + 50):
            _, writer = await asyncio.open_connection("127.0.0.1", fix_port)
            stack.callback(writer.close)
        assert b"UNAUTHENTICATED" in await answer(fix_port, logon("tg_wrong"))


async def test_the_oldest_connection_of_the_largest_network_gives_way() -> None:
    networks = ["192.0.2.1", "192.0.2.7", "2001:db8::", "2001:db8::", "192.0.2.8"]
    silent = {asyncio.create_task(asyncio.sleep(0)): network for network in networks}
    assert _giving_way(silent) is list(silent)[2]


@pytest.mark.parametrize("key", ["\udcff", "x" * 60_000, "tg_\udcc3\udca9", "a\nb", "'; DROP TABLE users; --"])
async def test_any_password_is_refused_with_a_reason(desk: Desk, engine: Process, fix_port: int, key: str) -> None:
    begun = len(engine.output)
    said = await answer(fix_port, logon(key, "BOT\n2026-01-31T09:30:00Z [info ] forged"))
    assert b"\x0135=5\x01" in said
    assert b"UNAUTHENTICATED" in said
    told = engine.output[begun:]
    assert "Traceback" not in told
    assert "\n2026-01-31T09:30:00Z" not in told
