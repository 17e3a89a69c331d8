"""Deciding on gathered calls with what is in force: calls that come at the same time share a transaction.

Rules, instruments and rights are cached; inside the transaction their versions are compared with the database, and what
turns out to be out of date is loaded anew, the callers' rights are checked again, and everything is decided again. So a
stale cache costs a second try and never a wrong decision. A call that makes the whole transaction fail fails alone.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from uuid import UUID

from domain.access.attribution import Attribution, Origin, attributed, current_origin
from domain.access.authentication import TOPIC as ACCESS
from domain.access.types import Actor
from domain.kernel.coalescer import Coalescer
from domain.kernel.errors import DomainError, Unavailable
from domain.orders.entry.desk import Desk, StaleCache, Terms

# A cache that is newly loaded can only be stale again if something changed in between: a few tries settle it.
_MAX_TRIES = 5
# While one transaction waits for the disk, the next is decided on.
_TRANSACTIONS = 2
# Orders that are decided on at a stretch, with nothing else done meanwhile.
_MAX_GATHERED = 250


@dataclass(frozen=True, slots=True)
class ActorsCall:
    """What somebody asks, and in which request; subclasses say what."""

    actor: Actor
    origin: Origin | None = field(default_factory=current_origin, kw_only=True)

    @property
    def attribution(self) -> Attribution:
        """Who causes what comes of it."""
        return attributed(self.actor, self.origin)


Call = TypeVar("Call", bound=ActorsCall)
Result = TypeVar("Result")
# Decides on calls in one transaction; a call whose place is in the mapping gets that error.
Decide = Callable[[Terms, Sequence[Call], Mapping[int, BaseException]], Awaitable[list[Result | BaseException]]]


class Gathering(Generic[Call, Result]):
    """Gathers calls and decides on them together. ``authorize`` raises what an actor may not do.

    ``accounts`` says which accounts a call is about: a transaction that waits for one does not keep others waiting.
    """

    def __init__(
        self,
        desk: Desk,
        decide: Decide[Call, Result],
        authorize: Callable[[Call], None],
        *,
        accounts: Callable[[Call], Collection[UUID]],
        weigh: Callable[[Call], int] = lambda _: 1,
    ) -> None:
        self._desk = desk
        self._decide = decide
        self._authorize = authorize
        self._coalescer = Coalescer[Call, Result](
            self._run, weigh=weigh, keys=accounts, max_batch=_MAX_GATHERED, width=_TRANSACTIONS
        )

    async def submit(self, call: Call) -> Result:
        """Hand in a call of an authorised actor and wait for its own result.

        Raises:
            RateLimited: too many calls wait; nothing was done.
            Unavailable: the database is away, and the outcome unknown.
            DomainError: what ``decide`` answered to this call.
        """
        return await self._coalescer.submit(call)

    async def _run(self, calls: Sequence[Call]) -> list[Result | BaseException]:
        """Run gathered calls in one transaction; if it fails as a whole, each alone, so that none spoils another."""
        try:
            return await self._with_current_terms(list(calls))
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  it belongs to one of the callers; alone, each gets its own
            if len(calls) == 1:
                return [error]
            return [outcome for call in calls for outcome in await self._run([call])]

    async def _with_current_terms(self, calls: list[Call]) -> list[Result | BaseException]:
        for _ in range(_MAX_TRIES):
            terms = await self._desk.terms()
            # Rights as of the version that the transaction compares: a caller's own may be older.
            refused = await self._authorize_at(calls, terms.versions[ACCESS])
            try:
                return await self._decide(terms, calls, refused)
            except StaleCache as stale:
                await self._desk.renew(stale.versions)
        raise Unavailable("The configuration is changing too fast; try again.")

    async def _authorize_at(self, calls: list[Call], version: int) -> dict[int, BaseException]:
        refused: dict[int, BaseException] = {}
        for place, call in enumerate(calls):
            try:
                actor = await self._desk.authenticator.at(call.actor, version)
                if actor is not call.actor:
                    calls[place] = replace(call, actor=actor)
                    self._authorize(calls[place])
            except DomainError as error:
                refused[place] = error
        return refused
