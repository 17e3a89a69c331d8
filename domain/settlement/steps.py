"""The steps of an account's day roll; ``STEPS`` lists them in their order.

A step changes only the locked account's working copies; all results are written at once.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from domain.access.attribution import PlatformPart
from domain.accounts.rate_store import load_loan_rates
from domain.kernel.numbers import ZERO
from domain.market.actions import CorporateAction, CorporateActionKind
from domain.market.costs import cost_at
from domain.market.types import AssetClass, SettlementCycle
from domain.orders.deciding.reservations import refresh_reserved, reserve_orders, unreserve_orders
from domain.orders.deciding.trading_book import alternatives
from domain.orders.entry.canceling import mark_canceling
from domain.orders.model.events import record_order
from domain.orders.model.types import OrderEventKind
from domain.orders.model.venue_commands import CANCEL, REARM
from domain.orders.queries import newest_order
from domain.positions.adjustments import AdjustmentKind, smallest_unit
from domain.positions.carry import CarryTerms, post_carry
from domain.positions.history import snapshot
from domain.positions.types import PositionBook
from domain.settlement import queries
from domain.settlement.account_roll import AccountRoll
from domain.settlement.late import replay_late
from domain.settlement.restating import about, cancelled_by, restate
from domain.settlement.statement import make_statement

K = CorporateActionKind
# A venue lets its DAY orders expire by itself; it is asked to cancel what it has forgotten for so long.
OVERDUE = timedelta(minutes=1)
CORPORATE_ACTION = "CORPORATE_ACTION"
DAY_ENDED = "DAY_ENDED"
Step = Callable[[AccountRoll], Awaitable[None]]


# ------------------------------------------------------------------ corporate actions


async def take_corporate_actions(roll: AccountRoll) -> None:
    """Apply the corporate actions of the following day, before valuation: positions, cash, working orders."""
    for action in roll.day.actions:
        for position in roll.concerned:
            if position.instrument_id == action.instrument_id:
                _adjust(roll, position, action)
        _restate_orders(roll, action)
    await _look_again(roll)


async def _look_again(roll: AccountRoll) -> None:
    """Send the new position to the venue, also if no order was restated: else it would cut exits to the old one."""
    concerned = {position.instrument_id for position in roll.concerned}
    touched = concerned & {action.instrument_id for action in roll.day.actions}
    if touched and not any(kind == REARM for kind, *_ in roll.commands):
        newest = await newest_order(roll.work, roll.account.id, touched)
        roll.commands += [(REARM, newest, None)] if newest is not None else []


def _adjust(roll: AccountRoll, position: PositionBook, action: CorporateAction) -> None:
    instrument = roll.instruments[action.instrument_id]
    if action.kind in (K.SPLIT, K.STOCK_DIVIDEND):
        price = roll.day.prices.get(instrument.id)
        unit = smallest_unit(instrument)
        roll.adjust(position, AdjustmentKind.SPLIT, action_id=action.id, factor=action.factor, unit=unit, price=price)
    elif action.kind is K.CASH_DIVIDEND:
        amount = action.amount_per_unit
        roll.adjust(position, AdjustmentKind.DIVIDEND, action_id=action.id, amount_per_unit=amount)
    elif action.kind is K.SYMBOL_CHANGE:
        roll.adjust(position, AdjustmentKind.RENAMED, action_id=action.id)
    else:
        roll.adjust(position, AdjustmentKind.DELISTED, action_id=action.id, price=action.amount_per_unit)


def _restate_orders(roll: AccountRoll, action: CorporateAction) -> None:
    instrument, account = roll.instruments[action.instrument_id], roll.account
    orders = [order for order in about(roll.orders, instrument.id) if order.is_open]
    gone = cancelled_by(orders, action, instrument)
    cancelled = mark_canceling(
        roll.work,
        [order for order in orders if order.id in gone],
        {account.id: account},
        PlatformPart.SETTLEMENT,
        CORPORATE_ACTION,
    )
    roll.changed |= {order.id: order for order in cancelled}
    roll.commands += [(CANCEL, order, None) for order in cancelled]
    staying = [order for order in orders if order.id not in gone]
    unreserve_orders(account, roll.book.legs(staying))
    restated = [order for order in staying if restate(order, action, instrument)]
    done = set()
    for order in staying:
        legs = [leg for leg in alternatives(order, staying) if leg.id not in done]
        reserve_orders(account, instrument, roll.book.legs(legs))
        done |= {leg.id for leg in legs}
    for order in restated:
        order.version += 1
        order.updated_at = roll.work.now
        detail = {"reason": CORPORATE_ACTION, "actionId": str(action.id)}
        record_order(account, OrderEventKind.REPLACED, roll.work.now, order, detail=detail)
    roll.changed |= {order.id: order for order in staying}
    # The venue believes in what was: it must look again.
    roll.commands += [(REARM, order, None) for order in restated[:1]]
    for position in roll.positions.values():
        if position.instrument_id == instrument.id:
            refresh_reserved(account, position)


# ------------------------------------------------------------------ settlement


async def mark_to_market(roll: AccountRoll) -> None:
    """Settle futures at the day's closing price: the day's PnL moves now, and the price becomes the average."""
    for position in roll.concerned:
        instrument = roll.instruments[position.instrument_id]
        price = roll.day.prices.get(instrument.id)
        if instrument.asset_class is not AssetClass.FUTURE or price is None:
            continue
        if instrument.inverse and price <= ZERO:
            continue
        if position.cost != cost_at(instrument, position.quantity, price) or roll.is_late(position):
            roll.adjust(position, AdjustmentKind.SETTLEMENT, price=price)


async def carry(roll: AccountRoll) -> None:
    """Post funding and interest of positions held over the roll, at the day's closing prices."""
    terms = CarryTerms(roll.instruments, roll.quote_of, await load_loan_rates(roll.work))
    post_carry(roll.account, roll.positions.values(), terms, roll.day.day, roll.work.now)


