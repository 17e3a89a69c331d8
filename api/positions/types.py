"""Types of the position area in the schema; their sources are the domain's own values."""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Self, cast

import strawberry

from api.access.enums import Role
from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL
from api.market.types import Instrument, instrument_view
from api.node import Node
from api.objects import load_currency
from api.positions.enums import PositionSide
from domain.positions import history_types, lots
from domain.positions.values import PositionValue

if TYPE_CHECKING:
    from api.accounts.types import Account


@strawberry.type(description="The part of a position that people of one role froze by hand.")
class PositionFreeze:
    """A view of ``domain.positions.holds.Hold``."""

    role: Role = strawberry.field(
        description=("Lowest role that may release it; a freeze by the platform counts as one by a RISK_MANAGER.")
    )
    quantity: Decimal = strawberry.field(description="In units of the position, above zero.")
    by: str | None = strawberry.field(
        description=(
            "Author of the last freeze of that role: an email, or a part of the platform such as "
            "`settlement`; null if it was not recorded."
        )
    )


@strawberry.type(description="Position of an account in an instrument, valued at the newest quote.")
class Position(Node):
    """A view of ``domain.positions.values.PositionValue``."""

    id: strawberry.ID
    symbol: str
    side: PositionSide
    quantity: Decimal = strawberry.field(description="Signed: below zero for a short position.")
    frozen: Decimal = strawberry.field(
        description="Held by working closing orders, by an operator, or not settled yet: it cannot be closed now."
    )
    closable: Decimal = strawberry.field(description="Quantity that a new order may close.")
    freezes: list[PositionFreeze] = strawberry.field(
        description=("Quantities frozen by hand with their authors: at most one for each role, the lowest role first.")
    )
    today_quantity: Decimal = strawberry.field(description=("Quantity of it that was opened since the day roll."))
    average_price: Decimal
    mark_price: Decimal | None = strawberry.field(
        description="Null without a quote; it is carried at its average then."
    )
    market_value: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal = strawberry.field(description="Gross of fees.")
    fees_paid: Decimal
    initial_margin: Decimal
    liquidation_price: Decimal | None = strawberry.field(
        description=(
            "Price at which equity would equal maintenance margin if no other price moved; null if there is none."
        )
    )
    fx_rate: Decimal = strawberry.field(
        description=(
            "Exchange rate of the instrument's currency to the account's; all money of the position is in "
            "the account's currency."
        )
    )
    opened_at: datetime | None
    closed_at: datetime | None
    updated_at: datetime
    weight: float | None = strawberry.field(description="Share of the account's equity.")

    @strawberry.field(
        description="The currency of its money: the account's. Prices are in the instrument's.", metadata=SAME_FOR_ALL
    )
    async def currency(self, value: strawberry.Parent[PositionValue], info: Info) -> str:
        """Loaded with those of the operation's other accounts."""
        return await load_currency(info, value.account_id)

    @strawberry.field(description="Its owner.", metadata=SAME_FOR_ALL)
    async def account(
        self, value: strawberry.Parent[PositionValue], info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts.types")]:
        """Loaded with the operation's other accounts."""
        return cast("Account", await info.context.load(info.context.services.books.read, value.account_id))

    @strawberry.field(description="Its instrument.", metadata=SAME_FOR_ALL)
    def instrument(self, value: strawberry.Parent[PositionValue]) -> Instrument:
        """The terms that it was valued with."""
        return instrument_view(value.instrument)


@strawberry.type(description="PnL of one position.")
class PositionPnl:
    """A view of ``domain.positions.values.PositionValue``."""

    symbol: str
    quantity: Decimal
    mark_price: Decimal | None
    unrealized_pnl: Decimal
    realized_pnl: Decimal


@strawberry.type(description="An account's newest figures.")
class PnlUpdate:
    """The figures of an account at one moment."""

    account_id: strawberry.ID
    currency: str
    at: datetime
    equity: Decimal
    cash: Decimal
    available: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    day_pnl: Decimal
    margin_ratio: Decimal | None
    positions: list[PositionPnl]


@strawberry.type(description="Positions of one kind, in the account's currency.")
class ExposureBucket:
    """A view of ``domain.positions.summary.ExposureBucket``."""

    key: str
    long_value: Decimal
    short_value: Decimal = strawberry.field(description="Unsigned.")
    net_exposure: Decimal = strawberry.field(description="Long less short.")
    weight: float | None = strawberry.field(
        description="Net exposure over the account's equity; null while that is not above zero."
    )


@strawberry.type(description="Exposure of an account, in its currency, at the newest quotes.")
class PositionSummary:
    """A view of ``domain.positions.summary.PositionSummary``."""

    account_id: strawberry.ID
    currency: str
    count: int
    long_value: Decimal
    short_value: Decimal = strawberry.field(description="Unsigned.")
    gross_exposure: Decimal = strawberry.field(description="Long and short together.")
    net_exposure: Decimal = strawberry.field(description="Long less short.")
    leverage: Decimal = strawberry.field(
        description="Gross exposure over equity; one million if there is exposure and no equity."
    )
    unrealized_pnl: Decimal
    realized_pnl: Decimal = strawberry.field(description="Of the account since it was opened, gross of fees.")
    largest_weight: float | None = strawberry.field(description="Largest share of a position in equity, unsigned.")
    by_asset_class: list[ExposureBucket]
    by_symbol: list[ExposureBucket]
    by_currency: list[ExposureBucket]


@strawberry.type(description="A position at one time.")
class PositionSnapshot:
    """A view of ``domain.positions.history_types.PositionSnapshot``."""

    at: datetime
    symbol: str
    quantity: Decimal
    average_price: Decimal
    mark_price: Decimal | None
    unrealized_pnl: Decimal
    realized_pnl: Decimal = strawberry.field(description="Gross of fees, since the first trade.")

    @strawberry.field(
        description="The currency of its money: the account's. Prices are in the instrument's.", metadata=SAME_FOR_ALL
    )
    async def currency(self, snapshot: strawberry.Parent[history_types.PositionSnapshot], info: Info) -> str:
        """Loaded with those of the operation's other accounts."""
        return await load_currency(info, snapshot.account_id)


@strawberry.type(description="An entry and its exit, matched first in, first out.")
class ClosedTrade:
    """A view of ``domain.positions.lots.ClosedTrade``."""

    symbol: str
    side: PositionSide = strawberry.field(description="Of the position that was closed.")
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    opened_at: datetime
    closed_at: datetime
    realized_pnl: Decimal = strawberry.field(
        description=(
            "Its share of the realised profit or loss in the books, which value positions at their average: "
            "trades add up to the realised PnL of positions. Gross of fees."
        )
    )
    matched_pnl: Decimal = strawberry.field(
        description="Of this entry and exit alone: over all trades of a position that is flat it adds up to the same."
    )
    fees: Decimal = strawberry.field(description="Its part of the fees and taxes of both.")
    currency: str

    @classmethod
    def of(cls, trade: lots.ClosedTrade, currency: str) -> Self:
        """The view of a trade of an account with this currency."""
        return cls(**{each.name: getattr(trade, each.name) for each in fields(trade)}, currency=currency)


def position_view(value: PositionValue) -> Position:
    """The value itself: its attributes are the fields."""
    return cast(Position, value)
