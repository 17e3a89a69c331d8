"""The port to the message bus. Messages are hints: PostgreSQL holds the truth, and a message may be lost."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from domain.kernel.errors import Unavailable

Message = tuple[str, bytes]
# What a listener hears in place of messages that it may have missed: read the truth, then go on.
LOST: Message = ("", b"")


class Bus(Protocol):
    """Publish and subscribe by channel name. Sending never blocks or fails; messages may be lost, not altered."""

    def send(self, messages: Sequence[Message]) -> None:
        """Queue messages, in order; the oldest are dropped when the bus is down for long."""
        ...

    def listen(self, *channels: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:
        """Messages of ``channels`` from the moment the context is entered, and ``LOST`` where some may be missing."""
        ...


async def next_message(messages: AsyncIterator[Message]) -> Message:
    """The next message of a listener.

    Raises:
        Unavailable: the bus was closed.
    """
    async for message in messages:
        return message
    raise Unavailable("The bus is closed.")


class NullBus:
    """A bus that delivers nothing: for one-off commands and for tests of stored data."""

    def send(self, messages: Sequence[Message]) -> None:
        """Drop the messages."""

    def listen(self, *channels: str) -> AbstractAsyncContextManager[AsyncIterator[Message]]:  # noqa: ARG002  the port's
        """Yield nothing."""
        raise RuntimeError("nothing is ever published here")
