"""An account's figures live: kept in memory from its events, revalued from quotes.

The state is loaded once, then every event replaces what it says has changed, so that the database is not asked again;
old state plus events equals fresh state. Valuation happens when somebody asks, at the newest quotes.
"""

from collections.abc import Iterable
from uuid import UUID

import orjson

from domain.accounts.events import apply_account_snapshot
from domain.accounts.queries import read_books
from domain.accounts.types import AccountBook, AccountEvent
from domain.kernel.errors import NotFound
from domain.market.market import Market
from domain.positions.events import read_position
from domain.positions.queries import PositionKey, read_positions
from domain.positions.types import PositionBook
from domain.positions.valuation import AccountValue, value_all


class LiveAccount:
    """One account and what it holds, at ``sequence`` of its log."""

    def __init__(self, account: AccountBook, positions: dict[PositionKey, PositionBook]) -> None:
        self.account = account
        self.positions = positions

    @classmethod
    async def load(cls, account_id: UUID) -> "LiveAccount":
        """The account as it stands.

        Raises:
            NotFound: there is no such account.
        """
        # The account first: an event between the two reads is then applied again, which changes nothing.
        book = (await read_books([account_id])).get(account_id)
        if book is None:
            raise NotFound("There is no such account.")
        positions = (await read_positions([account_id], include_closed=True))[account_id]
        return cls(book, positions)

    @property
    def sequence(self) -> int:
        """The event up to which this is current."""
        return self.account.event_sequence

    def apply(self, events: Iterable[AccountEvent]) -> None:
        """Take what events say; those that are known already change nothing."""
        for event in events:
            if event.sequence <= self.account.event_sequence:
                continue
            parts = orjson.loads(event.payload)
            apply_account_snapshot(self.account, parts["account"])
            self.account.event_sequence = event.sequence
            for values in parts.get("positions", ()):
                position = read_position(values, event.at)
                self.positions[position.instrument_id, position.bucket] = position

    async def value(self, market: Market) -> AccountValue:
        """What it is worth at the newest quotes."""
        catalog = await market.catalog()
        held = [position for position in self.positions.values() if position.opened_at is not None]
        return value_all(self.account, held, catalog.by_id, market.quote)
