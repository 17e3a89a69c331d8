"""Calls that come together run together, each gets its own answer, and none is left behind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import cast
from uuid import UUID

import pytest

from domain.access.authentication import TOPIC as ACCESS
from domain.access.types import AccountPermission, Actor, Role, require_trade
from domain.kernel.errors import BadInput, Forbidden, NotFound, RateLimited, Unavailable
from domain.kernel.ids import new_id
from domain.orders.entry import group_commit as group_commit_module
from domain.orders.entry.context import OrderContext, ReferenceData, StaleCache
from domain.orders.entry.group_commit import AccountTurns, ActorsCall, GroupCommit
from tests.support.waiting import PATIENCE_SECONDS

ACCOUNTS = {letter: new_id() for letter in "abc"}
TRADES = frozenset({AccountPermission.READ, AccountPermission.TRADE})
TRADER = Actor(new_id(), "trader@example.com", Role.TRADER, dict.fromkeys(ACCOUNTS.values(), TRADES))


@dataclass(frozen=True, slots=True)
class Call(ActorsCall):
    """Its letters are the accounts that it locks."""

    name: str
    weighs: int = 1

    @property
    def accounts(self) -> set[UUID]:
        return {ACCOUNTS[letter] for letter in self.name if letter in ACCOUNTS}

    @property
    def weight(self) -> int:
        return self.weighs

    def authorize(self) -> None:
        for account_id in self.accounts:
            require_trade(self.actor, account_id)


@dataclass
class Rights:
    """The caches of a context, of which only rights matter here; ``actors`` are the callers at the newest version."""

    actors: dict[UUID, Actor] = field(default_factory=dict)

    async def at(self, caller: Actor, _version: int) -> Actor:
        return self.actors.get(caller.user_id, caller)

    async def reference_data(self) -> ReferenceData:
        return cast("ReferenceData", SimpleNamespace(versions={ACCESS: 1}))

    async def renew(self, _versions: Mapping[str, int]) -> None:
        return None


Names = list[str | BaseException]


def group_commit(
    handle: Callable[[Sequence[str]], Awaitable[Names]],
    rights: Rights | None = None,
    turns: AccountTurns | None = None,
    **bounds: int,
) -> GroupCommit[Call, str]:
    """One that decides by ``handle``, by the names of calls; a refused call is answered with its refusal."""
    rights = rights or Rights()
    context = cast(
        "OrderContext",
        SimpleNamespace(authenticator=rights, reference_data=rights.reference_data, renew=rights.renew, tracing=None),
    )

    async def decide(
        _reference_data: ReferenceData, calls: Sequence[Call], refused: Mapping[int, BaseException]
    ) -> Names:
        outcomes = await handle([call.name for call in calls])
        return [refused.get(place, outcome) for place, outcome in enumerate(outcomes)]

    return GroupCommit(context, decide, turns=turns, **bounds)


def call(name: str, weight: int = 1) -> Call:
    return Call(TRADER, name, weight)


async def settle() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def test_a_caller_may_call_again_right_after_its_answer() -> None:
    async def echo(names: Sequence[str]) -> Names:
        await asyncio.sleep(0)
        return list(names)

    commits = group_commit(echo)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for number in range(100):
            assert await commits.submit(call(str(number))) == str(number)


async def test_waiting_calls_form_one_batch_up_to_the_maximum_weight() -> None:
    batches: list[list[str]] = []
    gate = asyncio.Event()

    async def note(names: Sequence[str]) -> Names:
        batches.append(list(names))
        await gate.wait()
        return list(names)

    commits = group_commit(note, max_batch=5)
    # All of one account, so that one batch is in flight at a time.
    calls = [call(f"{weight}a", weight) for weight in (1, 2, 3, 9, 1)]
    callers = [asyncio.create_task(commits.submit(each)) for each in calls]
    await settle()
    gate.set()
    assert await asyncio.gather(*callers) == ["1a", "2a", "3a", "9a", "1a"]
    assert batches == [["1a", "2a"], ["3a"], ["9a"], ["1a"]]


async def test_kinds_of_calls_that_share_turns_alternate_on_an_account_and_do_not_wait_on_others() -> None:
    turns, batches, held = AccountTurns(), list[str](), asyncio.Event()
    in_flight: set[str] = set()

    def handling(kind: str) -> Callable[[Sequence[str]], Awaitable[Names]]:
        async def handle(names: Sequence[str]) -> Names:
            accounts = {letter for name in names for letter in name if letter in ACCOUNTS}
            assert in_flight.isdisjoint(accounts)
            in_flight.update(accounts)
            batches.append(kind + "".join(sorted(accounts)))
            if "b" in accounts:
                await held.wait()
            await asyncio.sleep(0)
            in_flight.difference_update(accounts)
            return list(names)

        return handle

    first, second = (group_commit(handling(kind), turns=turns) for kind in ("1", "2"))

    async def caller(commits: GroupCommit[Call, str]) -> None:
        for number in range(4):
            assert await commits.submit(call(f"{number}a")) == f"{number}a"

    async with asyncio.timeout(PATIENCE_SECONDS):
        waits = asyncio.create_task(first.submit(call("b")))
        await settle()
        assert batches == ["1b"]
        # Several callers of the first kind: calls of it wait whenever a batch of it ends.
        await asyncio.gather(*(caller(commits) for commits in (first, first, first, second)))
        assert not waits.done()
        held.set()
        await waits
    kinds = [batch[0] for batch in batches if batch[1:] == "a"]
    assert kinds[:8] == ["1", "2"] * 4
    assert not first.is_busy
    assert (turns.busy, first.waiting, second.waiting) == (set(), 0, 0)


async def test_a_freed_account_is_taken_by_another_kind_of_call_beside_a_batch_of_it_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(group_commit_module, "LONGEST_WAIT_SECONDS", PATIENCE_SECONDS)
    turns, held, begun = AccountTurns(), asyncio.Event(), list[str]()

    async def echo(names: Sequence[str]) -> Names:
        begun.append("place")
        await asyncio.sleep(0)
        return list(names)

    async def hang(names: Sequence[str]) -> Names:
        begun.append("cancel")
        if "b" in "".join(names):
            await held.wait()
        return list(names)

    places, cancels = group_commit(echo, turns=turns), group_commit(hang, turns=turns)
    hanging = [asyncio.create_task(cancels.submit(call(f"{number}b"))) for number in range(8)]
    await settle()

    async def placing() -> None:
        while not cancel.done():
            await places.submit(call("a"))

    placers = [asyncio.create_task(places.submit(call("a"))) for _ in range(3)]
    cancel = asyncio.create_task(cancels.submit(call("a")))
    placers += [asyncio.create_task(placing()) for _ in range(3)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await cancel == "a"
    assert begun.count("place") <= 3
    held.set()
    await asyncio.gather(*hanging, *placers)


async def test_each_caller_gets_its_own_error_when_the_batch_fails() -> None:
    batches: list[list[str]] = []

    async def fussy(names: Sequence[str]) -> Names:
        batches.append(list(names))
        if "all" in names:
            raise RuntimeError("all")
        return [ValueError(name) if name == "bad" else name for name in names]

    commits = group_commit(fussy)
    submitted = (commits.submit(call(name)) for name in ("good", "bad", "all"))
    good, bad, failed = await asyncio.gather(*submitted, return_exceptions=True)
    assert good == "good"
    assert isinstance(bad, ValueError)
    assert isinstance(failed, RuntimeError)
    assert batches == [["good", "bad", "all"], ["good"], ["bad"], ["all"]]
    assert await commits.submit(call("good")) == "good"


async def test_a_batch_is_not_retried_call_by_call_without_a_database() -> None:
    tries = 0

    async def away(_names: Sequence[str]) -> Names:
        nonlocal tries
        tries += 1
        raise Unavailable("The database is away.")

    commits = group_commit(away)
    outcomes = await asyncio.gather(*(commits.submit(call(name)) for name in ("1", "2")), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable, Unavailable]
    assert tries == 1


async def test_a_cancelled_call_does_not_run_and_calls_beyond_the_bound_are_refused() -> None:
    seen: list[str] = []
    gate = asyncio.Event()

    async def slow(names: Sequence[str]) -> Names:
        await gate.wait()
        seen.extend(names)
        return list(names)

    commits = group_commit(slow, max_waiting=2)
    first = asyncio.create_task(commits.submit(call("1a")))
    await settle()
    second, third = (asyncio.create_task(commits.submit(call(name))) for name in ("2a", "3a"))
    await settle()
    assert commits.waiting == 2
    with pytest.raises(RateLimited):
        await commits.submit(call("4a"))
    second.cancel()
    gate.set()
    assert await asyncio.gather(first, third) == ["1a", "3a"]
    assert seen == ["1a", "3a"]


class Gates:
    """Records batches when they begin and keeps each in flight until a test ends it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, asyncio.Event] = {}

    async def handle(self, names: Sequence[str]) -> Names:
        name = " ".join(names)
        self.begun.append(name)
        await self._gates.setdefault(name, asyncio.Event()).wait()
        return list(names)

    async def end(self, name: str) -> None:
        self._gates.setdefault(name, asyncio.Event()).set()
        await settle()


