"""The stored part of a session: its sequence numbers, and the messages that may have to be resent."""

from collections.abc import Sequence

from domain.kernel.bus import Bus
from domain.kernel.unit_of_work import unit_of_work
from domain.system.fix import queries
from domain.system.fix.stored import StoredMessage, StoredSession

# So many messages are read at once when they are sent again.
PAGE = 500


class SessionStore:
    """Stores what happens in one connection; another connection of the session makes all of it fail (``Replaced``)."""

    def __init__(self, bus: Bus, session: StoredSession) -> None:
        self.session = session
        self._bus = bus

    async def save(self, sent: Sequence[StoredMessage] = ()) -> None:
        """Store numbers, cursors and messages about to be sent."""
        async with unit_of_work(self._bus) as work:
            await queries.save_session(work, self.session, sent)

    async def reset(self) -> None:
        """Count from 1 again."""
        self.session.next_in = self.session.next_out = 1
        async with unit_of_work(self._bus) as work:
            await queries.save_session(work, self.session)
            await queries.forget_messages(work, self.session)

    async def leave(self) -> None:
        """Note that the connection is gone."""
        async with unit_of_work(self._bus) as work:
            await queries.leave_session(work, self.session)

    async def read(self, begin: int, end: int) -> list[StoredMessage]:
        """The next stored messages with these numbers."""
        return await queries.read_messages(self.session.id, begin, end, PAGE)
