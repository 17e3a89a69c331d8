"""Use cases on accounts: opening, deposits, withdrawals and states.

Each runs in one unit of work, under the account's lock, and leaves one event. Deposits and withdrawals carry a
reference that is unique in the account: a repeat returns the first transaction; other content under the same reference
is a conflict.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from domain.access.audit import record as audit
from domain.access.audit import target_of
from domain.access.service import Access
from domain.access.types import Actor, Role, no_account, require_funds, require_role, require_stop
from domain.accounts import events, queries, rules, store
from domain.accounts.types import (
    GENESIS_HASH,
    AccountBook,
    AccountKind,
    AccountState,
    HouseAccount,
    PositionMode,
    Transaction,
    TransactionKind,
)
from domain.kernel.bus import Bus
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, Refused
from domain.kernel.ids import new_id
from domain.kernel.numbers import ZERO, plain, total
from domain.kernel.text import clean_text, identity
from domain.kernel.unit_of_work import UnitOfWork, unit_of_work

# What notes a flow before it is posted; given by the positions area, which knows what the account is worth.
NoteFlow = Callable[[UnitOfWork, AccountBook, Decimal], Awaitable[None]]
# What of an account may be used now; given by the positions area, which values what the account holds.
Available = Callable[[UnitOfWork, AccountBook], Awaitable[Decimal]]


@dataclass(frozen=True, slots=True)
class OpenAccount:
    """The command to open an account."""

    name: str
    currency: str
    venue: str = "paper"
    kind: AccountKind = AccountKind.CASH
    position_mode: PositionMode = PositionMode.NETTING
    owner_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MoveCash:
    """A deposit or withdrawal; ``amount`` is above zero in the account's currency."""

    account_id: UUID
    amount: Decimal
    reference: str
    note: str | None = None


# What an area above adds to a change of an account, in its transaction.
Also = Callable[[UnitOfWork, Actor, AccountBook], Awaitable[None]]


async def flow_of_cash(_work: UnitOfWork, book: AccountBook, amount: Decimal) -> None:
    """Record the flow of an account that holds only cash."""
    book.peak_equity = rules.peak_after_flow(book.peak_equity, book.cash, amount)


async def nothing_else(_work: UnitOfWork, _actor: Actor, _book: AccountBook) -> None:
    """A step that writes nothing."""


async def open_account(
    access: Access, actor: Actor, command: OpenAccount, *, venues: frozenset[str], also: Also = nothing_else
) -> AccountBook:
    """Open an account for the actor, or, as ADMIN, for ``owner_id``; ``also`` commits with it.

    Raises:
        BadInput: an empty name, an unknown venue or currency, a hedging cash account.
        Forbidden: a VIEWER, or another owner without being ADMIN.
        NotFound: the owner does not exist.
    """
    require_role(actor, Role.TRADER, Role.RISK_MANAGER, Role.ADMIN)
    name = clean_text(command.name, field="name", max_length=100)
    _check_opening(command, venues)
    owner_id = command.owner_id or actor.user_id
    if owner_id != actor.user_id and actor.role is not Role.ADMIN:
        raise Forbidden("Only an ADMIN opens accounts for others.")
    async with unit_of_work(access.bus) as work:
        if not await store.is_active_user(work, owner_id):
            raise NotFound("There is no such active user.", field="ownerId")
        book = AccountBook(
            id=new_id(),
            owner_id=owner_id,
            name=name,
            venue=command.venue,
            kind=command.kind,
            position_mode=command.position_mode,
            state=AccountState.ACTIVE,
            currency=command.currency,
            cash=ZERO,
            reserved=ZERO,
            realized_pnl=ZERO,
            fees_paid=ZERO,
            day_opening_equity=ZERO,
            day_transfers=ZERO,
            transaction_sequence=0,
            transaction_hash=GENESIS_HASH,
            event_sequence=0,
            created_at=work.now,
            rolled_at=work.now,
        )
        events.record(book, events.ACCOUNT_OPENED, work.now, {})
        await queries.insert_book(work, book)
        await access.changed(work)
        await audit(
            work,
            actor,
            "openAccount",
            target_of("account", book.id),
            detail={"name": book.name, "currency": book.currency},
        )
        await also(work, actor, book)
    return book


