"""Corrections of fills by a venue, booked as busts and corrections by people are.

Guarantees: a correction is booked once, however often it is told, and a fill that people have busted or corrected in
the same way before stays as it is. A correction of a fill that is not booked yet waits for it.
"""

from uuid import UUID

import structlog

from domain.access.types import SYSTEM, Actor
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Conflict
from domain.market.market import Market
from domain.orders.books.busting import MAX_REASON_LENGTH, take_back
from domain.orders.books.reversal import Correction, Reported
from domain.orders.reading import execution_queries
from domain.orders.venues.types import VenueCorrection, order_id_of

_log = structlog.stdlib.get_logger("venue")


async def book_venue_correction(bus: Bus, market: Market, venue: str, told: VenueCorrection) -> bool:
    """Book a venue's correction; False while its fill is not booked, so that it is to be tried again.

    What cannot be booked (later executions closed its units in a hedging account, a corporate action came between, an
    impossible price) is logged as an error for a risk manager, who busts or corrects by hand.

    Raises:
        Unavailable: the database cannot be reached; nothing is booked.
    """
    found = await execution_queries.find_reported(
        venue, order_id_of(told.client_order_id), told.venue_order_id, told.corrected_id, told.venue_execution_id
    )
    if found is None or found.is_booked:
        return True
    if found.execution_id is None:
        return False
    correction = None
    if told.price is not None and told.quantity is not None:
        correction = Correction(told.price, told.quantity)
    try:
        await _book(bus, market, venue, told, found.execution_id, correction)
    except (BadInput, Conflict) as error:
        _log.error(
            "a venue's correction of a fill cannot be booked: bust or correct it by hand",
            venue=venue,
            execution=str(found.execution_id),
            told=told.venue_execution_id,
            problem=str(error),
        )
    return True


async def _book(
    bus: Bus, market: Market, venue: str, told: VenueCorrection, execution_id: UUID, correction: Correction | None
) -> None:
    actor = Actor(user_id=SYSTEM.user_id, email=f"venue:{venue}", role=SYSTEM.role, via=SYSTEM.via)
    did = "cancelled" if correction is None else "corrected"
    reason = f"The venue has {did} the fill ({told.venue_execution_id}): {told.message or 'no reason given'}"
    await take_back(
        bus, market, actor, execution_id, correction, reason[:MAX_REASON_LENGTH], Reported(told.venue_execution_id)
    )
