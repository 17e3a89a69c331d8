"""Resolution of a venue's reports to our orders: by the id that we gave, else by the venue's own.

Not every venue repeats our id with each fill. A fill that comes before the venue has reported the id of its order waits
here, for a bounded time and in bounded number: a dropped one is found by the reconciliation.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import structlog

from domain.kernel.time import NANOS_PER_SECOND, Nanos
from domain.orders.venues import queries
from domain.orders.venues.routing.venue_client import Item, OrderStatusReport, ReconciliationReport, RequestResult
from domain.orders.venues.session import VenueSession, orders_of
from domain.orders.venues.types import VenueExecution, VenueOrder, VenueReport, client_id_of, order_id_of

_MAX_UNCLAIMED = 1_000
_WAIT_NANOS = 60 * NANOS_PER_SECOND
Spoken = TypeVar("Spoken", VenueOrder, VenueExecution)
_log = structlog.stdlib.get_logger("venue")


@dataclass(frozen=True, slots=True)
class IdentifiedReports:
    """A report with our ids; ``accounts`` of orders that have ended here, ``known`` whether each order is open."""

    items: Sequence[Item]
    accounts: Mapping[UUID, UUID]
    known: Mapping[UUID, bool]


class OrderIdResolver:
    """Resolves the reports of one venue."""

    def __init__(self, venue: str, session: VenueSession) -> None:
        self._venue = venue
        self._session = session
        self._unclaimed: deque[tuple[Nanos, VenueExecution]] = deque(maxlen=_MAX_UNCLAIMED)

    async def name(self, items: Sequence[Item], now: Nanos) -> IdentifiedReports:
        """Resolve reports; fills of ended orders come only once, and booked ones are left out."""
        waiting = [row for row in self._unclaimed if now - row[0] < _WAIT_NANOS]
        self._unclaimed.clear()
        said = [execution for _, execution in waiting] + [row for item in items for row in _said(item)]
        if not said:
            return IdentifiedReports(items, {}, {})
        ids = await self._ids(said)
        since = {id(execution): at for at, execution in waiting}
        named: list[Item] = []
        for execution in (row for _, row in waiting):
            self._claim(execution, ids, since[id(execution)], named)
        for item in items:
            if isinstance(item, VenueExecution):
                self._claim(item, ids, now, named)
            else:
                named.append(_with_ids(item, ids, now))
        return await self._without_repeats(named)

    async def _ids(self, said: Iterable[VenueReport]) -> dict[str, UUID]:
        """Our orders by the venue's ids, for reports that do not carry ours."""
        wanted = {
            report.venue_order_id
            for report in said
            if isinstance(report, VenueOrder | VenueExecution)
            and report.client_order_id is None
            and report.venue_order_id is not None
        }
        ids = {venue_id: found for venue_id in wanted if (found := self._session.named(venue_id)) is not None}
        unknown = wanted - ids.keys()
        return ids | await queries.read_by_venue_ids(self._venue, unknown) if unknown else ids

    def _claim(self, execution: VenueExecution, ids: Mapping[str, UUID], since: Nanos, named: list[Item]) -> None:
        claimed = _with_id(execution, ids)
        if claimed.client_order_id is None:
            self._unclaimed.append((since, execution))
        else:
            named.append(claimed)

    async def _without_repeats(self, items: Sequence[Item]) -> IdentifiedReports:
        mentioned = orders_of(row for item in items for row in _said(item))
        known = {order_id: True for order_id in mentioned if self._session.venue.find(order_id) is not None}
        strangers = mentioned - known.keys()
        if not strangers:
            return IdentifiedReports(items, {}, known)
        owners = await queries.read_owners(self._venue, strangers)
        booked = await queries.read_executions_known(owners)
        known |= {order_id: owner.is_open for order_id, owner in owners.items()}
        kept: list[Item] = []
        for item in items:
            if isinstance(item, ReconciliationReport):
                fills = item.theirs.executions
                fresh = None if fills is None else [row for row in fills if not _is_booked(row, booked)]
                kept.append(replace(item, theirs=replace(item.theirs, executions=fresh)))
            elif not isinstance(item, VenueExecution):
                kept.append(item)
            elif (order_id := order_id_of(item.client_order_id)) in known and not _is_booked(item, booked):
                if order_id in owners:
                    _log.warning("late fill", venue=self._venue, order_id=str(order_id), quantity=str(item.quantity))
                kept.append(item)
        return IdentifiedReports(kept, {order_id: owner.account_id for order_id, owner in owners.items()}, known)


def _said(item: Item) -> Sequence[VenueReport]:
    """The reports within an item."""
    if isinstance(item, ReconciliationReport):
        return [*(item.theirs.executions or ()), *(item.theirs.open_orders or ())]
    return () if isinstance(item, RequestResult | OrderStatusReport) else (item,)


def _with_ids(item: Item, ids: Mapping[str, UUID], now: Nanos) -> Item:
    if isinstance(item, OrderStatusReport):
        ours = client_id_of(item.order_id)
        seen = None if item.seen is None else replace(item.seen, client_order_id=ours)
        return replace(item, seen=seen, executions=[replace(row, client_order_id=ours) for row in item.executions])
    if isinstance(item, ReconciliationReport):
        theirs, orders, fills = item.theirs, item.theirs.open_orders, item.theirs.executions
        named = None if orders is None else [_with_id(row, ids) for row in orders]
        # One that nobody claims yet may be of an order whose id the venue is just telling.
        claimed = None if fills is None else [_with_id(row, ids) for row in fills]
        settled = [row for row in claimed or () if row.client_order_id is not None or now - row.at > _WAIT_NANOS]
        return replace(item, theirs=replace(theirs, open_orders=named, executions=None if claimed is None else settled))
    if isinstance(item, VenueOrder):
        return _with_id(item, ids)
    return item


def _with_id(report: Spoken, ids: Mapping[str, UUID]) -> Spoken:
    order_id = ids.get(report.venue_order_id or "")
    if report.client_order_id is not None or order_id is None:
        return report
    return replace(report, client_order_id=client_id_of(order_id))


def _is_booked(execution: VenueExecution, booked: Mapping[UUID, frozenset[str]]) -> bool:
    order_id = order_id_of(execution.client_order_id)
    return order_id is not None and execution.venue_execution_id in booked.get(order_id, ())