def _check_opening(command: OpenAccount, venues: frozenset[str]) -> None:
    rules.check_venue(command.venue, venues)
    rules.check_currency(command.currency)
    if command.kind is AccountKind.CASH and command.position_mode is PositionMode.HEDGING:
        raise BadInput("A CASH account holds long positions only and cannot use HEDGING.", field="positionMode")


async def deposit(bus: Bus, actor: Actor, command: MoveCash, *, note_flow: NoteFlow = flow_of_cash) -> Transaction:
    """Add money from outside; needs ADMIN or FUNDS for the account.

    Raises:
        BadInput, NotFound, Forbidden: as named by the message; nothing is saved.
        Conflict: the reference was used with other content.
        Refused: the account is closed.
    """
    command = _with_clean_texts(command)
    async with unit_of_work(bus) as work:
        book = await lock_one(work, actor, command.account_id, require_funds, closed_is_fine=True)
        rules.check_cash_amount(command.amount, book.currency)
        replay = await _replayed(work, command, TransactionKind.DEPOSIT, command.amount)
        if replay:
            return replay
        rules.refuse_when_closed(book)
        return await _move(work, actor, book, command, TransactionKind.DEPOSIT, command.amount, note_flow)


async def withdraw(
    bus: Bus, actor: Actor, command: MoveCash, available: Available, *, note_flow: NoteFlow = flow_of_cash
) -> Transaction:
    """Pay out money: at most the available funds, without reserved funds and margin.

    Raises:
        BadInput, NotFound, Forbidden: as named by the message; nothing is saved.
        Conflict: the reference was used with other content.
        Refused: INSUFFICIENT_FUNDS, or ACCOUNT_NOT_ACTIVE while the account is halted, or once it is closed.
    """
    command = _with_clean_texts(command)
    async with unit_of_work(bus) as work:
        book = await lock_one(work, actor, command.account_id, require_funds, closed_is_fine=True)
        rules.check_cash_amount(command.amount, book.currency)
        replay = await _replayed(work, command, TransactionKind.WITHDRAWAL, -command.amount)
        if replay:
            return replay
        rules.refuse_when_closed(book)
        if book.state is AccountState.HALTED:
            raise Refused("The account is HALTED: nothing may be withdrawn.", reason="ACCOUNT_NOT_ACTIVE")
        most = rules.withdrawable(book, await available(work, book))
        if command.amount > most:
            raise Refused(
                f"At most {plain(most)} {book.currency} may be withdrawn.",
                reason="INSUFFICIENT_FUNDS",
            )
        return await _move(work, actor, book, command, TransactionKind.WITHDRAWAL, -command.amount, note_flow)


async def set_account_state(
    bus: Bus, actor: Actor, account_id: UUID, state: AccountState, reason: str, *, also: Also = nothing_else
) -> AccountBook:
    """Change the state of an account. Its trader may restrict or close it; halting needs RISK_MANAGER or ADMIN.

    A lower role does not lift a restriction of a higher one. Asking for the present state changes nothing, unless a
    higher role asks: the restriction is then the higher role's. ``also`` commits with the change.

    Raises:
        Forbidden: a higher role, or the platform, wants the account restricted.
        Conflict: it is closed, or it cannot be closed while it holds cash, positions or working orders.
    """
    reason = clean_text(reason, field="reason", max_length=500)
    async with unit_of_work(bus) as work:
        book = await lock_one(work, actor, account_id, require_stop, closed_is_fine=True)
        is_restriction = state in (AccountState.REDUCE_ONLY, AccountState.HALTED)
        if book.state is state and (not is_restriction or rules.is_restricted_by(book, state, actor.role)):
            return book
        _check_change(book, state, actor.role)
        if state is AccountState.CLOSED:
            await _check_empty(work, book)
        rules.set_state(book, state, actor.role, actor.email, reason)
        events.record(book, events.STATE_CHANGED, work.now, {"reason": reason, "by": actor.email})
        await queries.write_books(work, [book])
        await audit(
            work,
            actor,
            "setAccountState",
            target_of("account", book.id),
            detail={"state": state.value, "reason": reason},
        )
        await also(work, actor, book)
    return book


