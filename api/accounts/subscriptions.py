"""Events of accounts as they happen."""

from collections.abc import AsyncIterator, Sequence
from typing import cast
from uuid import UUID

import strawberry

from api.accounts.account_events import AccountEvent, account_event_view
from api.context import Info
from api.realtime.merged import MergedStream, merged_positions
from api.scalars import Cursor
from api.stream_access import named_accounts, reads_accounts
from domain.accounts.event_queries import read_heads
from domain.kernel.errors import BadInput


@strawberry.type
class AccountsSubscription:
    """The area's part of the root subscription."""

    @strawberry.subscription(
        description="Every event of several accounts after the cursor (or from now on), each account's once and in "
        "order: orders, money, states, positions. An account that the cursor does not know begins with its first event."
    )
    async def account_events(
        self, info: Info, account_ids: list[strawberry.ID] | None = None, after: Cursor | None = None
    ) -> AsyncIterator[AccountEvent]:
        """Resumable, by one cursor for all of them."""
        actor, logs = info.context.require_actor(), info.context.services.logs
        wanted = await named_accounts(actor, account_ids)
        stream = MergedStream(
            logs={account_id: logs.of(account_id) for account_id in wanted},
            positions=await _positions(wanted, after),
            view=account_event_view,
            permit=reads_accounts(frozenset(wanted)),
        )
        return cast(AsyncIterator[AccountEvent], stream)


async def _positions(account_ids: Sequence[UUID], after: Cursor | None) -> dict[UUID, int]:
    heads = await read_heads(account_ids)
    if after is None:
        return heads
    positions = merged_positions(after, account_ids)
    if any(number > heads[account_id] for account_id, number in positions.items()):
        raise BadInput("This cursor lies beyond the newest event.", field="after")
    return positions
