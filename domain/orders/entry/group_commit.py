"""Group commit: calls that come at the same time are decided on in one transaction and committed together.

The way of a call: ``submit`` puts it into a queue; ``_drain`` takes the next batch from the queue; ``_outcomes``
decides on the batch in one transaction; each caller gets its own outcome. An idle caller waits for nobody. The queue is
bounded: beyond the bound callers are refused at once. Batches that are in flight at the same time have no account in
common, so that none waits for the locks of another, and the calls of an account run in the order in which they came.

Instruments, rules and rights are cached. The transaction compares their versions with the database; on a difference
the caches are renewed, the rights of the callers are checked again, and the batch is decided again. So a stale cache
costs a second try and never a wrong decision. A call that makes the whole transaction fail fails alone.
"""

import asyncio
import contextvars
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from domain.access.attribution import Attribution, Origin, attributed, current_origin
from domain.access.authentication import TOPIC as ACCESS
from domain.access.types import Actor
from domain.kernel.errors import DomainError, RateLimited, Unavailable
from domain.kernel.time import Nanos
from domain.kernel.values import unguarded
from domain.orders.entry.context import OrderContext, ReferenceData, StaleCache

# A cache that is newly loaded can only be stale again if something changed in between: a few tries settle it.
_MAX_TRIES = 5
# While one batch waits for the disk, the next is decided on.
_MAX_BATCHES_IN_FLIGHT = 2
# Orders that are decided on at a stretch, with nothing else done meanwhile.
_MAX_BATCH = 250
_MAX_WAITING = 20_000
# Calls whose accounts are busy that a batch passes over, at most, in search of others.
_MAX_PASSED_OVER = 1_000
# The longest that a call waits for others while a batch is in flight. A small batch costs as much as a large one.
LONGEST_WAIT_SECONDS = 0.003
# What each batch leaves of the largest number of calls at once, where fewer come.
_REMEMBERED_SHARE = 0.9


@unguarded
@dataclass(frozen=True, slots=True)
class ActorsCall(ABC):
    """A request with the actor who makes it, and the HTTP request that it came in."""

    actor: Actor
    origin: Origin | None = field(default_factory=current_origin, kw_only=True)

    @property
    def attribution(self) -> Attribution:
        """The author of the call's changes."""
        return attributed(self.actor, self.origin)

    @property
    @abstractmethod
    def accounts(self) -> Collection[UUID]:
        """The accounts that the call locks."""

    @property
    def weight(self) -> int:
        """The number of orders that are decided on."""
        return 1

    @abstractmethod
    def authorize(self) -> None:
        """Check that the actor may make the call.

        Raises:
            Forbidden, NotFound: it may not.
        """


Call = TypeVar("Call", bound=ActorsCall)
Result = TypeVar("Result")
# Decides on calls in one transaction; a call whose place is in the mapping is refused with that error.
Decide = Callable[[ReferenceData, Sequence[Call], Mapping[int, BaseException]], Awaitable[list[Result | BaseException]]]


@unguarded
@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Call, Result]):
    call: Call
    accounts: frozenset[UUID]
    future: "asyncio.Future[Result]"


class Crowd:
    """The callers that were here at once lately.

    A batch that begins beside another one waits for half of them: otherwise it would be of the first that comes, and
    the others would wait for it.
    """

    def __init__(self) -> None:
        self._size = 0.0

    def count(self, present: int) -> None:
        """Count those that are here as a batch begins."""
        self._size = max(present, self._size * _REMEMBERED_SHARE)

    def half_is_here(self, waiting: int) -> bool:
        """True if ``waiting`` callers are at least half of them."""
        return waiting >= self._size / 2


class AccountTurns:
    """The accounts of the batches in flight, for one or several group commits that take turns on them."""

    def __init__(self) -> None:
        self.busy: set[UUID] = set()
        self._sharing: list[GroupCommit[Any, Any]] = []

    def join(self, commits: "GroupCommit[Any, Any]") -> None:
        """Let ``commits`` take turns with the others."""
        self._sharing.append(commits)

    def offer(self, done: "GroupCommit[Any, Any]") -> bool:
        """Let the others take the accounts of a batch of ``done`` that has ended; True if one of them begins.

        They do not wait for more calls: ``done`` may take the same accounts again.
        """
        began = [commits.begin_now() for commits in self._sharing if commits is not done]
        return any(began)


