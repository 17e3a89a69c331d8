"""What the API needs of the domain: one attribute per area, given in by whoever composes the process.

Structural on purpose: the composition root does not import this, and a test may pass less than the whole.
"""

from typing import Protocol

from domain.access.types import Actor


class Access(Protocol):
    """Knows who a bearer token stands for."""

    async def authenticate(self, token: str) -> Actor:
        """The actor of a valid session or API key.

        Raises:
            Unauthenticated: the token is wrong, expired or revoked.
        """
        ...


class Services(Protocol):
    """The services of every area."""

    @property
    def access(self) -> Access:
        """Users, sessions, keys and grants."""
        ...
