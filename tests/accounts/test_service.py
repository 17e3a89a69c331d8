"""Opening accounts and moving money, on a real database."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from domain.access.service import Access
from domain.access.types import AccountPermission, Role
from domain.accounts.event_queries import read_events
from domain.accounts.queries import READ_RUN, read_books, to_transaction
from domain.accounts.rules import first_break
from domain.accounts.service import (
    MoveCash,
    OpenAccount,
    deposit,
    open_account,
    read_trial_balance,
    set_account_state,
    withdraw,
)
from domain.accounts.types import (
    GENESIS_HASH,
    AccountBook,
    AccountKind,
    AccountState,
    HouseAccount,
    PositionMode,
    TransactionKind,
)
from domain.kernel.bus import NullBus
from domain.kernel.database import fetch
from domain.kernel.errors import BadInput, Conflict, Forbidden, NotFound, Refused
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from tests.accounts.conftest import VENUES, MakeActor, Open

BUS = NullBus()


async def all_cash(_work: UnitOfWork, account: AccountBook) -> Decimal:
    return account.cash


async def test_a_new_account_is_empty_and_has_its_first_event(open_one: Open) -> None:
    owner, book = await open_one()
    stored = (await read_books([book.id]))[book.id]
    assert stored == AccountBook(**{name: getattr(book, name) for name in stored.__slots__ if name != "events"})
    assert stored.owner_id == owner.user_id
    events = await read_events(book.id, 0)
    assert [(event.sequence, event.kind) for event in events] == [(1, "ACCOUNT_OPENED")]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "a\x00"}),
        ("venue", {"venue": "moon"}),
        ("currency", {"currency": "usd"}),
        ("currency", {"currency": "$"}),
        ("positionMode", {"position_mode": PositionMode.HEDGING}),
    ],
)
async def test_an_invalid_account_is_not_opened(
    access: Access, make_actor: MakeActor, field: str, changes: dict[str, Any]
) -> None:
    actor = await make_actor()
    with pytest.raises(BadInput) as caught:
        await open_account(access, actor, OpenAccount(**({"name": "A", "currency": "USD"} | changes)), venues=VENUES)
    assert caught.value.field == field
    assert await fetch("SELECT id FROM accounts") == []


async def test_only_an_administrator_opens_accounts_for_others_and_a_viewer_opens_none(
    access: Access, make_actor: MakeActor
) -> None:
    other = await make_actor()
    command = OpenAccount("A", "USD", owner_id=other.user_id)
    for actor in (await make_actor(Role.TRADER), await make_actor(Role.VIEWER)):
        with pytest.raises(Forbidden):
            await open_account(access, actor, command, venues=VENUES)
    book = await open_account(
        access, await make_actor(Role.ADMIN), OpenAccount("A", "USD", owner_id=other.user_id), venues=VENUES
    )
    assert book.owner_id == other.user_id
    with pytest.raises(NotFound):
        await open_account(
            access, await make_actor(Role.ADMIN), OpenAccount("A", "USD", owner_id=new_id()), venues=VENUES
        )


async def test_deposits_and_withdrawals_happen_once_per_reference(open_one: Open) -> None:
    owner, book = await open_one()
    first = await deposit(BUS, owner, MoveCash(book.id, Decimal("100.50"), "d1"))
    assert (first.sequence, first.kind, first.contra) == (1, TransactionKind.DEPOSIT, HouseAccount.EXTERNAL)
    assert (first.amount, first.balance_after) == (Decimal("100.50"), Decimal("100.50"))
    assert await deposit(BUS, owner, MoveCash(book.id, Decimal("100.50"), "d1")) == first
    second = await withdraw(BUS, owner, MoveCash(book.id, Decimal("0.50"), "w1"), all_cash)
    assert (second.sequence, second.amount, second.balance_after) == (2, Decimal("-0.50"), Decimal(100))
    assert await withdraw(BUS, owner, MoveCash(book.id, Decimal("0.50"), "w1"), all_cash) == second
    stored = (await read_books([book.id]))[book.id]
    assert (stored.cash, stored.transaction_sequence, stored.transaction_hash) == (Decimal(100), 2, second.hash)


async def test_a_reference_cannot_be_used_for_another_movement(open_one: Open) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(100), "r"))
    with pytest.raises(Conflict):
        await deposit(BUS, owner, MoveCash(book.id, Decimal(99), "r"))
    with pytest.raises(Conflict):
        await withdraw(BUS, owner, MoveCash(book.id, Decimal(100), "r"), all_cash)
    assert (await read_books([book.id]))[book.id].cash == Decimal(100)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e18", "NaN", "Infinity"])
async def test_an_invalid_amount_moves_nothing(open_one: Open, amount: str) -> None:
    owner, book = await open_one()
    with pytest.raises(BadInput) as caught:
        await deposit(BUS, owner, MoveCash(book.id, Decimal(amount), "r"))
    assert caught.value.field == "amount"
    assert (await read_books([book.id]))[book.id].event_sequence == 1


async def test_each_currency_has_its_own_smallest_unit(open_one: Open) -> None:
    for currency, smallest, too_small in (
        ("EUR", "0.01", "0.001"),
        ("JPY", "1", "0.1"),
        ("BTC", "0.00000001", "0.000000001"),
        ("USDT", "0.00000001", "0.000000001"),
    ):
        owner, book = await open_one(currency=currency)
        with pytest.raises(BadInput) as caught:
            await deposit(BUS, owner, MoveCash(book.id, Decimal(too_small), "r"))
        assert caught.value.field == "amount"
        row = await deposit(BUS, owner, MoveCash(book.id, Decimal(smallest), "r"))
        assert (row.amount, row.balance_after, row.currency) == (Decimal(smallest), Decimal(smallest), currency)


async def test_a_withdrawal_above_the_available_cash_is_refused(open_one: Open) -> None:
    owner, book = await open_one()
    await deposit(BUS, owner, MoveCash(book.id, Decimal(100), "d"))
    with pytest.raises(Refused) as caught:
        await withdraw(BUS, owner, MoveCash(book.id, Decimal("100.01"), "w"), all_cash)
    assert caught.value.reason == "INSUFFICIENT_FUNDS"
    assert (await read_books([book.id]))[book.id].cash == Decimal(100)


async def test_a_stranger_sees_no_account_and_a_reader_moves_no_money(open_one: Open, make_actor: MakeActor) -> None:
    _, book = await open_one()
    with pytest.raises(NotFound):
        await deposit(BUS, await make_actor(), MoveCash(book.id, Decimal(1), "r"))
    reader = await make_actor(accounts={book.id: frozenset({AccountPermission.READ})})
    with pytest.raises(Forbidden):
        await deposit(BUS, reader, MoveCash(book.id, Decimal(1), "r"))


async def test_concurrent_movements_lose_nothing_and_continue_the_hash_chain(open_one: Open) -> None:
    owner, book = await open_one()

    async def move(number: int) -> None:
        await deposit(BUS, owner, MoveCash(book.id, Decimal(number), f"d{number % 20}"))

    results = await asyncio.gather(*(move(number) for number in range(1, 41)), return_exceptions=True)
    conflicts = [result for result in results if result is not None]
    assert len(conflicts) == 20
    assert all(isinstance(result, Conflict) for result in conflicts)
    rows = [to_transaction(row) for row in await fetch(READ_RUN, book.id, 0, 100)]
    assert [row.sequence for row in rows] == list(range(1, 21))
    assert first_break(rows, GENESIS_HASH, 0, Decimal(0)) is None
    assert (await read_books([book.id]))[book.id].cash == sum(row.amount for row in rows)


async def test_transactions_of_all_accounts_and_house_accounts_sum_to_zero(
    open_one: Open, make_actor: MakeActor
) -> None:
    for currency in ("USD", "USD", "BTC"):
        owner, book = await open_one(currency=currency)
        await deposit(BUS, owner, MoveCash(book.id, Decimal(7), "d"))
    with pytest.raises(Forbidden):
        await read_trial_balance(await make_actor())
    balance = {row.currency: row for row in await read_trial_balance(await make_actor(Role.RISK_MANAGER))}
    assert {code: row.accounts for code, row in balance.items()} == {"USD": Decimal(14), "BTC": Decimal(7)}
    assert all(row.difference == 0 for row in balance.values())


async def test_account_states_change_by_role_and_a_closed_account_must_be_empty(
    open_one: Open, make_actor: MakeActor
) -> None:
    owner, book = await open_one(kind=AccountKind.MARGIN)
    manager = await make_actor(Role.RISK_MANAGER)
    await set_account_state(BUS, owner, book.id, AccountState.REDUCE_ONLY, "careful")
    with pytest.raises(Forbidden):
        await set_account_state(BUS, owner, book.id, AccountState.HALTED, "no")
    await set_account_state(BUS, manager, book.id, AccountState.HALTED, "stop")
    with pytest.raises(Forbidden):
        await set_account_state(BUS, owner, book.id, AccountState.ACTIVE, "again")
    await set_account_state(BUS, manager, book.id, AccountState.ACTIVE, "fine")
    await deposit(BUS, owner, MoveCash(book.id, Decimal(1), "d"))
    with pytest.raises(Conflict):
        await set_account_state(BUS, owner, book.id, AccountState.CLOSED, "bye")
    await withdraw(BUS, owner, MoveCash(book.id, Decimal(1), "w"), all_cash)
    closed = await set_account_state(BUS, owner, book.id, AccountState.CLOSED, "bye")
    assert closed.state is AccountState.CLOSED
    # Who repeats what was done before is answered with it; what is new is refused.
    assert (await deposit(BUS, owner, MoveCash(book.id, Decimal(1), "d"))).sequence == 1
    assert (await withdraw(BUS, owner, MoveCash(book.id, Decimal(1), "w"), all_cash)).sequence == 2
    with pytest.raises(Refused):
        await deposit(BUS, owner, MoveCash(book.id, Decimal(1), "late"))
    with pytest.raises(Conflict):
        await set_account_state(BUS, owner, book.id, AccountState.ACTIVE, "back")
