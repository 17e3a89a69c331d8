"""The actions of a scenario: the API's inputs, in the form of the exchange.

Orders are checked only for prices that their type needs. Funds and permissions are not part of the simulation.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from dataclasses import fields as fields_of
from decimal import Decimal
from typing import Any

from adapters.simulation.errors import ScenarioError
from adapters.simulation.fields import Check, Fields, above_zero, camel_case, price_check
from domain.kernel.named_form import field_kinds
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.types import Instrument
from domain.orders.exchange import Changes, Order
from domain.orders.exchange.trailing import BASIS_POINTS
from domain.orders.model.commands import OrderLeg
from domain.orders.model.order import CHANGEABLE, TERMS, OrderTerms
from domain.orders.model.order_types import (
    ACCEPT_LIMIT_PRICE,
    REQUIRE_LIMIT_OFFSET,
    REQUIRE_LIMIT_PRICE,
    REQUIRE_STOP_PRICE,
    TRAILING,
)
from domain.orders.model.types import (
    Contingency,
    OffsetKind,
    Side,
    TimeInForce,
)

DEFAULT_ACCOUNT = "account"
# The terms that an exit has of its own.
EXIT_TERMS = tuple(item.name for item in fields_of(OrderLeg) if item.name in TERMS)
# What each term is, apart from None.
_PRICES = frozenset({"limit_price", "stop_price", "activation_price"})
_KINDS = field_kinds(OrderTerms) | {"expires_at": Nanos}


@dataclass(frozen=True, slots=True)
class PlaceAction:
    """Submit one order, a bracket or an OCO. ``strategies`` are those of the orders, in the same order."""

    at: Nanos
    orders: tuple[Order, ...]
    strategies: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel one order."""

    at: Nanos
    order_id: str


@dataclass(frozen=True, slots=True)
class CancelMany:
    """Cancel all open orders that match; None matches all."""

    at: Nanos
    account: str | None
    side: Side | None
    strategy: str | None


@dataclass(frozen=True, slots=True)
class Modify:
    """Modify one order, if it still is at the expected version."""

    at: Nanos
    order_id: str
    changes: Changes
    expected_version: int | None


Action = PlaceAction | Cancel | CancelMany | Modify


def read_actions(items: list[Fields], instrument: Instrument) -> tuple[Action, ...]:
    """The actions; they must be in the order of time and name orders that were placed before."""
    reader = _Reader(instrument)
    return tuple(reader.read(item) for item in items)


