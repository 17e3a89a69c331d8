"""Types of the account area in the schema.

Their sources are the domain's own values (``AccountValue``, ``Transaction``, ``BookProof``): a field without a method
reads the attribute of its name, so a list costs no copy.
"""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry

from api.access.loaders import load_user
from api.access.types import User
from api.accounts.enums import AccountKind, AccountState, HouseAccount, PositionMode, TransactionKind
from api.accounts.inputs import TransactionFilter
from api.accounts.performance import EquityPoint, PerformanceReport
from api.context import Info
from api.graphql.field_flags import COSTLY, SAME_FOR_ALL, same_for_all_reading
from api.market.enums import BarInterval
from api.node import Node
from api.objects import load_account, load_currency, load_execution, load_order
from api.orders.inputs import OrderFilter, OrderSortInput
from api.orders.queries import orders_page
from api.orders.types import Execution, Order
from api.pages import Connection, connection
from api.realtime.streams import cursor_of
from api.risk.types import RiskMetrics
from api.scalars import Cursor
from domain.accounts.event_queries import read_heads
from domain.accounts.queries import count_transactions, page_transactions
from domain.accounts.types import Transaction
from domain.kernel.pages import page_request
from domain.kernel.time import utc_now
from domain.orders.reading.closed_trades import performance_of
from domain.orders.reading.risk_metrics import risk_metrics
from domain.orders.reading.search_queries import require_order
from domain.positions.history_service import equity_curve
from domain.positions.values import AccountValue

if TYPE_CHECKING:
    from api.positions.types import Position, PositionSnapshot


@strawberry.type(description="One transfer between an account and a house account; never changed, never removed.")
class AccountTransaction(Node):
    """A view of ``domain.accounts.types.Transaction``."""

    id: strawberry.ID
    sequence: int = strawberry.field(description="1, 2, 3 ... without a gap in each account.")
    kind: TransactionKind
    contra: HouseAccount
    amount: Decimal = strawberry.field(description="Signed, from the account's side.")
    balance_after: Decimal
    currency: str
    order_id: strawberry.ID | None
    execution_id: strawberry.ID | None
    reference: str | None
    note: str | None
    hash: str = strawberry.field(description="SHA-256 over the previous hash and this row.")
    created_at: datetime = strawberry.field(description="Time at which it was posted.", deprecation_reason="Use `at`.")
    by: str | None = strawberry.field(
        description=(
            "Its author: an email, or a part of the platform such as `settlement`; null if it was not recorded."
        )
    )

    @strawberry.field(description="Time at which it was posted.", metadata=same_for_all_reading("created_at"))
    def at(self, transaction: strawberry.Parent[Transaction]) -> datetime:
        """As of every event."""
        return transaction.created_at

    @strawberry.field(description="Its owner.", metadata=SAME_FOR_ALL)
    async def account(
        self, transaction: strawberry.Parent[Transaction], info: Info
    ) -> Annotated["Account", strawberry.lazy("api.accounts.types")]:
        """Loaded with the operation's other accounts."""
        return cast("Account", await load_account(info, transaction.account_id))

    @strawberry.field(description="The order that caused it; null for none.", metadata=SAME_FOR_ALL)
    async def order(self, transaction: strawberry.Parent[Transaction], info: Info) -> Order | None:
        """Loaded with the operation's other orders."""
        return cast(Order | None, await load_order(info, transaction.order_id))

    @strawberry.field(description="The execution that caused it; null for none.", metadata=SAME_FOR_ALL)
    async def execution(self, transaction: strawberry.Parent[Transaction], info: Info) -> Execution | None:
        """Loaded with the operation's other executions."""
        return cast(Execution | None, await load_execution(info, transaction.execution_id))


