"""Everything says who caused it: orders, cancels, changes, transactions, busts, rules, and what the platform does."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from domain.access.attribution import Origin, coming_from
from domain.access.types import Actor, Role
from domain.accounts.rules import first_break
from domain.accounts.types import GENESIS_HASH, HouseAccount, Transaction, TransactionKind
from domain.kernel.database import fetch
from domain.kernel.ids import new_id
from domain.orders.model.event_forms import ORDER
from domain.orders.model.types import OrderType, Side
from domain.orders.protection.timers import fire_due_timers
from tests.orders.deciding.test_state_matrix import Line
from tests.orders.factories import NOW
from tests.positions.conftest import Holder

SHOW = "query ($id: ID!) { order(id: $id) { placedBy placedByKey history { kind by } executions { bustedBy } } }"
LEDGER = "query ($id: ID!) { account(id: $id) { transactions(first: 500) { edges { node { kind by } } } } }"
BUST = "mutation ($i: BustExecutionInput!) { bustExecution(input: $i) { id bustedBy } }"
RULE = "mutation ($i: CreateRiskRuleInput!) { createRiskRule(input: $i) { createdBy updatedBy } }"
ORIGIN = Origin("192.0.2.7", UUID(int=77))


def with_key(actor: Actor) -> Actor:
    # Nobody asks the database about the platform's own.
    return replace(actor, via="system", api_key_id=UUID(int=7))


async def ledger(holder: Holder) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    shown = await holder.ask(LEDGER, id=str(holder.account.id))
    for edge in shown["transactions"]["edges"]:
        found.setdefault(edge["node"]["kind"], set()).add(edge["node"]["by"])
    return found


async def test_orders_changes_and_transactions_name_who_caused_them(holder: Holder) -> None:
    manager = await holder.desk.add_actor(Role.RISK_MANAGER)
    services, admin = holder.desk.services, holder.desk.admin
    # A bot places by a key, another person of the account cancels, the venue fills, a risk manager busts.
    holder.actor = with_key(holder.actor)
    with coming_from(ORIGIN):
        bought = await holder.buy("2", "COIN")
        resting = await holder.order("COIN", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(50))
    cancel = "mutation ($i: CancelOrderInput!) { cancelOrder(input: $i) { replayed } }"
    await holder.ask(cancel, admin, i={"id": str(resting.id)})
    await holder.desk.settled(resting.id)
    shown = await holder.ask(SHOW, id=str(resting.id))
    assert (shown["placedBy"], shown["placedByKey"]) == (holder.actor.email, str(UUID(int=7)))
    assert [(event["kind"], event["by"]) for event in shown["history"]] == [
        ("PENDING_NEW", holder.actor.email),
        ("NEW", "venue"),
        ("PENDING_CANCEL", admin.email),
        ("CANCELED", "venue"),
    ]
    (row,) = await fetch("SELECT placed_from, request_id FROM orders WHERE id = $1", bought.id)
    assert tuple(row) == (ORIGIN.address, ORIGIN.request_id)
    before = await ledger(holder)
    assert (before["DEPOSIT"], before["TRADE"], before["FEE"]) == ({holder.actor.email},) * 3

    (execution,) = (await holder.ask(SHOW.replace("bustedBy", "id bustedBy"), id=str(bought.id)))["executions"]
    busted = await holder.ask(BUST, manager, i={"id": execution["id"], "reason": "wrong"})
    assert busted["bustedBy"] == manager.email
    assert (await ledger(holder))["TRADE"] == {holder.actor.email, manager.email}
    made = {"name": "Most", "kind": "MAX_OPEN_ORDERS", "scope": "GLOBAL", "threshold": "5"}
    assert await holder.ask(RULE, manager, i=made) == {"createdBy": manager.email, "updatedBy": manager.email}

    arm = "mutation ($i: CancelAllAfterInput!) { cancelAllAfter(input: $i) { accountId } }"
    left = await holder.order("COIN", Side.BUY, "1", type=OrderType.LIMIT, limit_price=Decimal(50))
    await holder.ask(arm, i={"accountId": str(holder.account.id), "seconds": 1})
    await fetch("UPDATE cancel_timers SET triggers_at = now() - interval '1 second' RETURNING 1")
    assert await fire_due_timers(services.bus) == 1
    events = (await holder.ask(SHOW, id=str(left.id)))["history"]
    assert ("PENDING_CANCEL", "cancelAllAfter") in [(event["kind"], event["by"]) for event in events]


def test_the_ledger_hash_covers_the_actor_and_older_rows_still_prove() -> None:
    def row(by: str | None) -> Transaction:
        figures: dict[str, Any] = {"amount": Decimal(1), "balance_after": Decimal(1), "currency": "USD", "hash": ""}
        kinds: dict[str, Any] = {"kind": TransactionKind.DEPOSIT, "contra": HouseAccount.EXTERNAL}
        nothing: dict[str, Any] = dict.fromkeys(("order_id", "execution_id", "reference", "note"))
        return Transaction(
            id=new_id(), account_id=new_id(), sequence=1, created_at=NOW, by=by, **figures, **kinds, **nothing
        )

    for by in (None, "ann@example.com"):
        draft = row(by)
        broken = first_break([draft], GENESIS_HASH, 0, Decimal(0))
        assert broken is not None
        proved = replace(draft, hash=broken.derived)
        assert first_break([proved], GENESIS_HASH, 0, Decimal(0)) is None
        assert first_break([replace(proved, by="bob@example.com")], GENESIS_HASH, 0, Decimal(0)) is not None


def test_events_name_the_placer_and_events_of_older_versions_are_read() -> None:
    order = Line().order
    order.placed_by, order.placed_from = "ann@example.com", "192.0.2.7"
    form = orjson.loads(orjson.dumps(ORDER.write(order), default=str))
    assert ORDER.read(form).placed_by == "ann@example.com"
    # From where is told by the audit log alone.
    assert "192.0.2.7" not in str(form)
    del form["placed_by"]
    assert ORDER.read(form).placed_by is None