class _Reader:
    def __init__(self, instrument: Instrument) -> None:
        self._symbol = instrument.symbol
        self._price = price_check(instrument)
        self._placed: set[str] = set()
        self._last: Nanos | None = None
        self._readers: dict[str, Callable[[Fields, Nanos], Action]] = {
            "placeOrder": self._place_order,
            "placeBracket": self._place_bracket,
            "placeOco": self._place_oco,
            "cancelOrder": self._cancel,
            "cancelOrders": self._cancel_many,
            "modifyOrder": self._modify,
        }

    def read(self, fields: Fields) -> Action:
        at = fields.required("at", fields.time("at"))
        if self._last is not None and at < self._last:
            raise fields.fail("at", "is before the action before it")
        self._last = at
        names = [name for name in self._readers if name in fields]
        if len(names) != 1:
            raise ScenarioError(f"{fields.where}: must hold one of {', '.join(self._readers)}")
        content = fields.child(names[0])
        assert content is not None
        action = self._readers[names[0]](content, at)
        content.close()
        fields.close()
        return action

    # ------------------------------------------------------------------ placing

    def _place_order(self, fields: Fields, at: Nanos) -> PlaceAction:
        order, strategy = self._order(fields)
        return PlaceAction(at, (order,), (strategy,))

    def _place_bracket(self, fields: Fields, at: Nanos) -> PlaceAction:
        group = self._group()
        content = fields.required("entry", fields.child("entry"))
        entry, strategy = self._order(content, Contingency.OTO, group)
        content.close()
        if entry.reduce_only:
            raise content.fail("reduceOnly", "makes no sense for the entry of a bracket")
        legs = [leg for name in ("takeProfit", "stopLoss") if (leg := fields.child(name)) is not None]
        if not legs:
            raise fields.fail("takeProfit", "or stopLoss must be given")
        exits = [self._exit(leg, entry) for leg in legs]
        return PlaceAction(at, (entry, *exits), (strategy,) * (1 + len(exits)))

    def _place_oco(self, fields: Fields, at: Nanos) -> PlaceAction:
        group = self._group()
        orders, strategies = [], []
        for name in ("first", "second"):
            content = fields.required(name, fields.child(name))
            order, strategy = self._order(content, Contingency.OCO, group)
            content.close()
            orders.append(order)
            strategies.append(strategy)
        if orders[0].account != orders[1].account:
            raise fields.fail("second", "must be of the same account as first")
        return PlaceAction(at, tuple(orders), tuple(strategies))

    def _group(self) -> int:
        return len(self._placed)

    def _name(self, fields: Fields) -> str:
        name = fields.text("clientOrderId") or f"order{len(self._placed) + 1}"
        if name in self._placed:
            raise fields.fail("clientOrderId", f"{name!r} is in use already")
        self._placed.add(name)
        return name

    def _order(
        self, fields: Fields, contingency: Contingency = Contingency.NONE, group: int | None = None
    ) -> tuple[Order, str | None]:
        symbol = fields.required("symbol", fields.text("symbol"))
        if symbol != self._symbol:
            raise fields.fail("symbol", f"{symbol!r} is unknown; the scenario's instrument is {self._symbol!r}")
        fields.ignore("tags")
        strategy = fields.text("strategy")
        order = Order(
            id=self._name(fields),
            account=fields.text("accountId") or DEFAULT_ACCOUNT,
            **_terms(fields, TERMS, TimeInForce.DAY, self._price),
            contingency=contingency,
            group=group,
        )
        _check_order(fields, order)
        return order, strategy

    def _exit(self, fields: Fields, entry: Order) -> Order:
        order = Order(
            id=self._name(fields),
            account=entry.account,
            side=entry.side.opposite,
            quantity=entry.quantity,
            **_terms(fields, EXIT_TERMS, TimeInForce.GTC, self._price),
            reduce_only=True,
            contingency=Contingency.OUO,
            group=entry.group,
        )
        _check_order(fields, order)
        fields.close()
        return order

    # ------------------------------------------------------------------ the rest

    def _known(self, fields: Fields) -> str:
        name = fields.required("clientOrderId", fields.text("clientOrderId"))
        fields.ignore("accountId")
        if name not in self._placed:
            raise fields.fail("clientOrderId", f"{name!r} has not been placed")
        return name

    def _cancel(self, fields: Fields, at: Nanos) -> Cancel:
        return Cancel(at, self._known(fields))

    def _cancel_many(self, fields: Fields, at: Nanos) -> CancelMany:
        symbol = fields.text("symbol")
        if symbol is not None and symbol != self._symbol:
            raise fields.fail("symbol", f"{symbol!r} is unknown; the scenario's instrument is {self._symbol!r}")
        side = fields.word("side", Side) if "side" in fields else None
        return CancelMany(at, fields.text("accountId"), side, fields.text("strategy"))

    def _modify(self, fields: Fields, at: Nanos) -> Modify:
        version = fields.take("expectedVersion")
        if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
            raise fields.fail("expectedVersion", "must be a whole number")
        changes = Changes(**{name: _term(fields, name, self._price) for name in CHANGEABLE})
        return Modify(at, self._known(fields), changes, version)


def _terms(fields: Fields, names: Iterable[str], time_in_force: TimeInForce, price: Check) -> dict[str, Any]:
    """The given terms of these names, prices checked by ``price``; the others have their defaults."""
    terms = {name: value for name in names if (value := _term(fields, name, price)) is not None}
    for name in ("side", "type", "quantity"):
        if name in names:
            fields.required(camel_case(name), terms.get(name))
    return {"time_in_force": time_in_force} | terms


def _term(fields: Fields, name: str, price: Check) -> Any:
    """One term, read by its type; None when it is absent."""
    field = camel_case(name)
    kind = _KINDS[name]
    if field not in fields:
        return None
    if kind is Decimal:
        return fields.number(field, price if name in _PRICES else above_zero)
    if kind is bool:
        return fields.flag(field)
    return fields.time(field) if kind is Nanos else fields.word(field, kind)


def _check_order(fields: Fields, order: Order) -> None:
    kind = order.type
    if kind in REQUIRE_LIMIT_PRICE and order.limit_price is None:
        raise fields.fail("limitPrice", f"is missing for a {kind} order")
    if order.limit_price is not None and kind not in ACCEPT_LIMIT_PRICE:
        raise fields.fail("limitPrice", f"makes no sense for a {kind} order")
    if kind in REQUIRE_STOP_PRICE and order.stop_price is None:
        raise fields.fail("stopPrice", f"is missing for a {kind} order")
    if kind in TRAILING and order.trailing_offset is None:
        raise fields.fail("trailingOffset", f"is missing for a {kind} order")
    for name, offset in (("trailingOffset", order.trailing_offset), ("limitOffset", order.limit_offset)):
        if order.trailing_offset_kind is OffsetKind.BASIS_POINTS and (offset or ZERO) >= BASIS_POINTS:
            raise fields.fail(name, "in basis points must be below 10,000")
        if order.trailing_offset_kind is OffsetKind.TICKS and (offset or ZERO) % 1:
            raise fields.fail(name, "in ticks must be a whole number")
    if kind in REQUIRE_LIMIT_OFFSET and order.limit_offset is None:
        raise fields.fail("limitOffset", f"is missing for a {kind} order")
    if (order.time_in_force is TimeInForce.GTD) != (order.expires_at is not None):
        raise fields.fail("expiresAt", "belongs to a GTD order, and a GTD order needs it")
