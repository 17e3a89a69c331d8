"""New orders that wait for a venue, read without a lock; and the statement that stores that it has taken them.

SQL: the hot path of the router; one read of all that a venue looks at, and a guard that the ORM cannot express.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.accounts import guarded_queries
from domain.accounts.types import AccountEvent, AccountKind, PositionMode
from domain.kernel.database import fetch
from domain.kernel.guarded_work import GuardedWork
from domain.kernel.rows import KEYS_OF_ACCOUNT, encode_rows, reader
from domain.orders.books.command_queries import CommandQueue
from domain.orders.model.order import Order
from domain.orders.model.venue_commands import REARM, SUBMIT, AccountTerms, VenueCommand
from domain.orders.queries import SELECT_ORDER, to_order
from domain.orders.row_stamps import SELECT_STAMP, Stamp, split_stamp

# Half of ``venue_step.MAX_COMMANDS``: a step under the locks has to take all of these, and others that come meanwhile.
_MAX_ORDERS = 250
# The number of rows is written out, so that it is planned for few, whatever the queue has held before. OFFSET keeps
# each lookup a lookup: as a join, it kept a plan of when the tables were small, which read all orders in each step.
_READ = f"""
SELECT c.id AS command_id, c.kind AS command, c.payload, a.kind, a.position_mode, {SELECT_ORDER}, {SELECT_STAMP}
FROM (SELECT * FROM venue_commands WHERE venue = $1 ORDER BY id LIMIT {_MAX_ORDERS}) c
CROSS JOIN LATERAL (SELECT xmin, ctid, * FROM orders WHERE id = c.order_id AND account_id = c.account_id OFFSET 0) o
CROSS JOIN LATERAL (SELECT symbol FROM instruments WHERE id = o.instrument_id OFFSET 0) i
CROSS JOIN LATERAL (SELECT kind, position_mode FROM accounts WHERE id = c.account_id OFFSET 0) a
ORDER BY c.id
"""
# An acknowledgement of an order as it was placed changes no more than this.
ACKNOWLEDGED = ("status", "venue_order_id", "venue_sequence", "limit_price", "stop_price", "activated", "updated_at")
_acknowledged = reader(*KEYS_OF_ACCOUNT, *ACKNOWLEDGED)
# Proves the lease and notes its position, removes the commands, locks the accounts, and writes the orders that are as
# they were read.
_GUARD = "take_acknowledged($1::text, $2::bigint, $3::text, $4::bigint[], $5::uuid[], $6::json)"


@dataclass(frozen=True, slots=True)
class WaitingOrders:
    """New orders that wait for a venue, each by itself.

    ``queue`` tells of the commands that were read. ``commands`` holds all of them by their ids, and ``stamps`` those of
    their orders; both are empty where another kind of command waits among them. ``are_more`` is true if newer ones may
    wait too.
    """

    queue: CommandQueue
    are_more: bool = False
    commands: dict[int, VenueCommand] = field(default_factory=dict)
    stamps: dict[UUID, Stamp] = field(default_factory=dict)


async def read_waiting_orders(venue: str) -> WaitingOrders:
    """The new orders that wait for a venue, oldest first; at most as many as one step takes without a lock."""
    rows = await fetch(_READ, venue)
    corrected = any(row["command"] == REARM for row in rows)
    found = WaitingOrders(CommandQueue(rows[-1]["command_id"] if rows else 0, corrected), len(rows) == _MAX_ORDERS)
    if any(row["command"] != SUBMIT or row["payload"] is not None for row in rows):
        return found
    for row in rows:
        (number, _, _, kind, mode, *values), stamp = split_stamp(row)
        order = to_order(values)
        terms = AccountTerms(order.account_id, AccountKind(kind), PositionMode(mode))
        found.commands[number] = VenueCommand(SUBMIT, order, terms)
        found.stamps[order.id] = stamp
    return found


async def write_acknowledged(
    work: GuardedWork,
    lease: tuple[str, int, str | None],
    commands: Sequence[int],
    orders: Sequence[Order],
    stamps: Mapping[UUID, Stamp],
    events: Mapping[UUID, Sequence[AccountEvent]],
) -> None:
    """Commit that a venue has taken ``orders``, if the lease holds and no order has changed since it was read.

    ``stamps`` has those of the orders by their ids. ``lease`` is the role, its epoch, and the position in the stream of
    ticks that is noted with it, if any.

    Raises:
        StaleVersions: the lease is lost, or an order has changed; nothing was written.
        Unavailable: the database is away; the outcome is unknown.
    """
    rows = [_acknowledged(order) | stamps[order.id].record() for order in orders]
    await guarded_queries.write_events_under_lock(
        work, events, _GUARD, *lease, list(commands), list(events), encode_rows(rows)
    )
