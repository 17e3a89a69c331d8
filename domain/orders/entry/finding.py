"""Finding the orders that calls name. Calls that come at the same time share a read; a call alone waits for nobody."""

import asyncio
import contextvars
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.access.types import Actor
from domain.kernel.errors import BadInput, NotFound, Unavailable
from domain.kernel.values import unguarded
from domain.orders import queries
from domain.orders.change_queries import StoredOrder, read_by_client_id, read_by_id
from domain.orders.entry.group_commit import LONGEST_WAIT_SECONDS, ActorsCall, Crowd, GroupCommit
from domain.orders.model.commands import OrderKey
from domain.orders.model.order import Order

# Keys that one statement looks up.
_MAX_KEYS = 250


async def find_order(actor: Actor, key: OrderKey) -> Order:
    """The order that ``key`` names, if the actor may see it.

    Raises:
        BadInput: neither an id nor an account with a client order id.
        NotFound: there is no such order, or the actor may not see it.
    """
    named = _named_by_client(key)
    if named is not None:
        order = await queries.read_order_by_client_id(*named)
    else:
        order = (await queries.read_orders([key.id])).get(key.id) if key.id is not None else None
    return _visible(order, actor, key)


@unguarded
@dataclass(frozen=True, slots=True)
class FoundCall(ActorsCall):
    """One caller's command to an order that was found."""

    found: StoredOrder

    @property
    def account_id(self) -> UUID:
        """The account of the order."""
        return self.found.order.account_id

    @property
    def order_id(self) -> UUID:
        """The order."""
        return self.found.order.id

    @property
    def accounts(self) -> tuple[UUID, ...]:
        """The accounts that the call locks."""
        return (self.account_id,)


@unguarded
@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    key: OrderKey
    future: "asyncio.Future[StoredOrder | None]"


class OrderFinding:
    """Finds orders to decide on by their keys, one read at a time for all that wait.

    What is found is handed to ``commits``. While calls wait or are in flight there, a read waits for half of the
    callers, for up to three milliseconds: orders that are found together are decided on together.
    """

    def __init__(self, commits: GroupCommit[Any, Any]) -> None:
        self._commits = commits
        self._crowd = Crowd()
        self._enough = asyncio.Event()
        self._waiting: list[_Waiting] = []
        # The loop keeps weak references to tasks only.
        self._reading: asyncio.Task[None] | None = None

    async def find(self, actor: Actor, key: OrderKey) -> StoredOrder:
        """The order that ``key`` names, with its stamp; raises as ``find_order``.

        Raises:
            Unavailable: the database is away.
        """
        _named_by_client(key)
        loop = asyncio.get_running_loop()
        waiting = _Waiting(key, loop.create_future())
        self._waiting.append(waiting)
        if self._reading is None:
            # A context of its own: the read must not inherit the caller's transaction or request.
            self._reading = loop.create_task(self._read_all(), context=contextvars.Context())
        elif self._crowd.half_is_here(len(self._waiting)):
            self._enough.set()
        found = await waiting.future
        _visible(None if found is None else found.order, actor, key)
        assert found is not None
        return found

    async def _read_all(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                batch, self._waiting = self._waiting[:_MAX_KEYS], self._waiting[_MAX_KEYS:]
                await _answer([one for one in batch if not one.future.cancelled()])
        finally:
            self._reading = None

    async def _gather(self) -> None:
        if self._commits.present and not self._crowd.half_is_here(len(self._waiting)):
            self._enough.clear()
            late = asyncio.get_running_loop().call_later(LONGEST_WAIT_SECONDS, self._enough.set)
            await self._enough.wait()
            late.cancel()
        self._crowd.count(len(self._waiting) + self._commits.present)


async def _answer(batch: list[_Waiting]) -> None:
    """Read the orders of a batch; if that fails, of each alone, so that none spoils another."""
    try:
        found = await _read([one.key for one in batch])
    except Exception as error:  # noqa: BLE001  it belongs to one of the callers; alone, each gets its own
        if len(batch) > 1 and not isinstance(error, Unavailable):
            for one in batch:
                await _answer([one])
            return
        for one in batch:
            if not one.future.done():
                one.future.set_exception(error)
        return
    for one in batch:
        if not one.future.done():
            one.future.set_result(found.get(one.key))


async def _read(keys: list[OrderKey]) -> dict[OrderKey, StoredOrder]:
    clients = {key: named for key in keys if (named := _named_by_client(key)) is not None}
    ids = {key: key.id for key in keys if key.id is not None}
    found: dict[OrderKey, StoredOrder] = {}
    if ids:
        by_id = await read_by_id(set(ids.values()))
        found = {key: by_id[order_id] for key, order_id in ids.items() if order_id in by_id}
    if clients:
        by_client = await read_by_client_id(set(clients.values()))
        found |= {key: by_client[named] for key, named in clients.items() if named in by_client}
    return found


def _named_by_client(key: OrderKey) -> tuple[UUID, str] | None:
    """The account and client order id that name an order; None where its id does.

    Raises:
        BadInput: neither is given.
    """
    if key.id is not None:
        return None
    if key.account_id is None or key.client_order_id is None:
        raise BadInput("Name the order by id, or by accountId and clientOrderId.", field="id")
    return key.account_id, key.client_order_id


def _visible(order: Order | None, actor: Actor, key: OrderKey) -> Order:
    elsewhere = order is not None and key.account_id not in (None, order.account_id)
    if order is None or elsewhere or not actor.may_read(order.account_id):
        raise NotFound("There is no such order.", field="id" if key.id is not None else "clientOrderId")
    return order
