"""Placing a bracket or an OCO within a batch: decided on, and stored, as a whole."""

from datetime import datetime

from domain.kernel.errors import Conflict
from domain.orders.deciding.grouping import GroupRequest, decide_group, group_digest
from domain.orders.entry.batch import Batch, PlaceCall, PlacedOrder, naming_of
from domain.orders.model.order import Order


def place_group(batch: Batch, call: PlaceCall, now: datetime) -> list[PlacedOrder]:
    """Decide on the orders of one call, which are those of a group.

    Raises:
        DomainError: the call is refused as a whole, and has left no trace.
    """
    first = call.commands[0]
    with naming_of(call, 0):
        instrument = batch.instrument(first)
    digest = group_digest(call.parts, call.commands)
    known = _known_group(batch, call, digest)
    if known is not None:
        return [PlacedOrder(order, replayed=True) for order in known]
    book = batch.book(first.account_id)
    group = decide_group(
        GroupRequest(
            call.parts,
            call.commands,
            [batch.context.works_until(command, instrument, now) for command in call.commands],
            digest,
            instrument,
            batch.context.market_state(instrument, now, book.account.currency),
            book,
            now,
        )
    )
    batch.keep_group(group, now, call.attribution)
    return [PlacedOrder(order, replayed=False) for order in group.orders]


def _known_group(batch: Batch, call: PlaceCall, digest: bytes) -> list[Order] | None:
    """The group that was placed before with these client order ids, if any of them was used.

    Raises:
        Conflict: it is another group.
    """
    for index, command in enumerate(call.commands):
        known = batch.known(command.account_id, command.client_order_id)
        if known is None:
            continue
        group = batch.group_of(known)
        ids = [row.client_order_id for row in call.commands]
        same = known.request_digest == digest and len(group) == len(ids)
        if not same or any(given not in (None, order.client_order_id) for given, order in zip(ids, group, strict=True)):
            with naming_of(call, index):
                raise Conflict("This client order id was used for another order.", field="clientOrderId")
        return group
    return None
