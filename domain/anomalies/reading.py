"""Facts from the events of accounts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

import orjson

from domain.accounts.events import CASH_MOVED, read_figures
from domain.accounts.types import AccountEvent
from domain.anomalies.facts import Executed, Fact, MoneyMoved, OrderChanged, OrderEnded, OrderPlaced
from domain.orders.model.events import read_order_event
from domain.orders.model.order import OrderEvent
from domain.orders.model.types import Liquidity, OrderEventKind, OrderStatus

_PLACED = frozenset({OrderEventKind.HELD, OrderEventKind.PENDING_NEW})
_CHANGED = frozenset({OrderEventKind.RELEASED, OrderEventKind.REPLACED})
_ENDED = frozenset({OrderEventKind.CANCELED, OrderEventKind.EXPIRED})


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with the data that facts need beside it.

    They are the account's owner, the market's price when the event's order was placed, and the value of one unit at
    price one (``multiplier``; None for an inverse instrument, whose units are money).
    """

    event: AccountEvent
    owner_id: str
    arrival_price: Decimal | None
    multiplier: Decimal | None


def kinds_of(facts: Collection[type]) -> list[str]:
    """The kinds of events that say something of these types of facts."""
    kinds = [CASH_MOVED] if MoneyMoved in facts else []
    if not {OrderPlaced, OrderChanged, OrderEnded, Executed}.isdisjoint(facts):
        told = _PLACED | _CHANGED | _ENDED | {OrderEventKind.TRADE}
        kinds += sorted(kind.value for kind in told)
    return kinds


def facts_of(stored: StoredEvent) -> Iterator[Fact]:
    """The facts of an event, usually one."""
    event = stored.event
    if event.kind == CASH_MOVED:
        parts = orjson.loads(event.payload)
        moved, balance = parts["transaction"], read_figures(parts)["cash"]
        yield MoneyMoved(moved["id"], str(event.account_id), Decimal(moved["amount"]), balance, event.at)
        return
    told = read_order_event(event)
    if told is not None:
        yield from _of_order(told, stored)


def _of_order(told: OrderEvent, stored: StoredEvent) -> Iterator[Fact]:
    order, account_id = told.order, str(told.account_id)
    if told.kind in _PLACED:
        price = order.limit_price or stored.arrival_price
        value = (price or Decimal(0)) * stored.multiplier if stored.multiplier is not None else Decimal(1)
        yield OrderPlaced(
            id=str(order.id),
            account_id=account_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            notional=order.quantity * value,
            price=order.limit_price,
            reference_price=stored.arrival_price,
            at=told.at,
            owner_id=stored.owner_id,
        )
    if told.kind in _CHANGED:
        open_quantity = order.quantity - order.filled_quantity
        yield OrderChanged(
            str(order.id), account_id, order.symbol, open_quantity, order.limit_price, told.at, stored.owner_id
        )
    if told.kind is OrderEventKind.TRADE and told.execution is not None:
        fill = told.execution
        yield Executed(
            id=str(fill.id),
            order_id=str(order.id),
            account_id=account_id,
            owner_id=stored.owner_id,
            symbol=order.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            is_taker=fill.liquidity is Liquidity.TAKER,
            realized_pnl=fill.realized_pnl or None,
            at=told.at,
        )
    if told.kind in _ENDED or (told.kind is OrderEventKind.TRADE and order.status is OrderStatus.FILLED):
        canceled = told.kind is OrderEventKind.CANCELED
        yield OrderEnded(str(order.id), account_id, order.symbol, canceled, told.at, stored.owner_id)
