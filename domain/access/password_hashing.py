"""Password hashing: argon2id in a bounded number of threads; an unknown user costs the same work as a known one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from domain.kernel.errors import RateLimited

# Each hash takes 64 MiB and a tenth of a second of a core.
CONCURRENT_HASHES = 2
MAX_WAITING = 128


class Passwords:
    """Hashes and verifies.

    At most ``CONCURRENT_HASHES`` run at once and ``MAX_WAITING`` wait; further calls are refused.
    """

    def __init__(self, hasher: PasswordHash | None = None) -> None:
        self._hasher = hasher or PasswordHash([Argon2Hasher()])
        self._turns = asyncio.Semaphore(CONCURRENT_HASHES)
        self._waiting = 0
        # Verified against when there is nobody: the answer must take as long as for a person.
        self._nobody: str | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn to hash.

        Raises:
            RateLimited: too many wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise RateLimited("Too many sign-ins are waiting; try again shortly.", retryAfterSeconds=2)
        self._waiting += 1
        try:
            async with self._turns:
                yield
        finally:
            self._waiting -= 1

    async def hash(self, password: str) -> str:
        """The hash to store, with its parameters and salt."""
        async with self.turn():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def verify(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """A pair: True if ``password`` is the stored one, and a new hash when the stored one's parameters are outdated.

        Call it within ``turn``. ``stored`` None costs the same and never matches.
        """
        if self._nobody is None:
            # Made at the first sign-in, whoever it is: most processes never see one, and making it costs as much.
            self._nobody = await asyncio.to_thread(self._hasher.hash, "a password that no user has")
        if stored is None:
            await asyncio.to_thread(self._hasher.verify, password, self._nobody)
            return False, None
        return await asyncio.to_thread(self._hasher.verify_and_update, password, stored)
