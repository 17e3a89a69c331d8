"""Events of accounts of every kind, as the API shows them."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, cast

import strawberry

from api.accounts.enums import AccountState
from api.context import Info
from api.graphql.field_flags import SAME_FOR_ALL
from api.objects import load_account, load_currency, load_transaction
from api.orders.enums import AccountEventKind
from api.orders.types import Execution, Order, OrderEvent, event_view
from api.realtime.merged import Step, merged_cursor
from api.scalars import Cursor
from domain.accounts.types import AccountEvent as StoredEvent
from domain.orders.model.account_events import AccountChange, read_account_change

if TYPE_CHECKING:
    from api.accounts.types import Account, AccountTransaction


@strawberry.type(description="One change of an account: of an order, of its money, of its state, of a position.")
class AccountEvent:
    """A view of ``domain.orders.model.account_events.AccountChange``."""

    account_id: strawberry.ID = strawberry.field(description="Id of the account.")
    sequence: int = strawberry.field(description="1, 2, 3 ... without a gap in each account.")
    kind: AccountEventKind = strawberry.field(description="Kind of the event.")
    at: datetime = strawberry.field(description="Time at which it happened.")
    by: str | None = strawberry.field(
        description="Its author: an email, a part of the platform, or `venue`; null if it was not recorded."
    )
    reason: str | None = strawberry.field(description="Reason for people; null if none was given.")
    state: AccountState = strawberry.field(description="The account's state right after it.")
    cash: Decimal = strawberry.field(description="Settled cash right after it, in the account's currency.")
    reserved: Decimal = strawberry.field(
        description="Money held for working orders right after it, in the account's currency."
    )
    change: strawberry.Private[AccountChange]
    step: strawberry.Private[Step[StoredEvent]]

    @strawberry.field(description="Resumes `accountEvents` after this event, of all its accounts.")
    def cursor(self) -> Cursor:
        """The positions of the logs of all accounts."""
        return merged_cursor(self.step.positions)

    @strawberry.field(description="The currency of its money: the account's.", metadata=SAME_FOR_ALL)
    async def currency(self, info: Info) -> str:
        """Loaded with those of the event's other accounts."""
        return await load_currency(info, self.change.account_id)

    @strawberry.field(description="The account as it is now.", metadata=SAME_FOR_ALL)
    async def account(self, info: Info) -> Annotated["Account", strawberry.lazy("api.accounts.types")]:
        """Loaded with the event's other accounts."""
        return cast("Account", await load_account(info, self.change.account_id))

    @strawberry.field(description="The event as `orderEvents` sends it; null unless it is about an order.")
    def order_event(self) -> OrderEvent | None:
        """With the order as it was right after it."""
        found = self.change.order_event
        return event_view(found) if found is not None else None

    @strawberry.field(description="The order right after it; null unless it is about an order.")
    def order(self) -> Order | None:
        """From the event."""
        found = self.change.order_event
        return cast(Order, found.order) if found is not None else None

    @strawberry.field(description="The execution; null unless the event is about an execution.")
    def execution(self) -> Execution | None:
        """From the event."""
        found = self.change.order_event
        return cast("Execution | None", found.execution) if found is not None else None

    @strawberry.field(description="The deposit or withdrawal that it is about; null for other kinds.")
    async def transaction(
        self, info: Info
    ) -> Annotated["AccountTransaction", strawberry.lazy("api.accounts.types")] | None:
        """From the ledger."""
        return cast("AccountTransaction | None", await load_transaction(info, self.change.transaction_id))


def account_event_view(step: Step[StoredEvent]) -> AccountEvent:
    """The event of a step of the merged stream."""
    change = read_account_change(step.event)
    return AccountEvent(
        account_id=strawberry.ID(str(change.account_id)),
        sequence=change.sequence,
        kind=change.kind,
        at=change.at,
        by=change.by,
        reason=change.reason,
        state=change.state,
        cash=change.cash,
        reserved=change.reserved,
        change=change,
        step=step,
    )