async def test_concurrent_batches_share_no_account_and_keep_the_order_of_each_account() -> None:
    gates = Gates()
    commits = group_commit(gates.handle)
    callers = []
    for name in ("1a", "2b", "3c", "4a", "5ab", "6b", "7c"):
        callers.append(asyncio.create_task(commits.submit(call(name))))
        await settle()
    # The third has to wait for its turn, the fourth for its account; the sixth must not overtake the fifth.
    assert gates.begun == ["1a", "2b"]
    await gates.end("2b")
    assert gates.begun == ["1a", "2b", "3c 7c"]
    await gates.end("1a")
    assert gates.begun == ["1a", "2b", "3c 7c", "4a 5ab 6b"]
    await gates.end("3c 7c")
    await gates.end("4a 5ab 6b")
    assert await asyncio.gather(*callers) == ["1a", "2b", "3c", "4a", "5ab", "6b", "7c"]


async def test_a_call_runs_as_soon_as_its_account_is_free() -> None:
    gates = Gates()
    commits = group_commit(gates.handle)
    first, second = (asyncio.create_task(commits.submit(call("a"))) for _ in range(2))
    await settle()
    third = asyncio.create_task(commits.submit(call("a")))
    await settle()
    assert gates.begun == ["a a"]
    await gates.end("a a")
    assert gates.begun == ["a a", "a"]
    await gates.end("a")
    assert await asyncio.gather(first, second, third) == ["a", "a", "a"]


