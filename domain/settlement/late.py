"""Late day rolls: positions that were traded after the day's end and before its roll.

Adjustments of the day are inserted between the executions of the day and those after it, and all of them are booked
again. The realised PnL of later executions can change with that; the difference in cash is posted.
"""

from collections import deque

from domain.access.attribution import PlatformPart
from domain.accounts.rules import post
from domain.accounts.types import TransactionKind
from domain.kernel.numbers import ZERO
from domain.orders.books.replay import PositionRebuild
from domain.orders.deciding.reservations import refresh_reserved
from domain.orders.model.order import Execution
from domain.orders.reading.execution_queries import load_execution_run
from domain.positions.adjustment_queries import load_adjustments
from domain.positions.adjustments import PositionAdjustment, holds_adjusted
from domain.positions.rules import ClosesTooMuch
from domain.positions.types import PositionBook
from domain.settlement.account_roll import AccountRoll

_RUN = 5_000


async def replay_late(roll: AccountRoll) -> None:
    """Apply the postponed adjustments, position by position."""
    for position in roll.concerned:
        late = [row for row in roll.adjustments if _is_about(row, position)] if roll.is_late(position) else []
        if late:
            await _replay(roll, position, late)
    # Of what was not held when the day ended nothing is told.
    roll.adjustments = [row for row in roll.adjustments if row.quantity_before != ZERO]


def _is_about(adjustment: PositionAdjustment, position: PositionBook) -> bool:
    return (adjustment.instrument_id, adjustment.bucket) == (position.instrument_id, position.bucket)


async def _replay(roll: AccountRoll, position: PositionBook, late: list[PositionAdjustment]) -> None:
    account, instrument = roll.account, roll.instruments[position.instrument_id]
    known = await load_adjustments(roll.work, account.id, instrument.id)
    rebuild = PositionRebuild(position, instrument, roll.day.moment)
    waiting = deque(row for row in known if row.bucket is position.bucket)
    is_put = False
    try:
        for execution in await _executions(roll, position):
            if execution.created_at >= roll.day.moment and not is_put:
                for adjustment in late:
                    adjustment.sequence = execution.sequence - 1
                waiting, is_put = deque(sorted([*waiting, *late], key=_order)), True
            while waiting and waiting[0].sequence < execution.sequence:
                rebuild.adjust(waiting.popleft(), account.currency)
            rebuild.book(execution, account.currency)
    except ClosesTooMuch:
        # What came after closed units that there would not have been: the day is taken as it is now.
        roll.adjust_now(position, late)
        return
    for adjustment in waiting:
        rebuild.adjust(adjustment, account.currency)
    _finish(roll, position, rebuild, late)


def _finish(
    roll: AccountRoll, position: PositionBook, rebuild: PositionRebuild, late: list[PositionAdjustment]
) -> None:
    account, instrument = roll.account, roll.instruments[position.instrument_id]
    holds = position.holds
    account.realized_pnl += rebuild.finish()
    for adjustment in late:
        holds = holds_adjusted(holds, position, adjustment)
    position.holds = holds.within(abs(position.quantity))
    refresh_reserved(account, position)
    roll.realized |= rebuild.realized
    moves = dict(rebuild.rises)
    if instrument.asset_class.is_derivative:
        moves[TransactionKind.REALIZED_PNL] = rebuild.after - rebuild.before
    for kind, amount in moves.items():
        post(
            account,
            kind,
            amount,
            roll.work.now,
            PlatformPart.SETTLEMENT,
            note=f"{instrument.symbol} as of {roll.day.day}",
        )


def _order(adjustment: PositionAdjustment) -> tuple[int, int]:
    return adjustment.sequence, adjustment.place


async def _executions(roll: AccountRoll, position: PositionBook) -> list[Execution]:
    """All valid executions of a position, in the order of booking."""
    found: list[Execution] = []
    after = 0
    while run := await load_execution_run(roll.work, roll.account.id, position.instrument_id, after, _RUN):
        found += [row for row in run if roll.is_of(row, position)]
        after = run[-1].sequence
    return found
