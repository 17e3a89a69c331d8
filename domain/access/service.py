"""The dependencies of the access area, put together once per process."""

from dataclasses import dataclass, field

from domain.access.authentication import TOPIC, Authenticator
from domain.access.password_hashing import Passwords
from domain.access.refusals import Refusals
from domain.access.repeats import Repeats
from domain.access.throttle import Throttle
from domain.access.tokens import TokenSigner
from domain.access.types import Actor
from domain.kernel.bus import Bus
from domain.kernel.cache import bump
from domain.kernel.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Access:
    """The area's dependencies; each use case takes it first. ``secret`` is the platform's."""

    bus: Bus
    signer: TokenSigner
    passwords: Passwords
    throttle: Throttle
    authenticator: Authenticator
    refusals: Refusals
    repeats: Repeats
    secret: str = field(repr=False)

    async def authenticate(self, credential: str) -> Actor:
        """The actor of an access token or API key: see ``Authenticator.authenticate``."""
        return await self.authenticator.authenticate(credential)

    async def changed(self, work: UnitOfWork) -> None:
        """Mark the rights of actors as changed by ``work``: a step of use cases that open accounts or change users."""
        await bump(work, TOPIC)
        # The bus tells this process too, but its own next request may come sooner.
        work.after_commit(self.authenticator.look_again)

    async def close(self) -> None:
        """Wait until pending writes are done."""
        await self.authenticator.close()


def make_access(*, secret: str, bus: Bus, throttle: Throttle, passwords: Passwords | None = None) -> Access:
    """Put the area together; ``secret`` signs access tokens and must be the same in every process.

    Raises:
        ValueError: the secret is shorter than 32 characters.
    """
    signer = TokenSigner(secret)
    authenticator = Authenticator(signer, bus)
    refusals, repeats = Refusals(bus), Repeats(bus)
    return Access(bus, signer, passwords or Passwords(), throttle, authenticator, refusals, repeats, secret)
