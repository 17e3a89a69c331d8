"""A term of an order is everywhere where it has to be: docs/extending.md names the places, these tests find a gap."""

from dataclasses import MISSING, fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import EnumType
from typing import Any, get_type_hints

import orjson
import pytest
from graphql import GraphQLInputObjectType, GraphQLObjectType, is_non_null_type
from strawberry.utils.str_converters import to_camel_case

from api.orders.inputs import PlaceOrderInput
from api.root import platform_schema
from domain.kernel.ids import new_id
from domain.kernel.named_form import field_kinds, is_optional
from domain.kernel.time import Nanos
from domain.orders import models
from domain.orders.deciding.modify_rules import as_command
from domain.orders.deciding.pretrade import decide
from domain.orders.deciding.state import UNTOUCHED, new_order
from domain.orders.exchange.instrument_books import exchange_order
from domain.orders.exchange.types import Order as ExchangeOrder
from domain.orders.model.commands import PlaceOrder, request_digest
from domain.orders.model.event_forms import ORDER
from domain.orders.model.order import CHANGEABLE, TERMS, Order, OrderTerms
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.orders.queries import ORDER_COLUMNS
from domain.orders.venues.types import NewOrder
from tests.orders.factories import NOW, SPOT, command, market, trading_book

KINDS = field_kinds(OrderTerms) | {"expires_at": datetime}
FULL = command(
    side=Side.SELL,
    type=OrderType.TRAILING_STOP_LIMIT,
    time_in_force=TimeInForce.GTD,
    expires_at=NOW + timedelta(days=1),
)


def another(name: str, value: Any) -> Any:
    """A value of a term that is neither its default nor ``value``."""
    kind = KINDS[name]
    if isinstance(kind, EnumType):
        return next(member for member in reversed(list(kind)) if member is not value)
    if kind is bool:
        return not value
    return value + timedelta(days=1) if kind is datetime else (value or Decimal(0)) + Decimal("0.25")


def order_with(name: str) -> tuple[PlaceOrder, Order]:
    """A command with another value of a term, and the order that it becomes."""
    given = replace(FULL, **{name: another(name, getattr(FULL, name))})
    decision = decide(given, SPOT, market(), trading_book())
    return given, new_order(given, SPOT, "paper", decision, market(), given.expires_at, NOW, request_digest(given))


def test_commands_exchange_and_venues_share_the_terms() -> None:
    assert all(issubclass(type_, OrderTerms) for type_ in (PlaceOrder, ExchangeOrder, NewOrder))


@pytest.mark.parametrize("name", TERMS)
def test_an_order_has_every_term(name: str) -> None:
    assert field_kinds(Order)[name] == KINDS[name]
    if name != "trailing_offset_kind":
        assert is_optional(get_type_hints(Order)[name]) == (KINDS[name] in (Decimal, datetime) and name != "quantity")


def test_the_table_has_exactly_the_columns_of_an_order() -> None:
    meta = models.Order._meta
    columns = set(meta.fields_db_projection.values()) | {f"{name}_id" for name in meta.fk_fields}
    assert columns - {"remote_order_id"} == set(ORDER_COLUMNS), "a trigger keeps remote_order_id"


@pytest.mark.parametrize("name", TERMS)
def test_the_table_has_a_column_for_each_term(name: str) -> None:
    columns = models.Order._meta.fields_map
    assert name in columns, "domain/orders/models.py and a migration"
    assert columns[name].null == is_optional(get_type_hints(Order)[name])


@pytest.mark.parametrize("name", TERMS)
def test_the_api_accepts_and_shows_each_term(name: str) -> None:
    schema, member = platform_schema(), to_camel_case(name)
    given, shown = schema.type_map["PlaceOrderInput"], schema.type_map["Order"]
    assert isinstance(given, GraphQLInputObjectType)
    assert isinstance(shown, GraphQLObjectType)
    assert member in given.fields, "api/orders/terms.py"
    assert member in shown.fields, "api/orders/terms.py"
    assert is_non_null_type(shown.fields[member].type) != is_optional(get_type_hints(Order)[name])
    (default,) = (item.default for item in fields(PlaceOrder) if item.name == name)
    (offered,) = (item.default for item in fields(PlaceOrderInput) if item.name == name)
    assert offered == default or (default is MISSING and offered is MISSING)


@pytest.mark.parametrize("name", TERMS)
def test_each_term_of_a_client_reaches_the_command(name: str) -> None:
    terms = {term: getattr(FULL, term) for term in TERMS} | {name: another(name, getattr(FULL, name))}
    sent = PlaceOrderInput(account_id=str(new_id()), symbol="COIN", **terms).to_domain()
    assert {term: getattr(sent, term) for term in TERMS} == terms


@pytest.mark.parametrize("name", TERMS)
def test_orders_that_differ_in_one_term_have_different_digests(name: str) -> None:
    assert request_digest(order_with(name)[0]) != request_digest(FULL)


@pytest.mark.parametrize("name", TERMS)
def test_each_term_survives_every_conversion_of_an_order(name: str) -> None:
    given, order = order_with(name)
    wanted = getattr(given, name)
    if name == "type":
        order.trailing_offset_kind = given.trailing_offset_kind
    assert getattr(order, name) == wanted
    assert getattr(as_command(order), name) == wanted
    assert getattr(exchange_order(order), name) == (Nanos.of(wanted) if name == "expires_at" else wanted)
    assert getattr(ORDER.read(orjson.loads(orjson.dumps(ORDER.write(order)))), name) == wanted


def test_the_digest_of_a_stored_order_never_changes() -> None:
    """A repeat after an update must be known as one: what is digested never changes."""
    assert request_digest(command()).hex() == "72d6e342f0e02f3804e84ff69f7b356d"
    assert request_digest(replace(FULL, strategy="s", tags=("a",))).hex() == "12c00a82369b72714b2e8e01547d55f9"


def test_every_changeable_field_is_a_term() -> None:
    assert set(CHANGEABLE) <= set(TERMS)


def test_a_new_order_has_every_field_of_its_command() -> None:
    """Fields are assigned one by one: none may keep the value of an order that has nothing."""
    given, order = order_with("limit_price")
    empty = {name for name in (item.name for item in fields(Order)) if getattr(order, name) is None}
    missing = {name for name in TERMS if getattr(given, name) is None}
    later = {name for name, value in UNTOUCHED.items() if value is None}
    optional = {"works_until", "arrival_price", "strategy", "parent_id", "group_id", "trailing_offset_kind"}
    assert empty <= missing | later | optional
    assert order is not order_with("limit_price")[1]
