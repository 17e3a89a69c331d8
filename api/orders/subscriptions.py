"""Orders and executions as they change."""

from collections.abc import AsyncIterator
from functools import partial
from typing import cast

import strawberry

from api.context import Info
from api.ids import named
from api.orders.types import Execution, OrderEvent, event_view, execution_view
from api.realtime.streams import LogStream, position_of
from api.scalars import Cursor
from api.stream_access import reads_account
from domain.accounts.queries import require_account
from domain.accounts.types import AccountEvent as StoredEvent
from domain.orders.model.events import read_order_event


@strawberry.type
class OrdersSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="Every change of the account's orders after the cursor (or from now on), once and in order."
    )
    async def order_events(
        self, info: Info, account_id: strawberry.ID, after: Cursor | None = None
    ) -> AsyncIterator[OrderEvent]:
        """Resumable: no gap and no repeat after any interruption."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        stream = LogStream(
            key=("orderEvents", wanted),
            log=info.context.services.logs.of(wanted),
            view=_order_event,
            permit=reads_account(wanted),
            after=position_of(after, wanted),
        )
        return cast(AsyncIterator[OrderEvent], stream)

    @strawberry.subscription(
        description="The account's executions after the cursor (or from now on), of one symbol if it is given, once "
        "and in order."
    )
    async def executions(
        self, info: Info, account_id: strawberry.ID, symbol: str | None = None, after: Cursor | None = None
    ) -> AsyncIterator[Execution]:
        """In the order of booking; resumable."""
        wanted = named(account_id)
        await require_account(info.context.require_actor(), wanted)
        if symbol is not None:
            await info.context.services.market.find(symbol)
        key, log = ("executions", wanted, symbol), info.context.services.logs.of(wanted)
        view, permit = partial(_execution, symbol), reads_account(wanted)
        stream = LogStream(key=key, log=log, view=view, permit=permit, after=position_of(after, wanted))
        return cast(AsyncIterator[Execution], stream)


def _order_event(event: StoredEvent) -> OrderEvent | None:
    change = read_order_event(event)
    return event_view(change) if change is not None else None


def _execution(symbol: str | None, event: StoredEvent) -> Execution | None:
    change = read_order_event(event) if event.kind == "TRADE" else None
    if change is None or change.execution is None or symbol not in (None, change.execution.symbol):
        return None
    return execution_view(change.execution)
