"""A platform with a perpetual and a coin that quote around 100, and what tests of positions do with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from graphql import graphql

from api.context import Context
from api.root import platform_schema
from domain.access.types import Actor
from domain.accounts.types import AccountBook, AccountKind
from domain.kernel.errors import DomainError
from domain.kernel.ids import new_id
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, Side
from domain.positions.values import AccountValue, PositionValue
from tests.orders.conftest import live_desk, quiet_desk
from tests.orders.factories import PERPETUAL, SPOT, command
from tests.support.trading import Platform, platform, running_venue

__all__ = ["live_desk", "quiet_desk"]


@dataclass
class Holder:
    """A trader with one account of a platform."""

    desk: Platform
    actor: Actor
    account: AccountBook

    async def order(self, symbol: str, side: Side, quantity: str, **others: Any) -> Order:
        """Place an order, by default at market; returns it when the venue has answered."""
        given = {"type": OrderType.MARKET} | others
        order = command(account_id=self.account.id, symbol=symbol, side=side, quantity=Decimal(quantity), **given)
        (placed,) = await self.desk.place(self.actor, order)
        if placed.is_open:
            (placed,) = await self.desk.settled(placed.id)
        return placed

    async def buy(self, quantity: str, symbol: str = "COIN-PERP") -> Order:
        """Buy at market, completely."""
        return await self.desk.filled((await self.order(symbol, Side.BUY, quantity)).id, quantity)

    async def sell(self, quantity: str, symbol: str = "COIN-PERP") -> Order:
        """Sell at market, completely."""
        return await self.desk.filled((await self.order(symbol, Side.SELL, quantity)).id, quantity)

    async def value(self) -> AccountValue:
        """The account with all it ever held."""
        return (await self.desk.services.books.read_with_closed([self.account.id]))[self.account.id]

    async def position(self, symbol: str = "COIN-PERP") -> PositionValue:
        """Its first position in a symbol."""
        return next(row for row in (await self.value()).positions if row.symbol == symbol)

    async def ask(self, query: str, actor: Actor | None = None, **variables: Any) -> Any:
        """The value of the one root field, or code, reason and field of the one error."""
        context = Context(self.desk.services, actor=actor or self.actor)
        result = await graphql(platform_schema(), query, context_value=context, variable_values=variables)
        if result.errors:
            original = result.errors[0].original_error
            assert isinstance(original, DomainError), result.errors[0]
            context_of = original.context
            return original.code.value, context_of.get("reason") or context_of.get("field")
        assert result.data is not None
        (value,) = result.data.values()
        return value

    async def snapshot(self) -> tuple[Any, ...]:
        """The stored state that a refusal must not change."""
        value = await self.value()
        positions = [(row.id, row.quantity, row.frozen, row.updated_at) for row in value.positions]
        return value.account.event_sequence, value.cash, value.reserved, positions

    @property
    def id(self) -> UUID:
        """The account's."""
        return self.account.id


@pytest.fixture
async def quiet(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Platform]:
    """A platform whose venue runs only when a test starts it."""
    async with platform(database_url, redis_url, tmp_path, venue=False) as whole:
        await whole.add_instrument(replace(PERPETUAL, id=new_id()))
        await whole.add_instrument(replace(SPOT, id=new_id()))
        await whole.quote("COIN-PERP", "99.99", "100.01")
        await whole.quote("COIN", "99.99", "100.01")
        yield whole


@pytest.fixture(name="desk")
async def open_desk(quiet: Platform) -> AsyncIterator[Platform]:
    """With the venue's router beside it."""
    async with running_venue(quiet):
        yield quiet


@pytest.fixture
async def holder(desk: Platform) -> Holder:
    """A margin account with a thousand dollars."""
    return Holder(desk, *await desk.open_account("1000", kind=AccountKind.MARGIN))
