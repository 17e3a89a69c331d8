"""Authentication: turns a credential into the actor that it stands for, once per request.

The content of a credential never changes, so a verified credential is remembered. The rights of its holder can change,
so they are cached per version of the topic ``access``: a transaction that changes a user, a session, a key, a grant or
an owner raises that version. A process reads the version when the bus announces a change, and at the latest one second
after the last read. A credential that cannot be looked up is refused.
"""

import asyncio
import contextvars
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

import structlog

from domain.access import actor_queries, key_store
from domain.access.tokens import KEY_MARK, MAX_CREDENTIAL_LENGTH, TokenSigner, digest, key_prefix
from domain.access.types import Actor, Via
from domain.kernel.bus import Bus
from domain.kernel.cache import VersionedCache
from domain.kernel.errors import DomainError, Unauthenticated
from domain.kernel.time import now_seconds
from domain.kernel.unit_of_work import unit_of_work

TOPIC = "access"
FRESH_SECONDS = 1.0
KEY_USE_SECONDS = 60.0
MAX_REMEMBERED = 10_000
_EXPIRED = "Your session has expired."
_log = structlog.stdlib.get_logger("access")


@dataclass(slots=True)
class _Proof:
    """The content of a verified credential.

    ``holder`` names the session or key; ``noted_at`` is the last use that was written.
    """

    via: Via
    holder: UUID
    expires_at: datetime | None
    expires: float
    noted_at: float = 0.0


_Holder = tuple[UUID, datetime | None]


