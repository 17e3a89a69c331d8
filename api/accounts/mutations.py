"""Mutations of accounts and money."""

from typing import Annotated, cast

import strawberry

from api.accounts.inputs import CashInput, OpenAccountInput, SetAccountStateInput, SetInterestRateInput
from api.accounts.types import Account, AccountTransaction, InterestRate, account_view, transaction_view
from api.context import Info
from api.ids import named
from domain.accounts import interest, service
from domain.risk.defaults import add_default_rules
from domain.risk.operators import record_state_change

_INPUT = strawberry.argument(name="input")


@strawberry.type
class AccountsMutation:
    """The area's part of the root mutation."""

    @strawberry.mutation(description="Open an account.")
    async def open_account(self, info: Info, given: Annotated[OpenAccountInput, _INPUT]) -> Account:
        """Owned by the actor unless an ADMIN names another owner."""
        services = info.context.services
        book = await service.open_account(
            services.access,
            info.context.require_actor(),
            given.to_domain(),
            venues=services.venues,
            also=add_default_rules,
        )
        return account_view((await services.books.read([book.id]))[book.id])

    @strawberry.mutation(description="Add money from outside. Repeating a reference returns the first transaction.")
    async def deposit(self, info: Info, given: Annotated[CashInput, _INPUT]) -> AccountTransaction:
        """Into an account whose funds the actor may move."""
        services = info.context.services
        actor = await services.entry.current(info.context.require_actor(), named(given.account_id))
        await services.market.refresh()
        return transaction_view(
            await service.deposit(services.bus, actor, given.to_domain(), note_flow=services.books.note_flow)
        )

    @strawberry.mutation(
        description=(
            "Withdraw money: at most the available amount. Repeating a reference returns the first transaction."
        )
    )
    async def withdraw(self, info: Info, given: Annotated[CashInput, _INPUT]) -> AccountTransaction:
        """Out of an account whose funds the actor may move."""
        services = info.context.services
        actor = await services.entry.current(info.context.require_actor(), named(given.account_id))
        available, note_flow = services.books.available, services.books.note_flow
        await services.market.refresh()
        return transaction_view(
            await service.withdraw(services.bus, actor, given.to_domain(), available, note_flow=note_flow)
        )

    @strawberry.mutation(
        description=("Set the interest rate of loans of a currency from the next day roll on. Needs ADMIN.")
    )
    async def set_interest_rate(self, info: Info, given: Annotated[SetInterestRateInput, _INPUT]) -> InterestRate:
        """Cash below zero is a loan."""
        actor, bus = info.context.require_actor(), info.context.services.bus
        return cast(InterestRate, await interest.set_interest_rate(bus, actor, given.currency, given.loan_rate))

    @strawberry.mutation(description="Restrict, halt, reopen or close an account.")
    async def set_account_state(self, info: Info, given: Annotated[SetAccountStateInput, _INPUT]) -> Account:
        """A closed account stays closed."""
        services, account_id = info.context.services, named(given.account_id)
        actor = await services.entry.current(info.context.require_actor(), account_id)
        await service.set_account_state(
            services.bus, actor, account_id, given.state, given.reason, also=record_state_change
        )
        return account_view((await services.books.read([account_id]))[account_id])
