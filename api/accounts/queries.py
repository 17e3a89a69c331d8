"""Queries about accounts and money."""

from datetime import date
from functools import partial
from typing import Annotated, cast

import strawberry

from api.accounts.inputs import AccountFilter
from api.accounts.types import (
    Account,
    AccountTransaction,
    BookProof,
    DailyStatement,
    InterestRate,
    TrialBalance,
    account_view,
)
from api.context import Info
from api.graphql.field_flags import COSTLY
from api.ids import named
from api.objects import find_visible
from api.pages import Connection, connection, listed
from domain.accounts import search, search_store
from domain.accounts.interest import list_interest_rates
from domain.accounts.queries import read_transactions, require_account
from domain.accounts.service import read_trial_balance, visible_accounts
from domain.kernel.pages import page_request
from domain.orders.books.proof import prove_book
from domain.settlement import service as settlement


@strawberry.type
class AccountsQuery:
    """The area's part of the root query."""

    @strawberry.field(description="An account that you may see.")
    async def account(self, info: Info, id: strawberry.ID) -> Account | None:
        """One account."""
        account_id = named(id)
        if not info.context.require_actor().may_read(account_id):
            return None
        value = await info.context.load(info.context.services.books.read, account_id)
        return account_view(value) if value is not None else None

    @strawberry.field(
        description="All accounts that you may see, oldest first.",
        deprecation_reason="It has no pages: use `accountsConnection`.",
    )
    async def accounts(self, info: Info) -> list[Account]:
        """Every visible account, valued."""
        ids = await visible_accounts(info.context.require_actor())
        values = await info.context.services.books.read(ids)
        return [account_view(values[account_id]) for account_id in sorted(values)]

    @strawberry.field(description="Accounts that you may see, oldest first.")
    async def accounts_connection(
        self,
        info: Info,
        filter: AccountFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Account]:
        """A page of accounts, valued."""
        actor, wanted = info.context.require_actor(), (filter or AccountFilter()).to_domain()
        request = page_request(first, after, last, before, parts=1, of=("accounts", wanted))
        await search.check_search(actor, wanted, info.context.services.venues)
        page = await search_store.page_accounts(actor, request, wanted)
        values = await info.context.services.books.read(page.nodes)
        return connection(
            page, lambda each: account_view(values[each]), partial(search_store.count_accounts, actor, wanted)
        )

    @strawberry.field(description=("A transaction of an account; null if the id is unknown or you may not see it."))
    async def transaction(self, info: Info, id: strawberry.ID) -> AccountTransaction | None:
        """One transaction."""
        return cast("AccountTransaction | None", await find_visible(info, read_transactions, id))

    @strawberry.field(
        description="Statements of the days with `from` <= day <= `to`, oldest first, at most the newest 366.",
        deprecation_reason="It has no pages: use `dailyStatementsConnection`.",
    )
    async def daily_statements(
        self,
        info: Info,
        account_id: strawberry.ID,
        since: Annotated[date | None, strawberry.argument(name="from")] = None,
        until: Annotated[date | None, strawberry.argument(name="to")] = None,
    ) -> list[DailyStatement]:
        """One for each past day."""
        actor = info.context.require_actor()
        found = await settlement.daily_statements(actor, named(account_id), since, until)
        return cast("list[DailyStatement]", found)

    @strawberry.field(description="Statements of the days with `from` <= day <= `to`, newest first.")
    async def daily_statements_connection(
        self,
        info: Info,
        account_id: strawberry.ID,
        since: Annotated[date | None, strawberry.argument(name="from")] = None,
        until: Annotated[date | None, strawberry.argument(name="to")] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[DailyStatement]:
        """A page of statements."""
        actor, window = info.context.require_actor(), (named(account_id), since, until)
        request = page_request(first, after, last, before, parts=1, of=("dailyStatements", *window))
        page = await settlement.page_statements(actor, request, *window)
        return connection(
            page, lambda one: cast(DailyStatement, one), partial(settlement.count_statements, actor, *window)
        )

    @strawberry.field(
        description="Rebuild an account from its executions and transactions and compare with the books.",
        metadata=COSTLY,
    )
    async def book_proof(self, info: Info, account_id: strawberry.ID) -> BookProof:
        """The proof of one account."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        catalog = await info.context.services.market.catalog()
        return cast(BookProof, await prove_book(wanted, catalog.by_id))

    @strawberry.field(
        description=(
            "Interest rates of loans, by currency; a currency that is not listed is lent without interest. "
            "In pages: `interestRatesConnection`."
        )
    )
    async def interest_rates(self, info: Info) -> list[InterestRate]:
        """Every rate that was set."""
        info.context.require_actor()
        return cast("list[InterestRate]", await list_interest_rates())

    @strawberry.field(
        description="Interest rates of loans, by currency; a currency that is not listed is lent without interest."
    )
    async def interest_rates_connection(
        self,
        info: Info,
        currency: str | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[InterestRate]:
        """A page of the rates that were set."""
        info.context.require_actor()
        request = page_request(first, after, last, before, parts=1, of=("interestRates", currency))
        found = await list_interest_rates(currency)
        return listed(request, found, lambda rate: (rate.currency,), lambda rate: cast(InterestRate, rate))

    @strawberry.field(
        description="Per currency, all accounts against the house. Needs ADMIN or RISK_MANAGER. In pages: "
        "`trialBalanceConnection`.",
        metadata=COSTLY,
    )
    async def trial_balance(self, info: Info) -> list[TrialBalance]:
        """The whole platform's balance."""
        return cast("list[TrialBalance]", await read_trial_balance(info.context.require_actor()))

    @strawberry.field(
        description="Per currency, all accounts against the house. Needs ADMIN or RISK_MANAGER.", metadata=COSTLY
    )
    async def trial_balance_connection(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[TrialBalance]:
        """A page of the platform's balance, by currency."""
        found = await read_trial_balance(info.context.require_actor())
        request = page_request(first, after, last, before, parts=1, of="trialBalance")
        return listed(request, found, lambda row: (row.currency,), lambda row: cast(TrialBalance, row))