@strawberry.type(description="An account with its figures at the newest quotes, in its currency.")
class Account(Node):
    """A view of ``domain.positions.values.AccountValue``."""

    id: strawberry.ID
    name: str
    venue: str = strawberry.field(description="Venue of its orders.")
    kind: AccountKind
    position_mode: PositionMode
    state: AccountState
    state_by: str | None = strawberry.field(
        description="Author of its current state: an email, or a part of the platform such as `monitor`."
    )
    state_reason: str | None
    currency: str
    cash: Decimal = strawberry.field(description="Settled balance: always the sum of its transactions.")
    reserved: Decimal = strawberry.field(description="Reserved for working orders.")
    available: Decimal = strawberry.field(description="Money that a new order or a withdrawal may use.")
    equity: Decimal
    market_value: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    fees_paid: Decimal
    initial_margin: Decimal
    maintenance_margin: Decimal
    margin_ratio: Decimal | None = strawberry.field(
        description="Equity over maintenance margin; null while no margin is in use."
    )
    buying_power: Decimal
    day_pnl: Decimal = strawberry.field(description="Since the last day roll, apart from deposits and withdrawals.")
    created_at: datetime

    @strawberry.field(description="Its owner.", metadata=SAME_FOR_ALL)
    async def owner(self, value: strawberry.Parent[AccountValue], info: Info) -> User:
        """Loaded with the owners of the operation's other accounts."""
        return await load_user(info, value.owner_id)

    @strawberry.field(
        description=(
            "Current end of its event log: `orderEvents` and `executions` after this cursor miss no event from now on."
        ),
        metadata=SAME_FOR_ALL,
    )
    async def event_cursor(self, value: strawberry.Parent[AccountValue], info: Info) -> Cursor:
        """Read with those of the operation's other accounts."""
        return cursor_of(await info.context.load(read_heads, value.id) or 0, value.id)

    @strawberry.field(
        description="Its open positions; on request also the closed ones. In pages: `positionsConnection(accountId)`.",
        metadata=SAME_FOR_ALL,
    )
    async def positions(
        self, value: strawberry.Parent[AccountValue], info: Info, include_closed: bool = False
    ) -> list[Annotated["Position", strawberry.lazy("api.positions.types")]]:
        """Valued with the account."""
        if not include_closed:
            return cast("list[Position]", [row for row in value.positions if row.quantity])
        whole = await info.context.load(info.context.services.books.read_with_closed, value.id)
        return cast("list[Position]", list(whole.positions) if whole is not None else [])

    @strawberry.field(description="Its orders, newest first unless sorted otherwise.")
    async def orders(
        self,
        value: strawberry.Parent[AccountValue],
        info: Info,
        filter: OrderFilter | None = None,
        order_by: OrderSortInput | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Order]:
        """A page of the account's orders; another account in the filter leaves none."""
        search = (filter or OrderFilter()).to_domain()
        within = replace(search, within=value.id)
        return await orders_page(info, within, order_by, first, after, last, before)

    @strawberry.field(description="Its ledger, newest first.")
    async def transactions(
        self,
        value: strawberry.Parent[AccountValue],
        info: Info,
        filter: TransactionFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[AccountTransaction]:
        """A page of the ledger."""
        chosen = filter.to_domain() if filter is not None else {}
        if chosen.get("order_id") is not None:
            await require_order(info.context.require_actor(), chosen["order_id"])
        page = await page_transactions(
            page_request(first, after, last, before, parts=1, of=("transactions", value.id, chosen)), value.id, **chosen
        )
        return connection(page, transaction_view, partial(count_transactions, value.id, **chosen))

    @strawberry.field(
        description="The last sample of its equity in each interval with `from` <= at < `to`, oldest first; without "
        "`from` the last 500 intervals. At most 2,000 intervals."
    )
    async def equity_curve(
        self,
        value: strawberry.Parent[AccountValue],
        info: Info,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
        interval: BarInterval = BarInterval.MINUTE,
    ) -> list[EquityPoint]:
        """From samples of every minute and of each day roll."""
        day_roll = info.context.services.entry.context.day_roll
        curve = await equity_curve(value.id, since, until, interval, day_roll, utc_now())
        return [EquityPoint.of(sample, value.currency) for sample in curve]

    @strawberry.field(description="Its risk at the newest marks.", metadata=COSTLY)
    async def risk(self, value: strawberry.Parent[AccountValue], info: Info) -> RiskMetrics:
        """Measured on request."""
        services = info.context.services
        return cast(RiskMetrics, await risk_metrics(services.entry.context, services.books, value.id))

    @strawberry.field(
        description="Its performance with `from` <= at < `to`; from its opening until now by default.",
        metadata=COSTLY,
    )
    async def performance(
        self,
        value: strawberry.Parent[AccountValue],
        info: Info,
        since: Annotated[datetime | None, strawberry.argument(name="from")] = None,
        until: Annotated[datetime | None, strawberry.argument(name="to")] = None,
    ) -> PerformanceReport:
        """Measured on request."""
        services = info.context.services
        day_roll = services.entry.context.day_roll
        report = await performance_of(services.reads, services.market, day_roll, value.id, since, until, utc_now())
        return cast(PerformanceReport, report)


@strawberry.type(
    description=(
        "Result of one day of an account, in its currency. It adds up: openingEquity + deposits - "
        "withdrawals + realizedPnl + unrealizedPnlChange - fees - taxes + financing + dividends = "
        "closingEquity."
    )
)
class DailyStatement:
    """A view of ``domain.settlement.types.DailyStatement``."""

    account_id: strawberry.ID
    day: date
    opening_equity: Decimal = strawberry.field(
        description="The closing equity of the day before, zero before the first."
    )
    deposits: Decimal
    withdrawals: Decimal
    realized_pnl: Decimal = strawberry.field(description="Of executions and settlements, gross of fees.")
    unrealized_pnl_change: Decimal = strawberry.field(
        description=(
            "Change of the value of open positions by prices and exchange rates, including the fractions "
            "that cash is rounded by."
        )
    )
    fees: Decimal
    taxes: Decimal
    financing: Decimal = strawberry.field(description="Funding and interest; below zero when paid.")
    dividends: Decimal = strawberry.field(description="Below zero when paid, for a short position.")
    closing_equity: Decimal = strawberry.field(description="Cash and holdings at the day's closing prices.")
    executions: int
    positions: list[Annotated["PositionSnapshot", strawberry.lazy("api.positions.types")]] = strawberry.field(
        description="Positions at the end of the day, and positions that were closed during it. "
        "In pages: `positionHistoryConnection(accountId)`."
    )

    @strawberry.field(description="The currency of all its money: the account's.", metadata=SAME_FOR_ALL)
    async def currency(self, statement: strawberry.Parent[Any], info: Info) -> str:
        """Loaded with those of the operation's other accounts."""
        return await load_currency(info, statement.account_id)


@strawberry.type(
    description=("A difference between the books and the values derived from executions and transactions.")
)
class BookBreak:
    """A view of ``domain.orders.books.proof.BookBreak``."""

    what: str
    booked: str
    derived: str
    transaction_id: strawberry.ID | None
    position_id: strawberry.ID | None
    order_id: strawberry.ID | None


@strawberry.type(description="An account rebuilt from its executions and transactions, compared with the books.")
class BookProof:
    """A view of ``domain.orders.books.proof.BookProof``."""

    account_id: strawberry.ID
    intact: bool
    transactions: int
    executions: int
    booked_cash: Decimal
    derived_cash: Decimal
    chain_intact: bool
    breaks: list[BookBreak]
    checked_at: datetime

    @strawberry.field(description="The currency of all its money: the account's.", metadata=SAME_FOR_ALL)
    async def currency(self, proof: strawberry.Parent[Any], info: Info) -> str:
        """Loaded with those of the operation's other accounts."""
        return await load_currency(info, proof.account_id)


@strawberry.type(description="Yearly cost of a loan of a currency, as a ratio; each day roll charges a 365th of it.")
class InterestRate:
    """A view of ``domain.accounts.interest.InterestRate``."""

    currency: str
    loan_rate: Decimal
    updated_at: datetime


@strawberry.type(description="Balance of a house account in one currency.")
class HouseBalance:
    """A view of ``domain.accounts.service.HouseBalance``."""

    account: HouseAccount
    balance: Decimal


@strawberry.type(description="All accounts and house accounts of a currency; the difference is zero.")
class TrialBalance:
    """A view of ``domain.accounts.service.TrialBalance``."""

    currency: str
    accounts: Decimal
    house: list[HouseBalance]
    difference: Decimal


def transaction_view(value: object) -> AccountTransaction:
    """The value itself: its attributes are the fields."""
    return cast(AccountTransaction, value)


def account_view(value: AccountValue) -> Account:
    """The value itself: its attributes are the fields."""
    return cast(Account, value)
