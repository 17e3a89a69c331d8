"""A restriction by a role is not lifted by a lower role: states of accounts and dead man's switches."""

from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.types import Actor, Role
from domain.accounts.queries import read_books
from domain.accounts.rules import is_restricted_by, may_become, restriction_stays, set_state
from domain.accounts.service import set_account_state
from domain.accounts.types import AccountBook, AccountState
from domain.kernel.bus import NullBus
from domain.kernel.database import fetch
from domain.kernel.errors import DomainError, Forbidden
from domain.orders.protection.timers import cancel_all_after
from tests.accounts.conftest import MakeActor, Open
from tests.orders.factories import account

BUS = NullBus()
ROLES = (Role.TRADER, Role.RISK_MANAGER, Role.ADMIN)
STATES = (AccountState.ACTIVE, AccountState.REDUCE_ONLY, AccountState.HALTED)


def restricted(*steps: tuple[AccountState, Role]) -> AccountBook:
    book = account("0")
    for state, role in steps:
        set_state(book, state, role, role.lower(), "why")
    return book


@pytest.mark.parametrize("setter", ROLES)
@pytest.mark.parametrize("lifter", ROLES)
@pytest.mark.parametrize("state", STATES[1:])
def test_a_lower_role_cannot_lift_a_restriction(setter: Role, lifter: Role, state: AccountState) -> None:
    stays = restriction_stays(restricted((state, setter)), AccountState.ACTIVE, lifter)
    assert stays is (setter if setter.rank > lifter.rank else None)


def test_a_halt_keeps_the_restriction_beneath_it() -> None:
    book = restricted((AccountState.REDUCE_ONLY, Role.ADMIN), (AccountState.HALTED, Role.RISK_MANAGER))
    assert restriction_stays(book, AccountState.REDUCE_ONLY, Role.RISK_MANAGER) is None
    assert restriction_stays(book, AccountState.ACTIVE, Role.RISK_MANAGER) is Role.ADMIN
    set_state(book, AccountState.REDUCE_ONLY, Role.RISK_MANAGER, "rm", "why")
    assert restriction_stays(book, AccountState.ACTIVE, Role.RISK_MANAGER) is Role.ADMIN
    assert is_restricted_by(book, AccountState.REDUCE_ONLY, Role.ADMIN)


def test_the_restriction_of_the_higher_role_wins() -> None:
    book = restricted((AccountState.REDUCE_ONLY, Role.TRADER), (AccountState.REDUCE_ONLY, Role.RISK_MANAGER))
    assert restriction_stays(book, AccountState.ACTIVE, Role.TRADER) is Role.RISK_MANAGER


@given(st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(ROLES)), max_size=12))
def test_no_sequence_of_changes_lets_a_role_lift_a_higher_restriction(steps: list[tuple[AccountState, Role]]) -> None:
    """A restriction of a role holds until that role or a higher one lifts it."""
    book, wishes = account("0"), dict[Role, AccountState]()
    for state, role in steps:
        if book.state is not state and not may_become(book.state, state):
            continue
        if restriction_stays(book, state, role) is not None:
            continue
        set_state(book, state, role, "somebody", "why")
        # It is allowed, so it also speaks for all who are not above this role.
        wishes = {other: wish for other, wish in wishes.items() if other.rank > role.rank}
        wishes[role] = state
        strictest = max((STATES.index(wish) for wish in wishes.values()), default=0)
        assert STATES.index(book.state) >= min(strictest, 1)


async def stored(book_id: UUID) -> tuple[AccountState, Role | None, Role | None, str | None, str | None, int]:
    book = (await read_books([book_id]))[book_id]
    return (
        book.state,
        book.reduce_only_role,
        book.halted_role,
        book.state_by,
        book.state_reason,
        book.event_sequence,
    )


async def test_the_role_that_restricted_an_account_is_stored_and_counts(open_one: Open, make_actor: MakeActor) -> None:
    owner, book = await open_one()
    manager, admin = await make_actor(Role.RISK_MANAGER), await make_actor(Role.ADMIN)

    async def change(actor: Actor, state: AccountState, reason: str = "why") -> None:
        await set_account_state(BUS, actor, book.id, state, reason)

    await change(owner, AccountState.REDUCE_ONLY, " mine ")
    assert (await stored(book.id))[:5] == (AccountState.REDUCE_ONLY, Role.TRADER, None, owner.email, "mine")
    await change(owner, AccountState.ACTIVE)
    await change(owner, AccountState.REDUCE_ONLY)
    # The same state by a higher role is that role's from then on; by the same role again it is nothing new.
    await change(manager, AccountState.REDUCE_ONLY, "theirs")
    before = await stored(book.id)
    assert before[:5] == (AccountState.REDUCE_ONLY, Role.RISK_MANAGER, None, manager.email, "theirs")
    await change(manager, AccountState.REDUCE_ONLY, "again")
    for actor, state in ((owner, AccountState.ACTIVE), (owner, AccountState.HALTED)):
        with pytest.raises(Forbidden):
            await change(actor, state)
    assert await stored(book.id) == before
    await change(admin, AccountState.HALTED)
    with pytest.raises(Forbidden):
        await change(manager, AccountState.ACTIVE)
    await change(admin, AccountState.REDUCE_ONLY)
    with pytest.raises(Forbidden):
        await change(manager, AccountState.ACTIVE)
    await change(admin, AccountState.ACTIVE)
    assert (await stored(book.id))[:3] == (AccountState.ACTIVE, None, None)


@pytest.mark.parametrize(("lower", "higher"), [*pairwise(ROLES), (Role.TRADER, Role.ADMIN)])
async def test_a_lower_role_cannot_change_the_timer_of_a_higher_role(
    open_one: Open, make_actor: MakeActor, lower: Role, higher: Role
) -> None:
    owner, book = await open_one()
    actors = {Role.TRADER: owner, **{role: await make_actor(role) for role in ROLES[1:]}}
    await cancel_all_after(BUS, actors[lower], book.id, 60)
    await cancel_all_after(BUS, actors[higher], book.id, 120)
    before = await fetch("SELECT * FROM cancel_timers")
    for seconds in (0, 3600):
        with pytest.raises(DomainError) as refused:
            await cancel_all_after(BUS, actors[lower], book.id, seconds)
        assert isinstance(refused.value, Forbidden)
    assert await fetch("SELECT * FROM cancel_timers") == before
    assert await cancel_all_after(BUS, actors[higher], book.id, 0) is None