# ------------------------------------------------------------------ the day's end


async def end_day(roll: AccountRoll) -> None:
    """Expire DAY orders, release purchases for sale, and reset daily counters.

    A purchase in a session that is open at the roll stays unsettled, if it settles the next day.
    """
    latest = min(roll.day.moment, roll.work.now - OVERDUE)
    overdue = [
        order
        for order in roll.orders
        # Of a market that is replayed, the end lies before the beginning.
        if order.works_until is not None and order.created_at < order.works_until <= latest
    ]
    cancelled = mark_canceling(roll.work, overdue, {roll.account.id: roll.account}, PlatformPart.SETTLEMENT, DAY_ENDED)
    roll.changed |= {order.id: order for order in cancelled}
    roll.commands += [(CANCEL, order, None) for order in cancelled]
    for position in roll.positions.values():
        left = min(position.today_quantity, roll.opened_since(position, _still_today(roll, position)))
        if position.today_quantity != left:
            position.today_quantity, position.changed = left, True


def _still_today(roll: AccountRoll, position: PositionBook) -> datetime:
    """The time since which opened quantities belong to the day that begins."""
    instrument, moment = roll.instruments[position.instrument_id], roll.day.moment
    if instrument.settlement_cycle is not SettlementCycle.T1:
        return moment
    return roll.market.session_start(instrument, moment) or moment


async def load_later(roll: AccountRoll) -> None:
    """Load executions after the day's end, or since the beginning of sessions that were open at it."""
    earliest = min((_still_today(roll, position) for position in roll.positions.values()), default=roll.day.moment)
    roll.later = await queries.load_executions(roll.work, roll.account.id, earliest)


async def keep_snapshot(roll: AccountRoll) -> None:
    """Store equity and positions at the day's closing prices."""
    await snapshot(roll.work, [roll.value()], roll.day.moment)


async def state_account(roll: AccountRoll) -> None:
    """Make the daily statement; from here on the account's next day counts."""
    account, before = roll.account, roll.before
    flows = queries.sum_flows(
        await queries.load_flows(roll.work, account.id, before.transaction_sequence if before else 0),
        account.transactions,
    )
    after, since = (before.event_sequence, before.moment) if before else (0, account.created_at)
    executions = await queries.count_executions(roll.work, account.id, after, since)
    realized = before.realized_total if before else ZERO
    roll.statement = make_statement(roll.value(), roll.day, flows, realized, executions)
    account.peak_equity = max(account.peak_equity, roll.statement.closing_equity)
    account.day_opening_equity, account.day_transfers = roll.statement.closing_equity, ZERO
    account.rolled_at = roll.day.moment


STEPS: tuple[Step, ...] = (
    load_later,
    take_corporate_actions,
    mark_to_market,
    replay_late,
    carry,
    end_day,
    keep_snapshot,
    state_account,
)
