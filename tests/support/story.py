"""A long story of trading, the same every time: twenty accounts, five thousand orders of every kind, and its books.

It is told in the market's own time, which runs ahead of the machine's: so orders expire by the ticks that come, and at
the same tick whenever and however fast the story is told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from domain.kernel.database import fetch
from domain.kernel.time import Nanos
from domain.market.types import QuoteTick
from domain.orders.model.commands import OrderLeg, PlaceBracket, PlaceOco, PlaceOrder
from domain.orders.model.types import OffsetKind, OrderType, Side, TimeInForce, TriggerPrice

ACCOUNTS = 20
ROUNDS = 10
SINGLES_PER_ROUND = 23
TICKS_PER_ROUND = 4
# The market's day is over here: whatever was for the day expires, and what is placed later with the next tick.
LAST_ROUND_OF_DAY = 5
ROUND = timedelta(minutes=1)
TICK = Decimal("0.01")
# Where each kind of order has its prices, seen from the market's middle: so many ticks, times the side's sign.
_LIMITED = {OrderType.LIMIT: (-30, 15)}
_STOPPED = {
    OrderType.STOP: (5, 60),
    OrderType.STOP_LIMIT: (5, 60),
    OrderType.MARKET_IF_TOUCHED: (-60, -5),
    OrderType.LIMIT_IF_TOUCHED: (-60, -5),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change of an order by its name; a change that no longer fits is refused."""

    account: int
    name: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Round:
    """The steps at a time: orders and groups per account, changes, accounts that cancel a side, then ticks."""

    singles: list[tuple[int, dict[str, Any]]]
    groups: list[tuple[int, dict[str, Any], dict[str, Any], dict[str, Any]]]
    changes: list[Change]
    cancels: list[tuple[int, Side]]
    ticks: list[QuoteTick]


def tell(seed: int, symbol: str, begins: datetime) -> list[Round]:
    """The story of this seed; ``begins`` is the market's time at its start."""
    chance, middle, rounds, names = Random(seed), Decimal(100), list[Round](), dict[int, list[str]]()
    for number in range(ROUNDS):
        now = begins + number * ROUND + (timedelta(days=2) if number > LAST_ROUND_OF_DAY else timedelta())
        singles, groups = [], []
        for account in range(ACCOUNTS):
            for place in range(SINGLES_PER_ROUND):
                order = _single(chance, middle, f"{number}-{place}", now)
                singles.append((account, order))
                names.setdefault(account, []).append(order["client_order_id"])
            groups.append(_group(chance, middle, account, f"{number}-g", now))
        changes = [
            Change(account, chance.choice(names[account][-40:]), Decimal(chance.randint(1, 60)) / 10)
            for account in range(ACCOUNTS)
        ]
        cancels = [(account, chance.choice(list(Side))) for account in chance.sample(range(ACCOUNTS), 2)]
        ticks = []
        for place in range(TICKS_PER_ROUND):
            middle += TICK * chance.randint(-25, 25)
            size = Decimal(chance.randint(10, 80)) / 10
            at = Nanos.of(now + place * timedelta(seconds=1))
            ticks.append(QuoteTick(symbol, at, middle - TICK, middle + TICK, size, size, middle, size))
        rounds.append(Round(singles, groups, changes, cancels, ticks))
    return rounds


def _near(chance: Random, middle: Decimal, side: Side, low: int, high: int) -> Decimal:
    return middle + side.sign * TICK * chance.randint(low, high)


def _while(chance: Random, now: datetime) -> dict[str, Any]:
    """The lifetime of an order that may rest: until cancelled, for the day, or for some rounds."""
    lasting = chance.choice([TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD])
    expires_at = now + chance.randint(1, 3) * ROUND if lasting is TimeInForce.GTD else None
    return {"time_in_force": lasting, "expires_at": expires_at}


