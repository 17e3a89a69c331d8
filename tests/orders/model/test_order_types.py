"""Every order type has traits, and the traits are what validation, the exchange and the venues go by."""

from dataclasses import replace
from decimal import Decimal

import pytest

from domain.kernel.errors import BadInput
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_types import CONDITIONAL, LIMIT_ONCE_TRIGGERED, TRAITS, Presence
from domain.orders.model.order_validation import check_command
from domain.orders.model.types import OrderType, TimeInForce
from domain.orders.venues.support import plain_type
from tests.orders.factories import NOW, command

PRICES = {"limit_price": Decimal(99), "stop_price": Decimal(101), "limit_offset": Decimal("0.5")}
FIELDS = {"limit_price": "limitPrice", "stop_price": "stopPrice", "limit_offset": "limitOffset"}


def order_of(kind: OrderType) -> PlaceOrder:
    """The order of a type that has no more than it must have."""
    traits = TRAITS[kind]
    prices = {name: PRICES[name] if getattr(traits, name) is Presence.REQUIRED else None for name in PRICES}
    return command(
        type=kind, time_in_force=TimeInForce.GTC, trailing_offset=Decimal(1) if traits.trails else None, **prices
    )


def test_every_order_type_has_traits() -> None:
    assert set(TRAITS) == set(OrderType)
    assert {kind for kind, traits in TRAITS.items() if traits.trails} <= CONDITIONAL
    assert {traits.executes_as for traits in TRAITS.values()} == {OrderType.MARKET, OrderType.LIMIT}


@pytest.mark.parametrize("kind", OrderType)
def test_an_order_with_the_required_fields_of_its_type_is_well_formed(kind: OrderType) -> None:
    check_command(order_of(kind), NOW)


@pytest.mark.parametrize("name", PRICES)
@pytest.mark.parametrize("kind", OrderType)
def test_validation_requires_and_forbids_prices_by_the_traits(kind: OrderType, name: str) -> None:
    presence = getattr(TRAITS[kind], name)
    for value in (None, PRICES[name]):
        changed = replace(order_of(kind), **{name: value})
        refused = Presence.REQUIRED if value is None else Presence.FORBIDDEN
        if presence is refused:
            with pytest.raises(BadInput) as failure:
                check_command(changed, NOW)
            assert failure.value.context["field"] == FIELDS[name]
        else:
            check_command(changed, NOW)


@pytest.mark.parametrize("kind", OrderType)
def test_a_triggered_order_has_the_type_that_its_traits_name(kind: OrderType) -> None:
    plain = plain_type(order_of(kind))
    assert plain is (TRAITS[kind].executes_as if kind in CONDITIONAL else kind)
    assert (plain is OrderType.LIMIT) == (kind in LIMIT_ONCE_TRIGGERED | {OrderType.LIMIT})
