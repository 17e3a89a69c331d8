from itertools import pairwise
from uuid import UUID

import pytest

from domain.access.types import (
    SYSTEM,
    AccountPermission,
    Actor,
    Role,
    require_read,
    require_role,
    require_trade,
)
from domain.kernel.errors import Forbidden, NotFound

OWN = UUID(int=1)
READABLE = UUID(int=2)
FOREIGN = UUID(int=3)
ACCOUNTS = {OWN: AccountPermission.TRADE, READABLE: AccountPermission.READ}

# role, account, may read, may trade
RIGHTS = [
    (Role.VIEWER, OWN, True, False),
    (Role.VIEWER, READABLE, True, False),
    (Role.VIEWER, FOREIGN, False, False),
    (Role.TRADER, OWN, True, True),
    (Role.TRADER, READABLE, True, False),
    (Role.TRADER, FOREIGN, False, False),
    (Role.RISK_MANAGER, OWN, True, True),
    (Role.RISK_MANAGER, READABLE, True, False),
    (Role.RISK_MANAGER, FOREIGN, True, False),
    (Role.ADMIN, OWN, True, True),
    (Role.ADMIN, READABLE, True, True),
    (Role.ADMIN, FOREIGN, True, True),
]


def actor(role: Role) -> Actor:
    return Actor(user_id=UUID(int=9), email="ann@example.com", role=role, accounts=ACCOUNTS)


@pytest.mark.parametrize(("role", "account", "read", "trade"), RIGHTS)
def test_rights_by_role_and_account(role: Role, account: UUID, read: bool, trade: bool) -> None:
    assert actor(role).may_read(account) is read
    assert actor(role).may_trade(account) is trade
    assert actor(role).sees_all is (role in (Role.RISK_MANAGER, Role.ADMIN))


@pytest.mark.parametrize(("role", "account", "read", "trade"), RIGHTS)
def test_what_is_not_visible_does_not_exist_and_what_is_visible_is_forbidden(
    role: Role, account: UUID, read: bool, trade: bool
) -> None:
    if trade:
        require_trade(actor(role), account)
    else:
        with pytest.raises(Forbidden if read else NotFound):
            require_trade(actor(role), account)
    if read:
        require_read(actor(role), account)
    else:
        with pytest.raises(NotFound, match=r"^There is no such account\.$"):
            require_read(actor(role), account)


def test_a_required_role_is_named() -> None:
    require_role(actor(Role.ADMIN), Role.ADMIN)
    require_role(actor(Role.RISK_MANAGER), Role.ADMIN, Role.RISK_MANAGER)
    with pytest.raises(Forbidden, match=r"^This needs the role ADMIN or RISK_MANAGER\.$"):
        require_role(actor(Role.TRADER), Role.ADMIN, Role.RISK_MANAGER)


def test_roles_are_ordered() -> None:
    assert [role.rank for role in Role] == [0, 1, 2, 3]
    for lesser, greater in pairwise(Role):
        for account in (OWN, READABLE, FOREIGN):
            assert actor(lesser).may_read(account) <= actor(greater).may_read(account)
            assert actor(lesser).may_trade(account) <= actor(greater).may_trade(account)


def test_the_platform_may_do_everything() -> None:
    require_trade(SYSTEM, FOREIGN)
    require_role(SYSTEM, Role.ADMIN)
    assert SYSTEM.expires_at is None


def test_an_actor_can_be_a_key_of_a_mapping() -> None:
    assert {actor(Role.TRADER): 1}[actor(Role.TRADER)] == 1
