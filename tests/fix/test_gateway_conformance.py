"""The gateway to a counterparty keeps the port's promises: the tests of all adapters, against QuickFIX's acceptor."""

import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.venues.fix.gateway import fix_venue
from adapters.venues.venue_settings import VenueSetting
from domain.orders.venues.port import Venue
from tests.support.fix_client import FixPeer, peer
from tests.support.ports import free_port
from tests.venues.conformance import test_conformance as conformance

TERMS = """
[session]
host = "127.0.0.1"
port = {port}
sender = "DESK"
target = "HOUSE"
reset_on_logon = {reset}

[symbols]
COIN = "COIN/USD"
"""


class FixStand:
    """The gateway, and QuickFIX as the exchange."""

    def __init__(self, venue: Venue, house: FixPeer) -> None:
        self.venue = venue
        self.symbol = "COIN"
        self.house = house

    def tell(self, what: str, **given: Any) -> None:
        """Send a command to the exchange and wait until it is done."""
        self.house.command(exchange={"what": what, **given})
        self.house.expect("done")

    async def quote(self, bid: str, ask: str, size: str = "1000") -> None:
        self.tell("quote", symbol="COIN/USD", bid=bid, ask=ask)

    async def restate(self, client_order_id: str, quantity: str) -> None:
        self.tell("restate", id=client_order_id, quantity=quantity)

    async def lose_next_answer(self) -> None:
        self.tell("fault", kind="answer")

    async def lose_next_request(self) -> None:
        self.tell("fault", kind="request")

    async def be_unreachable(self) -> None:
        # It stands still, as a machine that is overloaded does.
        self.house.process.send_signal(signal.SIGSTOP)
        session: Any = self.venue._session  # type: ignore[attr-defined]
        session.terms = replace(session.terms, timeout_seconds=0.2)

    async def hang_up(self) -> None:
        self.tell("break")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FixPeer, int]]:
    """One exchange for all tests of this module."""
    port = free_port()
    with peer(tmp_path_factory.mktemp("house"), type="acceptor", port=port, sender="HOUSE", target="DESK") as started:
        yield started, port


@pytest.fixture
async def stand(database: str, house: tuple[FixPeer, int], tmp_path: Path) -> AsyncIterator[FixStand]:
    path = tmp_path / "house.toml"
    path.write_text(TERMS.format(port=house[1], reset="true"))
    configured = fix_venue(VenueSetting("house", "fix", str(path), {}))
    nothing: Any = None
    async with configured.open(nothing) as venue:
        made = FixStand(venue, house[0])
        made.tell("clear")
        await made.quote("99.9", "100.1")
        yield made
        made.house.process.send_signal(signal.SIGCONT)


for _name, _test in vars(conformance).items():
    if _name.startswith("test_"):
        globals()[_name] = _test