def _single(chance: Random, middle: Decimal, name: str, now: datetime) -> dict[str, Any]:
    side, kind = chance.choice(list(Side)), chance.choice(list(OrderType))
    order: dict[str, Any] = {
        "client_order_id": name,
        "side": side,
        "type": kind,
        "quantity": Decimal(chance.randint(1, 60)) / 10,
        "reduce_only": chance.random() < 0.1,
        **_while(chance, now),
    }
    if kind in _LIMITED:
        order["limit_price"] = _near(chance, middle, side, *_LIMITED[kind])
        if chance.random() < 0.4:
            order |= {"time_in_force": chance.choice([TimeInForce.IOC, TimeInForce.FOK]), "expires_at": None}
        else:
            order["post_only"] = chance.random() < 0.3
    if kind in _STOPPED:
        order["stop_price"] = _near(chance, middle, side, *_STOPPED[kind])
        order["trigger_price"] = chance.choice(list(TriggerPrice))
        if kind in (OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED):
            order["limit_price"] = order["stop_price"] + side.sign * TICK * chance.randint(0, 10)
    if kind in (OrderType.TRAILING_STOP, OrderType.TRAILING_STOP_LIMIT):
        order |= _trail(chance, middle, side)
        if kind is OrderType.TRAILING_STOP_LIMIT:
            order["limit_offset"] = order["trailing_offset"]
    return order


def _trail(chance: Random, middle: Decimal, side: Side) -> dict[str, Any]:
    kind, offset = chance.choice(list(OffsetKind)), Decimal(chance.randint(10, 60))
    activation = _near(chance, middle, side, -30, -5) if chance.random() < 0.3 else None
    return {
        "trailing_offset_kind": kind,
        "trailing_offset": offset * TICK if kind is OffsetKind.PRICE else offset,
        "activation_price": activation,
    }


def _group(
    chance: Random, middle: Decimal, account: int, name: str, now: datetime
) -> tuple[int, dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A bracket's entry and exits, or, in every other account, the two orders of an OCO and nothing."""
    side = chance.choice(list(Side))
    common = {"side": side, "quantity": Decimal(chance.randint(1, 40)) / 10, **_while(chance, now)}
    limit = _near(chance, middle, side, -30, 5)
    first = common | {"client_order_id": f"{name}1", "type": OrderType.LIMIT, "limit_price": limit}
    if account % 2:
        stop = {"type": OrderType.STOP, "stop_price": _near(chance, middle, side, 5, 40)}
        return account, first, common | stop | {"client_order_id": f"{name}2"}, {}
    target = limit + side.sign * TICK * chance.randint(5, 60)
    loss = limit - side.sign * TICK * chance.randint(5, 60)
    profit = {"client_order_id": f"{name}2", "type": OrderType.LIMIT, "limit_price": target}
    return account, first, profit, {"client_order_id": f"{name}3", "type": OrderType.STOP, "stop_price": loss}


def single(account_id: UUID, symbol: str, fields: dict[str, Any]) -> PlaceOrder:
    """The command to place an order of the story."""
    return PlaceOrder(account_id=account_id, symbol=symbol, **fields)


def group(
    account_id: UUID, symbol: str, first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> PlaceBracket | PlaceOco:
    """The command to place a group of the story."""
    entry = single(account_id, symbol, first)
    if third:
        return PlaceBracket(entry, OrderLeg(**second), OrderLeg(**third))
    return PlaceOco(entry, single(account_id, symbol, second))


async def books() -> dict[str, list[tuple[Any, ...]]]:
    """The result of the story, without identifiers and times, which differ between runs."""
    statements = {
        "accounts": "SELECT name, cash, reserved, realized_pnl, fees_paid, event_sequence FROM accounts ORDER BY name",
        "positions": """SELECT a.name, p.quantity, p.average_price, p.realized_pnl, p.fees_paid, p.working_buy,
            p.working_sell, p.reserved
            FROM positions p JOIN accounts a ON a.id = p.account_id ORDER BY a.name, p.bucket""",
        "orders": """SELECT a.name, o.client_order_id, o.type, o.time_in_force, o.status, o.contingency,
            o.quantity, o.limit_price, o.filled_quantity, o.stop_price, o.average_price, o.fees, o.reserved, o.version,
            o.reject_reason, o.pending_action
            FROM orders o JOIN accounts a ON a.id = o.account_id ORDER BY a.name, o.client_order_id""",
        "executions": """SELECT a.name, o.client_order_id, e.price, e.quantity, e.fee, e.realized_pnl, e.liquidity
            FROM executions e JOIN orders o ON o.id = e.order_id JOIN accounts a ON a.id = o.account_id
            ORDER BY a.name, e.sequence""",
        "events": """SELECT a.name, e.sequence, e.kind, o.client_order_id FROM account_events e
            JOIN accounts a ON a.id = e.account_id LEFT JOIN orders o ON o.id = e.order_id
            ORDER BY a.name, e.sequence""",
    }
    return {name: [tuple(row) for row in await fetch(statement)] for name, statement in statements.items()}