class GroupCommit(Generic[Call, Result]):
    """Runs ``decide`` on batches of calls, at most two at a time, each of up to 250 orders.

    A call that weighs more than that runs alone. ``decide`` answers with one result or exception per call, in order.
    Group commits that share ``turns`` have no account in common in their batches in flight either.
    """

    def __init__(
        self,
        context: OrderContext,
        decide: Decide[Call, Result],
        *,
        turns: AccountTurns | None = None,
        max_batch: int = _MAX_BATCH,
        max_waiting: int = _MAX_WAITING,
    ) -> None:
        self._context = context
        self._decide = decide
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._queue: deque[_Waiting[Call, Result]] = deque()
        self._turns = turns or AccountTurns()
        self._turns.join(self)
        self._busy = self._turns.busy
        self._batches_in_flight = 0
        # The tasks that take batches: at least as many as there are batches in flight.
        self._drains = 0
        self._calls_in_flight = 0
        self._crowd = Crowd()
        # Begins the next batch if the calls that it waits for do not come.
        self._late_begin: asyncio.TimerHandle | None = None
        # The loop keeps weak references to tasks only.
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        """True while a batch is in flight."""
        return self._batches_in_flight > 0

    @property
    def waiting(self) -> int:
        """The number of calls that wait for a batch."""
        return len(self._queue)

    @property
    def present(self) -> int:
        """The number of calls that wait or are in flight."""
        return len(self._queue) + self._calls_in_flight

    async def submit(self, call: Call) -> Result:
        """Hand in a call that was authorised, and wait for its own result.

        Raises:
            RateLimited: too many calls wait; nothing was done.
            Unavailable: the database is away, and the outcome unknown.
            DomainError: what ``decide`` answered to this call.
        """
        if len(self._queue) >= self._max_waiting:
            raise RateLimited("Too many orders are waiting; try again shortly.", retryAfterSeconds=1)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        waiting = _Waiting(call, frozenset(call.accounts), future)
        self._queue.append(waiting)
        # A batch that frees an account takes the calls that wait for it.
        if self._busy.isdisjoint(waiting.accounts):
            self.begin()
        return await future

    def begin(self) -> bool:
        """Begin to take batches, if enough calls wait and a further batch may be in flight; True if it begins.

        Beside a batch in flight, the next one waits for half of the crowd.
        """
        if self._drains and not self._crowd.half_is_here(len(self._queue)):
            if self._late_begin is None and self._queue and self._drains < _MAX_BATCHES_IN_FLIGHT:
                self._late_begin = asyncio.get_running_loop().call_later(LONGEST_WAIT_SECONDS, self.begin_now)
            return False
        return self.begin_now()

    def begin_now(self) -> bool:
        """Begin to take batches, however few calls wait, if a further batch may be in flight; True if it begins."""
        if self._late_begin is not None:
            self._late_begin.cancel()
            self._late_begin = None
        if not self._queue or self._drains >= _MAX_BATCHES_IN_FLIGHT:
            return False
        self._drains += 1
        # A context of its own: the batch must not inherit the caller's transaction or request.
        task = asyncio.get_running_loop().create_task(self._drain(), context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _drain(self) -> None:
        """Take batches from the queue until none is left that could run."""
        try:
            while taken := self._take():
                # A caller that went away before its batch started wants nothing any more.
                batch = [item for item in taken if not item.future.cancelled()]
                accounts = frozenset[UUID]().union(*(item.accounts for item in batch))
                self._busy |= accounts
                self._batches_in_flight += 1
                self._calls_in_flight += len(batch)
                self._crowd.count(self.present)
                try:
                    if batch:
                        began = Nanos.now()
                        outcomes = await self._outcomes([item.call for item in batch])
                        _answer(batch, outcomes)
                        self._trace([item.call for item in batch], outcomes, began)
                finally:
                    self._busy -= accounts
                    self._batches_in_flight -= 1
                    self._calls_in_flight -= len(batch)
                if self._turns.offer(self):
                    # The others choose first.
                    await asyncio.sleep(0)
        finally:
            # Not in a callback of the task: a caller that was just answered may submit before that runs.
            self._drains -= 1

    def _take(self) -> list[_Waiting[Call, Result]]:
        """The next calls whose accounts are free, and not wanted by a call before them that has to wait."""
        taken: list[_Waiting[Call, Result]] = []
        passed: list[_Waiting[Call, Result]] = []
        wanted: set[UUID] = set()
        weight = 0
        while self._queue and len(passed) < _MAX_PASSED_OVER:
            item = self._queue[0]
            if not (self._busy.isdisjoint(item.accounts) and wanted.isdisjoint(item.accounts)):
                wanted |= item.accounts
                passed.append(self._queue.popleft())
                continue
            weight += item.call.weight
            if taken and weight > self._max_batch:
                break
            taken.append(self._queue.popleft())
        self._queue.extendleft(reversed(passed))
        return taken

    def _trace(self, calls: list[Call], outcomes: list[Result | BaseException], began: Nanos) -> None:
        """Record how long each call of a traced request was in its batch. Callers are answered before."""
        tracing = self._context.tracing
        if tracing is None:
            return
        for call, outcome in zip(calls, outcomes, strict=True):
            if call.origin is not None and call.origin.trace is not None:
                code = outcome.code.value if isinstance(outcome, DomainError) else type(outcome).__name__
                error = code if isinstance(outcome, BaseException) else ""
                about = {"tradegraph.calls": len(calls), "tradegraph.orders": call.weight}
                tracing.record("commit", call.origin.trace, began, about, error=error)

    async def _outcomes(self, calls: list[Call]) -> list[Result | BaseException]:
        """Decide on calls in one transaction; if it fails as a whole, on each alone, so that none spoils another."""
        try:
            return await self._decide_on_current_data(calls)
        except Unavailable as error:
            return [error] * len(calls)
        except Exception as error:  # noqa: BLE001  it belongs to one of the callers; alone, each gets its own
            if len(calls) == 1:
                return [error]
            return [outcome for call in calls for outcome in await self._outcomes([call])]

    async def _decide_on_current_data(self, calls: list[Call]) -> list[Result | BaseException]:
        for _ in range(_MAX_TRIES):
            reference_data = await self._context.reference_data()
            # Rights as of the version that the transaction compares: a caller's own may be older.
            refused = await self._authorize_at(calls, reference_data.versions[ACCESS])
            try:
                return await self._decide(reference_data, calls, refused)
            except StaleCache as stale:
                await self._context.renew(stale.versions)
        raise Unavailable("The configuration is changing too fast; try again.")

    async def _authorize_at(self, calls: list[Call], version: int) -> dict[int, BaseException]:
        """Put the actors of ``calls`` at ``version`` of the rights; the errors of those that may not, by place."""
        refused: dict[int, BaseException] = {}
        for place, call in enumerate(calls):
            try:
                actor = await self._context.authenticator.at(call.actor, version)
                if actor is not call.actor:
                    current = replace(call, actor=actor)
                    current.authorize()
                    # Only now: a further try must find the actor of a refused call out of date again.
                    calls[place] = current
            except DomainError as error:
                refused[place] = error
        return refused


def outcomes_of(
    calls: Sequence[Call], refused: Mapping[int, BaseException], decide: Callable[[Call], Result]
) -> list[Result | BaseException]:
    """Decide on calls one after the other; the outcome of one that is refused, or fails, is its error."""
    outcomes: list[Result | BaseException] = []
    for place, call in enumerate(calls):
        if place in refused:
            outcomes.append(refused[place])
            continue
        try:
            outcomes.append(decide(call))
        except DomainError as error:
            outcomes.append(error)
    return outcomes


def _answer(batch: Sequence[_Waiting[Call, Result]], outcomes: Sequence[Result | BaseException]) -> None:
    for item, outcome in zip(batch, outcomes, strict=True):
        if item.future.done():
            continue
        if isinstance(outcome, BaseException):
            item.future.set_exception(outcome)
        else:
            item.future.set_result(outcome)
