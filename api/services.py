"""What the API needs of the domain: one attribute per area, given in by whoever composes the process.

Structural on purpose: the composition root does not import this, and a test may pass less than the whole.
"""

from typing import Protocol

from domain.access.service import Access
from domain.kernel.bus import Bus
from domain.market.market import Market


class Services(Protocol):
    """The services of every area."""

    @property
    def access(self) -> Access:
        """Users, sessions, keys and grants."""
        ...

    @property
    def bus(self) -> Bus:
        """What use cases tell other processes over."""
        ...

    @property
    def market(self) -> Market:
        """Instruments, newest quotes and trading hours."""
        ...
