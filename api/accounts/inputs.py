"""Inputs about accounts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from api.accounts.enums import AccountKind, AccountState, PositionMode, TransactionKind
from api.ids import named
from domain.accounts.search_store import AccountSearch
from domain.accounts.service import MoveCash, OpenAccount


@strawberry.input(description="A new account; its owner is the caller, unless an ADMIN gives another user.")
class OpenAccountInput:
    """See ``domain.accounts.service.OpenAccount``."""

    name: str
    venue: str = "paper"
    kind: AccountKind = AccountKind.CASH
    position_mode: PositionMode = PositionMode.NETTING
    currency: str
    owner_id: strawberry.ID | None = None

    def to_domain(self) -> OpenAccount:
        """The command."""
        return OpenAccount(
            name=self.name,
            currency=self.currency,
            venue=self.venue,
            kind=self.kind,
            position_mode=self.position_mode,
            owner_id=named(self.owner_id) if self.owner_id is not None else None,
        )


@strawberry.input(description="Conditions that select accounts.")
class AccountFilter:
    """All given conditions must hold."""

    name: str | None = None
    owner_id: strawberry.ID | None = None
    states: list[AccountState] | None = None
    kind: AccountKind | None = None
    currency: str | None = None
    venue: str | None = None

    def to_domain(self) -> AccountSearch:
        """The search."""
        return AccountSearch(
            name=self.name,
            owner_id=named(self.owner_id) if self.owner_id is not None else None,
            states=tuple(self.states) if self.states is not None else None,
            kind=self.kind,
            currency=self.currency,
            venue=self.venue,
        )


@strawberry.input(
    description="A deposit or withdrawal. The reference is unique in the account: a repeat changes nothing."
)
class CashInput:
    """See ``domain.accounts.service.MoveCash``."""

    account_id: strawberry.ID
    amount: Decimal
    reference: str
    note: str | None = None

    def to_domain(self) -> MoveCash:
        """The command."""
        return MoveCash(named(self.account_id), self.amount, self.reference, self.note)


@strawberry.input(description="Yearly interest rate of loans of a currency, as a ratio.")
class SetInterestRateInput:
    """One rate."""

    currency: str
    loan_rate: Decimal


@strawberry.input(description="New state of an account, and the reason.")
class SetAccountStateInput:
    """One change of state."""

    account_id: strawberry.ID
    state: AccountState
    reason: str


@strawberry.input(description="Conditions that select transactions, in `from` <= createdAt < `to`.")
class TransactionFilter:
    """All given conditions must hold."""

    kinds: list[TransactionKind] | None = None
    since: datetime | None = strawberry.field(name="from", default=None)
    until: datetime | None = strawberry.field(name="to", default=None)
    order_id: strawberry.ID | None = None

    def to_domain(self) -> dict[str, Any]:
        """Arguments of ``page_transactions``."""
        return {
            "kinds": self.kinds,
            "since": self.since,
            "until": self.until,
            "order_id": named(self.order_id) if self.order_id is not None else None,
        }
