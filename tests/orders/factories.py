"""Instruments, accounts and commands for tests of pure rules, with sensible figures to vary from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.accounts.types import GENESIS_HASH, AccountBook, AccountKind, AccountState, PositionMode
from domain.kernel.numbers import ZERO
from domain.kernel.time import Nanos
from domain.market.types import AssetClass, FeeSchedule, Instrument, Quote
from domain.orders.deciding.grouping import GroupPart, GroupRequest
from domain.orders.deciding.trading_book import MarketState, TradingBook
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.types import OrderType, Side, TimeInForce
from domain.risk.types import RiskLimits, RiskRule

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ACCOUNT_ID = UUID(int=1)
SPOT = Instrument(
    id=UUID(int=10),
    symbol="COIN",
    name="Coin",
    exchange="X",
    asset_class=AssetClass.CRYPTO,
    currency="USD",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    fees=FeeSchedule(maker_rate=Decimal("0.0002"), taker_rate=Decimal("0.001")),
)
PERPETUAL = replace(
    SPOT,
    id=UUID(int=11),
    symbol="COIN-PERP",
    asset_class=AssetClass.PERPETUAL,
    initial_margin_rate=Decimal("0.1"),
    maintenance_margin_rate=Decimal("0.05"),
)
INVERSE = replace(
    PERPETUAL,
    id=UUID(int=12),
    symbol="COINUSD",
    inverse=True,
    multiplier=Decimal(100),
    currency="COIN",
    lot_size=Decimal(1),
)


def quote(symbol: str = "COIN", bid: str = "99.99", ask: str = "100.01", **others: Any) -> Quote:
    """A quote around 100."""
    return Quote(symbol=symbol, at=Nanos(0), bid=Decimal(bid), ask=Decimal(ask), **others)


def market(given: Quote | None = None, *, stale: bool = False, is_open: bool = True) -> MarketState:
    """An open market that quotes around 100."""
    return MarketState(given if given is not None else quote(), stale, is_open)


def group_request(
    parts: Sequence[GroupPart],
    commands: Sequence[PlaceOrder],
    instrument: Instrument,
    state: MarketState,
    book: TradingBook,
) -> GroupRequest:
    """The orders of a group to decide on; they work as long as they say."""
    expiries = [command.expires_at for command in commands]
    return GroupRequest(parts, commands, expiries, b"", instrument, state, book, NOW)


def account(cash: str = "1000", kind: AccountKind = AccountKind.CASH, **others: Any) -> AccountBook:
    """An active account in dollars."""
    values: dict[str, Any] = {
        "id": ACCOUNT_ID,
        "owner_id": UUID(int=2),
        "name": "test",
        "venue": "paper",
        "kind": kind,
        "position_mode": PositionMode.NETTING,
        "state": AccountState.ACTIVE,
        "currency": "USD",
        "cash": Decimal(cash),
        "reserved": ZERO,
        "realized_pnl": ZERO,
        "fees_paid": ZERO,
        "day_opening_equity": ZERO,
        "day_transfers": ZERO,
        "transaction_sequence": 0,
        "transaction_hash": GENESIS_HASH,
        "event_sequence": 0,
        "created_at": NOW,
        "rolled_at": NOW,
    }
    return AccountBook(**(values | others))


def trading_book(
    cash: str = "1000", kind: AccountKind = AccountKind.CASH, rules: Sequence[RiskRule] = (), **others: Any
) -> TradingBook:
    """A book of an account without positions, with these rules in force."""
    book = account(cash, kind, **others)
    return TradingBook(book, {}, book.cash, limits=RiskLimits(tuple(rules)))


def command(**others: Any) -> PlaceOrder:
    """A limit order to buy one at 100."""
    values: dict[str, Any] = {
        "account_id": ACCOUNT_ID,
        "symbol": "COIN",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": Decimal(1),
        "limit_price": Decimal(100),
        "time_in_force": TimeInForce.GTC,
    }
    values |= others
    if values["type"] in (OrderType.MARKET, OrderType.STOP) and "limit_price" not in others:
        values["limit_price"] = None
    return PlaceOrder(**values)
