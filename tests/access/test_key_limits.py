"""Keys for some operations, some accounts and some addresses: never for more than their owner may do."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.key_limits import MAX_ACCOUNTS, MAX_ADDRESSES, admits, limited
from domain.access.keys import KeyWish, create_key, read_keys
from domain.access.service import Access
from domain.access.types import (
    ALL_SCOPES,
    OWNED,
    SYSTEM,
    AccountPermission,
    Actor,
    KeyLimits,
    KeyScope,
    Role,
)
from domain.access.users import grant_account
from domain.kernel.errors import BadInput, DomainError, Forbidden, NotFound
from tests.support.people import audited, join, open_account, stored

ACCOUNTS = [UUID(int=number) for number in range(1, 5)]
permissions = st.frozensets(st.sampled_from(AccountPermission)).map(lambda some: some | {AccountPermission.READ})
holdings = st.dictionaries(st.sampled_from(ACCOUNTS), permissions)
limits_of_keys = st.builds(
    KeyLimits,
    scopes=st.frozensets(st.sampled_from(KeyScope)).map(lambda some: some | {KeyScope.READ}),
    account_ids=st.none() | st.frozensets(st.sampled_from(ACCOUNTS), min_size=1),
)


def rights(actor: Actor) -> set[tuple[str, UUID]]:
    """All rights of an actor, by account."""
    asks: dict[str, Any] = {
        "read": actor.may_read,
        "trade": actor.may_trade,
        "funds": actor.may_move_funds,
        "stop": actor.may_stop,
    }
    return {(name, account_id) for name, may in asks.items() for account_id in ACCOUNTS if may(account_id)}


@given(st.sampled_from(Role), holdings, limits_of_keys)
def test_a_limited_key_never_exceeds_its_limits(role: Role, accounts: Any, limits: KeyLimits) -> None:
    owner = Actor(UUID(int=9), "ann@example.com", role, accounts)
    key_role, key_accounts = limited(role, accounts, limits)
    key = Actor(owner.user_id, owner.email, key_role, key_accounts, via="api_key", scopes=limits.scopes)
    assert rights(key) <= rights(owner)
    assert key_role.rank <= role.rank
    if limits.account_ids is not None:
        assert {account_id for _, account_id in rights(key)} <= limits.account_ids
        assert not key.sees_all


def test_an_account_key_of_an_administrator_has_the_rights_of_an_owner_there() -> None:
    role, accounts = limited(Role.ADMIN, {}, KeyLimits(account_ids=frozenset(ACCOUNTS[:1])))
    assert (role, accounts) == (Role.TRADER, {ACCOUNTS[0]: OWNED})
    role, accounts = limited(Role.RISK_MANAGER, {}, KeyLimits(account_ids=frozenset(ACCOUNTS[:1])))
    assert role is Role.VIEWER
    assert list(accounts) == ACCOUNTS[:1]


@pytest.mark.parametrize(
    ("networks", "address", "admitted"),
    [
        ((), "192.0.2.7", True),
        ((), "", True),
        (("192.0.2.0/24",), "192.0.2.7", True),
        (("192.0.2.0/24",), "::ffff:192.0.2.7", True),
        (("192.0.2.0/24",), "192.0.3.7", False),
        (("192.0.2.0/24",), "2001:db8::1", False),
        (("192.0.2.0/24",), "", False),
        (("192.0.2.0/24",), "testclient", False),
        (("2001:db8::/32", "192.0.2.7/32"), "2001:db8::1", True),
    ],
)
def test_a_key_works_only_from_its_addresses(networks: tuple[str, ...], address: str, admitted: bool) -> None:
    assert admits(networks, address) is admitted


async def test_limits_of_a_key_are_stored_shown_and_audited(access: Access) -> None:
    ann = await join(access, "ann")
    account_id = await open_account(access, ann.id)
    actor = await access.authenticator.fresh(ann.actor)
    wish = KeyWish([KeyScope.TRADE], [account_id], [" 192.0.2.7 ", "192.0.2.7", "2001:db8::/32"])
    key, text = await create_key(access, actor, name="bot", role=Role.TRADER, wish=wish)
    expected = KeyLimits(
        frozenset({KeyScope.READ, KeyScope.TRADE}), frozenset({account_id}), ("192.0.2.7/32", "2001:db8::/32")
    )
    assert key.limits == expected
    assert await read_keys(actor) == [key]
    bot = await access.authenticate(text)
    assert (bot.scopes, bot.addresses) == (expected.scopes, expected.addresses)
    assert rights_of(bot, account_id) == (True, True, False)
    ((_, _, outcome, detail),) = await audited("createApiKey")
    assert outcome == "DONE"
    assert all(part in (detail or "") for part in ("TRADE", str(account_id), "2001:db8::/32"))
    await access.close()


def rights_of(actor: Actor, account_id: UUID) -> tuple[bool, bool, bool]:
    return actor.may_read(account_id), actor.may_trade(account_id), actor.may_move_funds(account_id)


@pytest.mark.parametrize(
    ("role", "asked", "wish", "error", "field"),
    [
        (Role.TRADER, Role.ADMIN, KeyWish(), Forbidden, "role"),
        (Role.TRADER, Role.RISK_MANAGER, KeyWish(), Forbidden, "role"),
        (Role.VIEWER, Role.TRADER, KeyWish([KeyScope.TRADE]), Forbidden, "scopes"),
        (Role.RISK_MANAGER, Role.RISK_MANAGER, KeyWish([KeyScope.FUNDS]), Forbidden, "scopes"),
        (Role.TRADER, Role.TRADER, KeyWish(account_ids=[uuid4()]), NotFound, "accounts"),
        (Role.TRADER, Role.TRADER, KeyWish(account_ids=[]), BadInput, "accounts"),
        (Role.ADMIN, Role.ADMIN, KeyWish(account_ids=[uuid4() for _ in range(MAX_ACCOUNTS + 1)]), BadInput, "accounts"),
        (Role.TRADER, Role.TRADER, KeyWish(addresses=[]), BadInput, "addresses"),
        (Role.TRADER, Role.TRADER, KeyWish(addresses=["192.0.2.7/24"]), BadInput, "addresses"),
        (Role.TRADER, Role.TRADER, KeyWish(addresses=["localhost"]), BadInput, "addresses"),
        (Role.TRADER, Role.TRADER, KeyWish(addresses=["::1"] * (MAX_ADDRESSES + 1)), BadInput, "addresses"),
    ],
)
async def test_a_key_beyond_the_rights_of_its_owner_is_refused(
    access: Access, role: Role, asked: Role, wish: KeyWish, error: type[DomainError], field: str
) -> None:
    ann = await join(access, "ann", role)
    before = await stored()
    with pytest.raises(error) as refused:
        await create_key(access, ann.actor, name="bot", role=asked, wish=wish)
    assert refused.value.context["field"] == field
    assert await stored() == before


async def test_a_scope_needs_its_permission_in_one_of_the_accounts(access: Access) -> None:
    ann, bob = await join(access, "ann"), await join(access, "bob")
    account_id = await open_account(access, ann.id)
    await grant_account(access, SYSTEM, bob.id, account_id, AccountPermission.TRADE)
    actor = await access.authenticator.fresh(bob.actor)
    wish = KeyWish([KeyScope.FUNDS], [account_id])
    with pytest.raises(Forbidden):
        await create_key(access, actor, name="bot", role=Role.TRADER, wish=wish)
    wish = KeyWish([KeyScope.TRADE], [account_id])
    key, _ = await create_key(access, actor, name="bot", role=Role.TRADER, wish=wish)
    assert key.limits.scopes == {KeyScope.READ, KeyScope.TRADE}
    assert key.limits.scopes < ALL_SCOPES
