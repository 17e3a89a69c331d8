from itertools import pairwise
from uuid import UUID

import pytest

from domain.access.types import (
    OWNED,
    SYSTEM,
    AccountPermission,
    Actor,
    Role,
    higher_role,
    require_funds,
    require_read,
    require_role,
    require_stop,
    require_trade,
)
from domain.kernel.errors import Forbidden, NotFound

OWN = UUID(int=1)
READABLE = UUID(int=2)
FOREIGN = UUID(int=3)
TRADED = UUID(int=4)
FUNDED = UUID(int=5)
ACCOUNTS = {
    OWN: OWNED,
    READABLE: frozenset({AccountPermission.READ}),
    TRADED: frozenset({AccountPermission.TRADE}),
    FUNDED: frozenset({AccountPermission.FUNDS}),
}
SEEN = (OWN, READABLE, TRADED, FUNDED)
EVERY = (*SEEN, FOREIGN)

# What each role may do with which accounts.
RIGHTS: dict[Role, dict[str, tuple[UUID, ...]]] = {
    Role.VIEWER: {"read": SEEN, "trade": (), "funds": (), "stop": ()},
    Role.TRADER: {"read": SEEN, "trade": (OWN, TRADED), "funds": (OWN, FUNDED), "stop": (OWN, TRADED)},
    Role.RISK_MANAGER: {"read": EVERY, "trade": (), "funds": (), "stop": EVERY},
    Role.ADMIN: {"read": EVERY, "trade": EVERY, "funds": EVERY, "stop": EVERY},
}
CASES = [(role, right, account) for role in Role for right in ("read", "trade", "funds", "stop") for account in EVERY]


def actor(role: Role) -> Actor:
    return Actor(user_id=UUID(int=9), email="ann@example.com", role=role, accounts=ACCOUNTS)


@pytest.mark.parametrize(("role", "right", "account"), CASES)
def test_invisible_things_are_not_found_and_visible_ones_without_rights_are_forbidden(
    role: Role, right: str, account: UUID
) -> None:
    who = actor(role)
    may = {"read": who.may_read, "trade": who.may_trade, "funds": who.may_move_funds, "stop": who.may_stop}[right]
    require = {"read": require_read, "trade": require_trade, "funds": require_funds, "stop": require_stop}[right]
    allowed = account in RIGHTS[role][right]
    assert may(account) is allowed
    if allowed:
        require(who, account)
        return
    seen = account in RIGHTS[role]["read"]
    with pytest.raises(Forbidden if seen else NotFound) as refused:
        require(who, account)
    if not seen:
        assert (refused.value.message, refused.value.field) == ("There is no such account.", "accountId")


def test_a_missing_role_is_named_in_the_refusal() -> None:
    require_role(actor(Role.ADMIN), Role.ADMIN)
    require_role(actor(Role.RISK_MANAGER), Role.ADMIN, Role.RISK_MANAGER)
    with pytest.raises(Forbidden, match=r"^This needs the role ADMIN or RISK_MANAGER\.$"):
        require_role(actor(Role.TRADER), Role.ADMIN, Role.RISK_MANAGER)


def test_roles_are_ordered_by_rank() -> None:
    assert [role.rank for role in Role] == [0, 1, 2, 3]
    for lesser, greater in pairwise(Role):
        for account in EVERY:
            assert actor(lesser).may_read(account) <= actor(greater).may_read(account)
            assert actor(lesser).may_stop(account) <= actor(greater).may_stop(account)
    assert [higher_role(None, role) for role in Role] == list(Role)
    assert higher_role(Role.ADMIN, Role.TRADER) is higher_role(Role.TRADER, Role.ADMIN) is Role.ADMIN


def test_the_platform_actor_has_every_permission() -> None:
    require_trade(SYSTEM, FOREIGN)
    require_role(SYSTEM, Role.ADMIN)
    assert SYSTEM.expires_at is None


def test_actors_are_hashable() -> None:
    assert {actor(Role.TRADER): 1}[actor(Role.TRADER)] == 1