async def test_beside_a_batch_in_flight_the_next_begins_with_half_of_the_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit_module, "LONGEST_WAIT_SECONDS", PATIENCE_SECONDS)
    gates = Gates()
    commits = group_commit(gates.handle)
    callers = [asyncio.create_task(commits.submit(call(name))) for name in ("1", "2", "3", "4")]
    await settle()
    assert gates.begun == ["1 2 3 4"]
    for name, begun in (("5", 1), ("6", 2), ("7", 2)):
        callers.append(asyncio.create_task(commits.submit(call(name))))
        await settle()
        assert len(gates.begun) == begun, name
    assert gates.begun[1] == "5 6"
    # Nobody waits for others where a batch has ended.
    await gates.end("5 6")
    assert gates.begun[2:] == ["7"]
    await gates.end("7")
    await gates.end("1 2 3 4")
    assert await asyncio.gather(*callers) == [str(number) for number in range(1, 8)]


async def test_a_call_beside_a_batch_that_hangs_begins_after_a_short_while() -> None:
    gates = Gates()
    commits = group_commit(gates.handle)
    hanging = [asyncio.create_task(commits.submit(call(name))) for name in ("1", "2", "3", "4")]
    await settle()
    late = asyncio.create_task(commits.submit(call("5")))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(gates.begun) < 2:
            await asyncio.sleep(0.001)
    await gates.end("5")
    assert await late == "5"
    await gates.end("1 2 3 4")
    assert await asyncio.gather(*hanging) == ["1", "2", "3", "4"]


async def test_a_failed_batch_frees_its_accounts() -> None:
    async def fail(_names: Sequence[str]) -> Names:
        raise RuntimeError("no")

    commits = group_commit(fail)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await commits.submit(call("a"))


async def test_a_caller_without_permission_stays_refused_when_the_batch_is_decided_again() -> None:
    tries = 0

    async def stale_once(names: Sequence[str]) -> Names:
        nonlocal tries
        tries += 1
        if tries == 1:
            # Of other caches than that of rights, which are the same at the next try.
            raise StaleCache({})
        return list(names)

    rights = Rights({TRADER.user_id: replace(TRADER, accounts={})})
    with pytest.raises((Forbidden, NotFound)):
        await group_commit(stale_once, rights).submit(call("a"))
    assert tries == 2


async def test_caches_that_never_match_the_database_make_calls_unavailable() -> None:
    async def always(_names: Sequence[str]) -> Names:
        raise StaleCache({})

    with pytest.raises(Unavailable, match="changing too fast"):
        await group_commit(always).submit(call("a"))


async def test_a_refusal_reaches_only_the_refused_caller() -> None:
    async def refuse_one(names: Sequence[str]) -> Names:
        return [BadInput("no", field="symbol") if name == "2" else name for name in names]

    commits = group_commit(refuse_one)
    outcomes = await asyncio.gather(*(commits.submit(call(name)) for name in ("1", "2", "3")), return_exceptions=True)
    assert [outcome if isinstance(outcome, str) else type(outcome) for outcome in outcomes] == ["1", BadInput, "3"]
