"""Ports of notifications: sending messages, and encrypting addresses."""

from typing import Protocol

from domain.system.notifications.types import Message


class NotSent(Exception):
    """A message did not arrive, or its arrival is unknown. ``reason`` is for the channel's owner and has no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unsealable(Exception):
    """An encrypted text cannot be read, because the platform's secret has changed."""


class Messenger(Protocol):
    """Sends messages to addresses."""

    def problem(self, url: str) -> str | None:
        """The fault of an address, for the person who gave it; None when messages can be sent there."""
        ...

    def shown(self, url: str) -> str:
        """The part of an address that may be shown: its kind and, where a person chose one, its server."""
        ...

    async def send(self, url: str, message: Message) -> None:
        """Send one message, within seconds.

        Raises:
            NotSent: it was not accepted.
        """
        ...


class Vault(Protocol):
    """Encrypts stored addresses."""

    def seal(self, text: str) -> str:
        """The text, encrypted."""
        ...

    def open(self, sealed: str) -> str:
        """The sealed text.

        Raises:
            Unsealable: it cannot be read with this secret.
        """
        ...
