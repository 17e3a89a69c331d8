"""A quantity frozen by hand keeps its author through all changes of the position."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access.types import Role
from domain.kernel.numbers import ZERO
from domain.orders.model.types import Side
from domain.positions.holds import Holds, holds_after
from tests.positions.conftest import Holder
from tests.positions.test_freezing import FREEZE, UNFREEZE, frozen_input

SHOW = 'query ($id: ID!) { position(accountId: $id, symbol: "COIN-PERP") { freezes { role quantity by } } }'
quantities = st.integers(0, 50).map(Decimal)
roles = st.sampled_from([Role.TRADER, Role.RISK_MANAGER, Role.ADMIN])


def sound(holds: Holds) -> bool:
    return holds.risk >= ZERO and holds.admin >= ZERO and holds.risk + holds.admin <= holds.total


@given(st.lists(st.tuples(quantities, roles)), quantities, st.sampled_from([Decimal(2), Decimal("0.05"), Decimal(3)]))
def test_frozen_parts_never_exceed_the_position(
    frozen: list[tuple[Decimal, Role]], limit: Decimal, factor: Decimal
) -> None:
    holds = Holds()
    for quantity, role in frozen:
        holds = holds.plus(quantity, role, role.value)
    assert holds.total == sum((quantity for quantity, _ in frozen), ZERO)
    for changed in (holds, holds.within(limit), holds.scaled(factor, Decimal(1)), holds.raised_to(limit, "settlement")):
        assert sound(changed)
    kept = holds.within(limit)
    assert kept.total == min(limit, holds.total)
    # What lower roles froze gives way first.
    assert kept.admin == min(holds.admin, limit)
    assert kept.from_rank_of(Role.RISK_MANAGER) == min(holds.from_rank_of(Role.RISK_MANAGER), limit)
    assert holds.raised_to(limit, "settlement").total == limit
    parts = holds.parts()
    assert sum((part.quantity for part in parts), ZERO) == holds.total
    assert all(part.by == part.role and part.quantity > ZERO for part in parts)
    for role in Role:
        if role is not Role.VIEWER:
            assert holds.from_rank_of(role) >= holds.above_rank_of(role)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("10", "8", Holds(Decimal(6), Decimal(2), Decimal(3))),
        ("10", "4", Holds(Decimal(4), Decimal(1), Decimal(3))),
        ("10", "2", Holds(Decimal(2), Decimal(0), Decimal(2))),
        ("10", "-2", Holds()),
        ("-10", "-4", Holds(Decimal(4), Decimal(1), Decimal(3))),
    ],
)
def test_a_shrinking_position_keeps_units_frozen_by_higher_roles(before: str, after: str, expected: Holds) -> None:
    holds = Holds(Decimal(6), Decimal(2), Decimal(3))
    assert holds_after(holds, Decimal(before), Decimal(after)) == expected


async def shown_freezes(holder: Holder) -> list[tuple[str, str, str | None]]:
    shown = await holder.ask(SHOW, id=str(holder.id))
    return [(part["role"], part["quantity"], part["by"]) for part in shown["freezes"]]


async def test_a_lower_role_cannot_release_units_frozen_by_a_higher_role(holder: Holder) -> None:
    manager, admin = await holder.desk.add_actor(Role.RISK_MANAGER), holder.desk.admin
    await holder.buy("10")
    for actor, quantity in ((holder.actor, "1"), (manager, "2"), (admin, "3")):
        await holder.ask(FREEZE, actor, i=frozen_input(holder, quantity))
    assert await shown_freezes(holder) == [
        ("TRADER", "1", holder.actor.email),
        ("RISK_MANAGER", "2", manager.email),
        ("ADMIN", "3", admin.email),
    ]
    before = await holder.snapshot()
    assert await holder.ask(UNFREEZE, i=frozen_input(holder, "2")) == ("FORBIDDEN", None)
    assert await holder.ask(UNFREEZE, manager, i=frozen_input(holder, "4")) == ("FORBIDDEN", None)
    assert await holder.ask(UNFREEZE, admin, i=frozen_input(holder, "7")) == ("REJECTED", "INSUFFICIENT_POSITION")
    assert await holder.snapshot() == before
    assert (await holder.ask(UNFREEZE, i=frozen_input(holder, "1")))["frozen"] == "5"
    assert await holder.ask(UNFREEZE, i=frozen_input(holder, "1")) == ("FORBIDDEN", None)
    assert (await holder.ask(UNFREEZE, manager, i=frozen_input(holder, "2")))["frozen"] == "3"
    assert await shown_freezes(holder) == [("ADMIN", "3", admin.email)]
    # What is free may be traded; the rest stays with the administrator.
    await holder.order("COIN-PERP", Side.SELL, "7")
    assert await holder.ask(UNFREEZE, manager, i=frozen_input(holder, "1")) == ("FORBIDDEN", None)
    assert (await holder.ask(UNFREEZE, admin, i=frozen_input(holder, "3")))["frozen"] == "0"
    assert await shown_freezes(holder) == []
