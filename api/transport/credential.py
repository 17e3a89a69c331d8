"""The credential of a connection that stays open: checked again when rights may have changed, and over in time."""

import asyncio
from collections.abc import Callable

from api.errors import RequestError
from api.graphql.runner import Caller, OperationRunner
from domain.kernel.errors import DomainError, Unauthenticated
from domain.kernel.time import utc_now

_EXPIRED = "Your session has expired."


class Credential:
    """The person or program that is signed in on one connection.

    ``changed`` is called with the caller when a role or grant has changed, ``lost`` with the reason when the credential
    stops working.
    """

    def __init__(
        self,
        runner: OperationRunner,
        address: str,
        device: str,
        changed: Callable[[Caller], None],
        lost: Callable[[DomainError], None],
    ) -> None:
        self._runner = runner
        self._address = address
        self._device = device
        self._changed = changed
        self._lost = lost
        self._expiry: asyncio.TimerHandle | None = None
        self.caller: Caller | None = None

    async def identify(self, token: str | None) -> Caller:
        """The caller of a token.

        Raises:
            DomainError: there is no token, or it does not work.
            RequestError: it cannot be checked now.
        """
        caller = await self._runner.identify(token, self._address, self._device)
        if caller.actor is None:
            raise caller.refusal or Unauthenticated("Sign in first.")
        return caller

    def accept(self, caller: Caller) -> None:
        """Let the caller in, until the credential expires."""
        self.caller = caller
        self.close()
        expires_at = caller.actor.expires_at if caller.actor else None
        if expires_at is not None:
            seconds = (expires_at - utc_now()).total_seconds()
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(seconds, self._lost, Unauthenticated(_EXPIRED))

    async def current(self) -> Caller | None:
        """The present caller; None before sign-in.

        Raises:
            DomainError: the credential does not work any more.
            RequestError: it cannot be checked now.
        """
        if self.caller is None or self.caller.token is None:
            return None
        caller = await self.identify(self.caller.token)
        if caller.actor != self.caller.actor:
            self.accept(caller)
            self._changed(caller)
        return self.caller

    async def review(self) -> None:
        """Check the credential again; who cannot be asked about now is asked about the next time."""
        try:
            await self.current()
        except DomainError as error:
            self._lost(error)
        except RequestError:
            return

    def close(self) -> None:
        """Stop watching the credential, because the connection has ended."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