class Authenticator:
    """Turns credentials into actors. Its caches are bounded and can be lost at any time."""

    def __init__(
        self,
        signer: TokenSigner,
        bus: Bus,
        *,
        clock: Callable[[], float] = now_seconds,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # The actors of one version; a new version begins with none.
        self.cache: VersionedCache[dict[_Holder, Actor]] = VersionedCache(TOPIC, _no_actors)
        self._signer = signer
        self._bus = bus
        self._clock = clock
        self._monotonic = monotonic
        self._proofs: dict[str, _Proof] = {}
        self._looked_at = float("-inf")
        self._looking: asyncio.Task[dict[_Holder, Actor]] | None = None
        # How many changes this process has heard of, and of how many the look under way will tell.
        self._heard = 0
        self._looking_for = 0
        self._noting: set[asyncio.Task[None]] = set()

    async def authenticate(self, credential: str) -> Actor:
        """The actor of an access token or API key, no more than a second out of date.

        Raises:
            Unauthenticated: the credential is wrong, has expired or was revoked, or its user is not active.
            Unavailable: the database cannot be asked.
        """
        proof = self._proofs.get(credential)
        if proof is None:
            proof = await self._prove(credential)
        if proof.expires <= self._clock():
            self._proofs.pop(credential, None)
            raise Unauthenticated(_EXPIRED if proof.via == "session" else "This API key has expired.")
        actors = await self._current()
        actor = actors.get((proof.holder, proof.expires_at))
        if actor is None:
            actor = await self._load(actors, proof.via, proof.holder, proof.expires_at)
        if proof.via == "api_key" and self._monotonic() - proof.noted_at > KEY_USE_SECONDS:
            self._note_use(proof)
        return actor

    async def at(self, actor: Actor, version: int) -> Actor:
        """The same actor at ``version`` of the topic or newer: for decisions that check versions in their transaction.

        Raises:
            Unauthenticated: its credential was revoked or its user made inactive.
        """
        holder = actor.session_id or actor.api_key_id
        if actor.via == "system" or holder is None:
            return actor
        actors = await self.cache.at(version)
        found = actors.get((holder, actor.expires_at))
        return found or await self._load(actors, actor.via, holder, actor.expires_at)

    async def fresh(self, actor: Actor) -> Actor:
        """The same actor with its present rights: checked before an object counts as not found.

        Raises:
            Unauthenticated: its credential was revoked or its user made inactive.
        """
        await self.refresh()
        return await self.at(actor, version=0)

    async def refresh(self) -> None:
        """Read the topic's version now: called when the bus announces a change."""
        self.look_again()
        await self._look()

    def look_again(self) -> None:
        """Read the topic's version before the next answer: called after a change that this process committed."""
        self._heard += 1
        self._looked_at = float("-inf")

    async def close(self) -> None:
        """Wait until pending writes are done."""
        await asyncio.gather(*self._noting)

    async def _current(self) -> dict[_Holder, Actor]:
        if self._monotonic() - self._looked_at > FRESH_SECONDS:
            return await self._look()
        return await self.cache.current()

    async def _look(self) -> dict[_Holder, Actor]:
        """Read the version once for all callers that wait."""
        heard = self._heard
        while True:
            if self._looking is None or self._looking.done():
                self._looking_for = self._heard
                # A context of its own: nothing of the request that happens to be first may leak into it.
                self._looking = asyncio.get_running_loop().create_task(self._refresh(), context=contextvars.Context())
                self._looking.add_done_callback(_seen)
            recent = self._looking_for >= heard
            # Shielded: one impatient client must not take the answer from the others.
            actors = await asyncio.shield(self._looking)
            if recent:
                return actors
            # That look had begun before the change that this caller must see.

    async def _refresh(self) -> dict[_Holder, Actor]:
        started, heard = self._monotonic(), self._heard
        actors = await self.cache.refresh()
        if heard == self._heard:
            self._looked_at = started
        return actors

    async def _prove(self, credential: str) -> _Proof:
        if not 0 < len(credential) <= MAX_CREDENTIAL_LENGTH:
            raise Unauthenticated("This credential is not valid; sign in.")
        if credential.startswith(KEY_MARK):
            proof = await self._prove_key(credential)
        else:
            claims = self._signer.read(credential)
            proof = _Proof("session", claims.session_id, claims.expires_at, claims.expires_at.timestamp())
        if len(self._proofs) >= MAX_REMEMBERED:
            del self._proofs[next(iter(self._proofs))]
        self._proofs[credential] = proof
        return proof

    async def _prove_key(self, key: str) -> _Proof:
        prefix = key_prefix(key)
        found = await key_store.find_key_secret(prefix) if prefix else None
        if found is None or not compare_digest(found.secret_hash, digest(key)):
            raise Unauthenticated("This API key is not valid.")
        expires = found.expires_at.timestamp() if found.expires_at else float("inf")
        return _Proof("api_key", found.id, found.expires_at, expires, noted_at=float("-inf"))

    async def _load(self, actors: dict[_Holder, Actor], via: Via, holder: UUID, expires_at: datetime | None) -> Actor:
        load = actor_queries.load_session_actor if via == "session" else actor_queries.load_key_actor
        actor = await load(holder, expires_at)
        if actor is None:
            raise Unauthenticated(
                "Your session has ended; sign in again." if via == "session" else "This API key does not work any more."
            )
        if len(actors) >= MAX_REMEMBERED:
            del actors[next(iter(actors))]
        # Into the version that was current before the rows were read, so it is at least as new as that.
        actors[holder, expires_at] = actor
        return actor

    def _note_use(self, proof: _Proof) -> None:
        """Write the time of the key's use, after the request's own work and at most once a minute."""
        proof.noted_at = self._monotonic()
        task = asyncio.get_running_loop().create_task(self._write_use(proof.holder), context=contextvars.Context())
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write_use(self, key_id: UUID) -> None:
        try:
            async with unit_of_work(self._bus) as work:
                await key_store.note_key_use(work, key_id, unless_since=work.now - timedelta(seconds=KEY_USE_SECONDS))
        except DomainError as error:
            _log.warning("could not note the use of an API key", key_id=str(key_id), error=error.message)


def _seen(task: "asyncio.Task[dict[_Holder, Actor]]") -> None:
    """Retrieve the error of a look-up for which no caller waits any more; callers that wait get it raised."""
    if not task.cancelled():
        task.exception()


async def _no_actors() -> dict[_Holder, Actor]:
    return {}
