"""The default rules of a new account, and actions of people as risk events."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from domain.access.types import OWNED
from domain.accounts.service import set_account_state
from domain.accounts.types import AccountState
from domain.orders.model.types import OrderStatus, RejectReason
from domain.risk.event_queries import read_events
from domain.risk.operators import record_state_change
from domain.risk.types import RiskAction, RiskRuleKind, Severity
from tests.orders.factories import command
from tests.risk.test_graphql import ask
from tests.support.trading import Platform

OPEN = "mutation ($i: OpenAccountInput!) { openAccount(input: $i) { id } }"
RULES = "query ($a: ID!) { riskRules(accountId: $a) { kind action threshold scope accountId } }"


async def test_the_default_rules_of_a_new_account_apply_to_its_first_order(desk: Platform) -> None:
    trader = await desk.add_actor()
    margin = await ask(desk, OPEN, trader, i={"name": "m", "currency": "USD", "kind": "MARGIN"})
    cash = await ask(desk, OPEN, trader, i={"name": "c", "currency": "USD", "kind": "CASH"})
    scoped = {"scope": "ACCOUNT", "accountId": margin["id"]}
    collar = {"kind": RiskRuleKind.PRICE_COLLAR, "action": RiskAction.WARN, "threshold": "0.1"}
    ratio = {"kind": RiskRuleKind.MIN_MARGIN_RATIO, "action": RiskAction.REDUCE_ONLY, "threshold": "1"}
    assert await ask(desk, RULES, a=margin["id"]) == [collar | scoped, ratio | scoped]
    assert await ask(desk, RULES, a=cash["id"]) == [collar | scoped | {"accountId": cash["id"]}]
    owner = replace(trader, accounts={UUID(margin["id"]): OWNED})
    money = "mutation ($i: CashInput!) { deposit(input: $i) { balanceAfter } }"
    await ask(desk, money, owner, i={"accountId": margin["id"], "amount": "1000", "reference": "opening"})
    (order,) = await desk.place(owner, command(account_id=UUID(margin["id"]), limit_price=Decimal(200)))
    assert (order.status, [row.action for row in order.violations]) == (OrderStatus.PENDING_NEW, [RiskAction.WARN])


async def test_an_account_below_its_margin_ratio_accepts_only_reducing_orders(desk: Platform) -> None:
    trader = await desk.add_actor()
    opened = await ask(desk, OPEN, trader, i={"name": "m", "currency": "USD", "kind": "MARGIN"})
    owner = replace(trader, accounts={UUID(opened["id"]): OWNED})
    account_id = UUID(opened["id"])
    money = "mutation ($i: CashInput!) { deposit(input: $i) { balanceAfter } }"
    await ask(desk, money, owner, i={"accountId": opened["id"], "amount": "100", "reference": "opening"})
    # Equity of 50 under a maintenance margin of 100 x 20 x 5 %.
    await desk.give(account_id, "COIN-PERP", "20", price="102.5")
    buy = command(account_id=account_id, symbol="COIN-PERP", quantity=Decimal("0.1"))
    (refused,) = await desk.place(owner, buy)
    # Who lacks the money hears of that first; what else is broken stands beside it.
    assert refused.reject_reason is RejectReason.INSUFFICIENT_FUNDS
    (violation,) = refused.violations
    assert (violation.kind, violation.limit) == (RiskRuleKind.MIN_MARGIN_RATIO, Decimal(1))


async def test_actions_of_people_raise_risk_events(desk: Platform) -> None:
    _, account = await desk.open_account()
    state = AccountState.REDUCE_ONLY
    await set_account_state(desk.services.bus, desk.admin, account.id, state, "to be sure", also=record_state_change)
    (event,) = await read_events(0)
    assert (event.kind, event.severity, event.account_id) == ("ACCOUNT_STATE", Severity.WARNING, account.id)
    assert event.message == f"{desk.admin.email} has made the account REDUCE_ONLY."
