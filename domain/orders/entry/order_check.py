"""The order check: the decision that an order would get, without placing it, by the same books, rules and code."""

from dataclasses import dataclass
from decimal import Decimal

from domain.access.types import Actor, no_account, require_trade
from domain.kernel.database import fetch
from domain.kernel.errors import NotFound
from domain.kernel.numbers import ZERO
from domain.orders.deciding.pretrade import decide
from domain.orders.entry.activity_queries import load_activity
from domain.orders.entry.placing import OrderEntry
from domain.orders.model.commands import PlaceOrder
from domain.orders.model.order_validation import check_command
from domain.orders.model.types import RejectReason
from domain.positions.queries import read_books_for_orders
from domain.risk.types import RiskViolation


@dataclass(frozen=True, slots=True)
class OrderCheck:
    """The verdict. Money is in ``currency``, the account's; what speaks of a rejection is None when it is accepted."""

    accepted: bool
    violations: tuple[RiskViolation, ...]
    currency: str
    reservation: Decimal
    estimated_fee: Decimal
    available_after: Decimal
    reject_reason: RejectReason | None
    reject_message: str | None


async def check_order(entry: OrderEntry, actor: Actor, command: PlaceOrder) -> OrderCheck:
    """Decide as ``place_orders`` would at this moment; nothing is saved or reserved.

    Raises:
        BadInput, NotFound, Forbidden: as placing it would.
    """
    context = entry.context
    actor = await entry.current(actor, command.account_id)
    require_trade(actor, command.account_id)
    now = context.clock()
    check_command(command, now)
    await context.refresh()
    reference_data = await context.reference_data()
    instrument = reference_data.instruments.get(command.symbol)
    if instrument is None:
        raise NotFound(f"There is no instrument {command.symbol[:40]!r}.", field="symbol")
    accounts, positions = await read_books_for_orders([command.account_id], [instrument.id])
    account = accounts.get(command.account_id)
    if account is None:
        raise no_account()
    activity = (await load_activity(fetch, {account.id: account}, reference_data.needs, now))[account.id]
    book = context.trading_book(account, positions[account.id], activity, reference_data)
    before = book.available
    decision = decide(command, instrument, context.market_state(instrument, now, account.currency), book)
    reservation = max(ZERO, decision.reserved)
    return OrderCheck(
        accepted=decision.accepted,
        violations=decision.violations,
        currency=account.currency,
        reservation=reservation,
        estimated_fee=decision.reservation.fee,
        available_after=(before or ZERO) - (reservation if decision.accepted else ZERO),
        reject_reason=decision.reason,
        reject_message=decision.message,
    )
