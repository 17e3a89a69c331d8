"""Lookup of objects by id.

Whatever the number of ids, one statement finds out what they name, and one more for each kind among them loads it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

import strawberry

from api.access.types import ApiKey, OpenSession, User
from api.context import Info
from api.ids import named
from api.loaders import Batch
from api.node import Node
from api.system.types import TASK_PREFIX, ScheduledTask, TaskRun
from domain.access.key_store import find_keys
from domain.access.session_store import find_sessions
from domain.access.user_store import read_users
from domain.accounts.queries import read_transactions
from domain.anomalies.cases.reading import concerns, shown_to
from domain.anomalies.cases.store import find_cases, find_dismissals
from domain.anomalies.queries import find_anomalies
from domain.kernel.errors import BadInput
from domain.market.action_store import find_actions
from domain.orders.queries import read_orders
from domain.orders.reading.execution_queries import read_executions
from domain.risk.event_queries import find_events
from domain.risk.halt_store import find_halts
from domain.risk.store import find_rules
from domain.system.node_queries import locate_nodes
from domain.system.nodes import FoundNode as Found
from domain.system.nodes import NodeKind, may_find, operates
from domain.system.run_store import find_runs
from domain.system.service import find_tasks

MAX_NODES = 500
_View = Callable[[Any], Any]


def _as_is(value: Any) -> Any:
    return value


# Kinds that a batch function loads by id, and how the schema shows what it gives.
_BATCHES: Final[Mapping[NodeKind, tuple[Batch[UUID, Any], _View]]] = {
    NodeKind.ANOMALY: (find_anomalies, _as_is),
    NodeKind.ANOMALY_DISMISSAL: (find_dismissals, _as_is),
    NodeKind.API_KEY: (find_keys, ApiKey.of),
    NodeKind.CORPORATE_ACTION: (find_actions, _as_is),
    NodeKind.EXECUTION: (read_executions, _as_is),
    NodeKind.OPEN_SESSION: (find_sessions, OpenSession.of),
    NodeKind.ORDER: (read_orders, _as_is),
    NodeKind.RISK_EVENT: (find_events, _as_is),
    NodeKind.RISK_RULE: (find_rules, _as_is),
    NodeKind.TASK_RUN: (find_runs, TaskRun.of),
    NodeKind.TRADING_HALT: (find_halts, _as_is),
    NodeKind.TRANSACTION: (read_transactions, _as_is),
    NodeKind.USER: (read_users, User.of),
}


async def _account(info: Info, found: Found) -> Any:
    return await info.context.load(info.context.services.books.read, found.id)


async def _case(info: Info, found: Found) -> Any:
    actor, case = info.context.require_actor(), await info.context.load(find_cases, found.id)
    return shown_to(actor, case) if case is not None and concerns(actor, case) else None


async def _instrument(info: Info, found: Found) -> Any:
    return (await info.context.services.market.catalog()).by_id.get(found.id)


async def _position(info: Info, found: Found) -> Any:
    whole = await info.context.load(info.context.services.books.read_with_closed, found.accounts[0])
    return next((row for row in whole.positions if row.id == found.id), None) if whole is not None else None


# Kinds that come from what the process knows, or with their account.
_OTHERS: Final[Mapping[NodeKind, Callable[[Info, Found], Awaitable[Any]]]] = {
    NodeKind.ACCOUNT: _account,
    NodeKind.ANOMALY_CASE: _case,
    NodeKind.INSTRUMENT: _instrument,
    NodeKind.POSITION: _position,
}


async def load_node(info: Info, node_id: strawberry.ID) -> Node | None:
    """The object of an id, as the schema shows it; None when it does not exist for the caller."""
    actor = info.context.require_actor()
    if node_id.startswith(TASK_PREFIX):
        if not operates(actor):
            return None
        task = await info.context.load(find_tasks, node_id.removeprefix(TASK_PREFIX))
        return ScheduledTask.of(task) if task is not None else None
    found = await info.context.load(locate_nodes, named(node_id))
    if found is None or not may_find(actor, found):
        return None
    if found.kind in _OTHERS:
        return cast("Node | None", await _OTHERS[found.kind](info, found))
    batch, view = _BATCHES[found.kind]
    value = await info.context.load(batch, found.id)
    return cast("Node", view(value)) if value is not None else None


async def load_nodes(info: Info, ids: Sequence[strawberry.ID]) -> list[Node | None]:
    """The objects of ids, in their order.

    Raises:
        BadInput: more than 500 of them.
    """
    if len(ids) > MAX_NODES:
        raise BadInput(f"At most {MAX_NODES} ids can be asked for at once.", field="ids")
    return await asyncio.gather(*(load_node(info, each) for each in ids))