def _check_change(book: AccountBook, state: AccountState, role: Role) -> None:
    if AccountState.HALTED in (book.state, state) and role.rank < Role.RISK_MANAGER.rank:
        raise Forbidden("Only a RISK_MANAGER or an ADMIN halts an account or lifts its halt.")
    if book.state is not state and not rules.may_become(book.state, state):
        raise Conflict(f"A {book.state} account cannot become {state}.")
    stays = rules.restriction_stays(book, state, role)
    if stays is not None:
        raise Forbidden(
            f"The account was restricted by the role {stays} or by the platform: only {stays} may lift the restriction."
        )


async def _check_empty(work: UnitOfWork, book: AccountBook) -> None:
    if book.cash != ZERO or await queries.holds_anything(work, book.id):
        raise Conflict("An account is closed only when it holds no cash, no position and no working order.")


async def lock_one(
    work: UnitOfWork,
    actor: Actor,
    account_id: UUID,
    require: Callable[[Actor, UUID], None],
    *,
    closed_is_fine: bool = False,
) -> AccountBook:
    """Lock the account of a use case, once ``require`` lets the actor pass.

    Raises:
        NotFound, Forbidden: the account does not exist for the actor, or ``require`` refuses.
        Refused: it is closed.
    """
    require(actor, account_id)
    book = (await queries.lock_books(work, [account_id])).get(account_id)
    if book is None:
        raise no_account()
    if not closed_is_fine:
        rules.refuse_when_closed(book)
    return book


def _with_clean_texts(command: MoveCash) -> MoveCash:
    reference = clean_text(identity(command.reference), field="reference", max_length=100)
    if command.note is not None:
        clean_text(command.note, field="note", max_length=500, min_length=0, multiline=True)
    return replace(command, reference=reference)


async def _replayed(work: UnitOfWork, command: MoveCash, kind: TransactionKind, amount: Decimal) -> Transaction | None:
    first = await queries.find_by_reference(work, command.account_id, command.reference)
    if first is None:
        return None
    if first.kind is not kind or first.amount != amount or first.note != command.note:
        raise Conflict("This reference was used for another movement of the account.", field="reference")
    return first


_ACTIONS = {TransactionKind.DEPOSIT: "deposit", TransactionKind.WITHDRAWAL: "withdraw"}


async def _move(
    work: UnitOfWork,
    actor: Actor,
    book: AccountBook,
    command: MoveCash,
    kind: TransactionKind,
    amount: Decimal,
    note_flow: NoteFlow,
) -> Transaction:
    await note_flow(work, book, amount)
    row = rules.post(book, kind, amount, work.now, actor.email, reference=command.reference, note=command.note)
    assert row is not None, "check_cash_amount let nothing through that rounds to zero"
    book.day_transfers += amount
    parts = {"transaction": {"id": str(row.id), "kind": kind.value, "amount": plain(row.amount)}}
    events.record(book, events.CASH_MOVED, work.now, parts)
    await queries.write_books(work, [book])
    detail = {"transactionId": row.id, "amount": plain(row.amount), "reference": row.reference}
    await audit(work, actor, _ACTIONS[kind], target_of("account", book.id), detail=detail)
    return row


@dataclass(frozen=True, slots=True)
class HouseBalance:
    """The balance of a house account in one currency."""

    account: HouseAccount
    balance: Decimal


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """The balances of one currency: of the accounts and of the house; ``difference`` is zero."""

    currency: str
    accounts: Decimal
    house: list[HouseBalance]

    @property
    def difference(self) -> Decimal:
        """The sum of accounts and house."""
        return self.accounts + total(row.balance for row in self.house)


async def read_trial_balance(actor: Actor) -> list[TrialBalance]:
    """The trial balance: per currency, all accounts against the house.

    Raises:
        Forbidden: neither RISK_MANAGER nor ADMIN.
    """
    require_role(actor, Role.RISK_MANAGER, Role.ADMIN)
    accounts, rows = await queries.read_balances()
    house: dict[str, list[HouseBalance]] = {currency: [] for currency in accounts}
    for row in rows:
        house.setdefault(row["currency"], []).append(HouseBalance(HouseAccount(row["contra"]), row["balance"]))
    return [TrialBalance(currency, accounts.get(currency, ZERO), rows) for currency, rows in sorted(house.items())]


async def visible_accounts(actor: Actor) -> list[UUID]:
    """The accounts that the actor may see."""
    return await queries.read_all_ids() if actor.sees_all else list(actor.accounts)
