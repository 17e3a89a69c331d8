"""Freezing a position by hand: the frozen part cannot be closed until the same role or a higher one releases it.

Each change runs under the account's lock, leaves one event and one entry of the audit log with its author and reason,
and applies to the next order.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.types import Actor, Role, require_stop
from domain.accounts import queries as account_queries
from domain.accounts.events import record
from domain.accounts.service import lock_one
from domain.accounts.types import AccountBook
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Forbidden, Refused
from domain.kernel.numbers import ZERO, plain, within_bounds
from domain.kernel.text import clean_text
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work
from domain.market.market import Market
from domain.market.types import Instrument
from domain.positions import queries
from domain.positions.closable import closable
from domain.positions.events import POSITION_FROZEN, POSITION_UNFROZEN, position_snapshot
from domain.positions.holds import Holds
from domain.positions.lookup import find_position
from domain.positions.types import PositionBook, PositionSide

MAX_REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class FreezePosition:
    """The command to freeze a quantity of a position; ``side`` is needed where a LONG and a SHORT are held."""

    account_id: UUID
    symbol: str
    quantity: Decimal
    reason: str
    side: PositionSide | None = None


async def freeze_position(bus: Bus, market: Market, actor: Actor, command: FreezePosition) -> PositionBook:
    """Freeze part of a position, and return the position.

    Raises:
        BadInput: a quantity that is not above zero, a malformed reason, or no side where one is needed.
        NotFound, Forbidden: the account or symbol does not exist for the actor, or the actor may not trade it.
        Refused: INSUFFICIENT_POSITION when less can be closed, ACCOUNT_NOT_ACTIVE for a closed account.
    """
    reason = _checked(command)
    instrument = await market.find(command.symbol)
    async with unit_of_work(bus) as work:
        book = await lock_one(work, actor, command.account_id, require_stop)
        position = await _chosen(work, command, instrument)
        most = closable(position, instrument)
        if command.quantity > most:
            raise Refused(f"At most {plain(most)} of {command.symbol} can be frozen.", reason="INSUFFICIENT_POSITION")
        position.holds = position.holds.plus(command.quantity, actor.role, actor.email)
        position.changed = True
        record(book, POSITION_FROZEN, work.now, _parts(actor, command, position, reason))
        await queries.write_positions(work, [position])
        await account_queries.write_books(work, [book])
        await audit(work, actor, "freezePosition", target_of("position", position.id), detail=_detail(command, reason))
    return position


async def unfreeze_position(bus: Bus, market: Market, actor: Actor, command: FreezePosition) -> PositionBook:
    """Release a part that was frozen by hand, and return the position.

    Raises:
        BadInput, NotFound, Forbidden: as ``freeze_position``; or a higher role froze it.
        Refused: INSUFFICIENT_POSITION when less is frozen by hand, ACCOUNT_NOT_ACTIVE for a closed account.
    """
    reason = _checked(command)
    instrument = await market.find(command.symbol)
    async with unit_of_work(bus) as work:
        book = await lock_one(work, actor, command.account_id, require_stop)
        position = await _chosen(work, command, instrument)
        position.holds = _let_go(position.holds, command, actor.role)
        position.changed = True
        record(book, POSITION_UNFROZEN, work.now, _parts(actor, command, position, reason))
        await queries.write_positions(work, [position])
        await account_queries.write_books(work, [book])
        target = target_of("position", position.id)
        await audit(work, actor, "unfreezePosition", target, detail=_detail(command, reason))
    return position


def report_release(book: AccountBook, position: PositionBook, before: Holds, actor: Actor, now: datetime) -> None:
    """Record that holds of lower roles were released because a higher role closes the position."""
    thawed, reason = before.total - position.held_quantity, "Released to close the position."
    position.changed = True
    detail = {"by": actor.email, "quantity": plain(thawed), "reason": reason}
    record(book, POSITION_UNFROZEN, now, {"positions": [position_snapshot(position)], "detail": detail})


def _let_go(holds: Holds, command: FreezePosition, role: Role) -> Holds:
    if command.quantity > holds.total:
        message = f"Only {plain(holds.total)} of {command.symbol} is frozen by hand."
        raise Refused(message, reason="INSUFFICIENT_POSITION")
    free = holds.total - holds.above_rank_of(role)
    if command.quantity > free:
        raise Forbidden(f"A higher role froze the rest: you can release at most {plain(free)} of {command.symbol}.")
    return holds.within(holds.total - command.quantity)


def _checked(command: FreezePosition) -> str:
    """The reason, cleaned."""
    if command.quantity <= ZERO:
        raise BadInput("The quantity must be above zero.", field="quantity")
    if not within_bounds(command.quantity):
        raise BadInput("A number has at most 18 digits before and 18 after the decimal point.", field="quantity")
    return clean_text(command.reason, field="reason", max_length=MAX_REASON_LENGTH)


async def _chosen(work: UnitOfWork, command: FreezePosition, instrument: Instrument) -> PositionBook:
    positions = (await queries.load_positions(work, [command.account_id], []))[command.account_id]
    held = [position for position in positions.values() if position.instrument_id == instrument.id]
    return find_position(held, command.symbol, command.side)


def _detail(command: FreezePosition, reason: str) -> dict[str, str]:
    return {
        "accountId": str(command.account_id),
        "symbol": command.symbol,
        "quantity": plain(command.quantity),
        "reason": reason,
    }


def _parts(actor: Actor, command: FreezePosition, position: PositionBook, reason: str) -> dict[str, object]:
    detail = {"by": actor.email, "quantity": plain(command.quantity), "reason": reason}
    return {"positions": [position_snapshot(position)], "detail": detail}
