"""Value at risk and expected shortfall by hand, how far limits are used, and the metrics of an account over the API."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.partition_queries import ensure_partitions
from domain.kernel.unit_of_work import unit_of_work
from domain.positions.history_queries import EQUITY_SAMPLES, insert_samples
from domain.risk.rules.measures import TailRisk, tail_risk, usages
from domain.risk.types import RiskRuleKind
from tests.orders.factories import command
from tests.risk.conftest import limit
from tests.risk.test_graphql import ask
from tests.risk.test_rules import rule
from tests.support.trading import Platform


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ([0.01] * 19, None),
        ([0.01] * 20, TailRisk(0.0, 0.0)),
        ([0.01] * 19 + [-0.04], TailRisk(0.04, 0.04)),
        # Of forty days the two worst are the tail, of forty-one three.
        ([0.0] * 37 + [-0.02, -0.06, -0.01], TailRisk(0.02, 0.04)),
        ([0.0] * 38 + [-0.02, -0.06, -0.01], TailRisk(0.01, 0.03)),
    ],
)
def test_expected_shortfall_is_the_mean_of_the_worst_days(returns: list[float], expected: TailRisk | None) -> None:
    found = tail_risk(returns)
    if expected is None or found is None:
        assert found is expected
        return
    assert found.value_at_risk == pytest.approx(expected.value_at_risk)
    assert found.expected_shortfall == pytest.approx(expected.expected_shortfall)


def test_usage_is_the_used_share_of_upper_and_lower_limits() -> None:
    rules = [
        rule(RiskRuleKind.MAX_GROSS_EXPOSURE, 200),
        rule(RiskRuleKind.MIN_MARGIN_RATIO, 2),
        rule(RiskRuleKind.MAX_DAILY_LOSS, 0),
        rule(RiskRuleKind.MAX_OPEN_ORDERS, 0),
        rule(RiskRuleKind.SELF_TRADE),
    ]
    observed = {
        RiskRuleKind.MAX_GROSS_EXPOSURE: Decimal(50),
        RiskRuleKind.MIN_MARGIN_RATIO: Decimal(4),
        RiskRuleKind.MAX_DAILY_LOSS: Decimal(1),
        RiskRuleKind.MAX_OPEN_ORDERS: Decimal(0),
    }
    assert [(row.rule.kind, row.usage) for row in usages(rules, observed)] == [
        (RiskRuleKind.MAX_DAILY_LOSS, 1_000_000.0),
        (RiskRuleKind.MIN_MARGIN_RATIO, 0.5),
        (RiskRuleKind.MAX_GROSS_EXPOSURE, 0.25),
        (RiskRuleKind.MAX_OPEN_ORDERS, 0.0),
    ]


METRICS = """query ($a: ID!) { riskMetrics(accountId: $a) { equity grossExposure netExposure leverage marginRatio dayPnl
  drawdown maxDrawdown largestConcentration valueAtRisk95 expectedShortfall95 openOrders ordersLastMinute
  limits { usage observed limit rule { kind } } } }"""


async def test_the_metrics_of_an_account_are_shown(desk: Platform) -> None:
    owner, account = await desk.open_account("1000", kind=AccountKind.MARGIN)
    stranger, _ = await desk.open_account()
    await desk.give(account.id, "COIN-PERP", "-4", price="110")
    await limit(desk, RiskRuleKind.MAX_LEVERAGE, "2")
    await limit(desk, RiskRuleKind.MAX_ORDER_RATE, "10", window_seconds=60)
    await desk.place(owner, command(account_id=account.id, quantity=Decimal("0.1")))
    (value,) = (await desk.services.books.read([account.id])).values()
    # A month of days, each of which but one gained nothing, and one lost a tenth of what the account is worth now.
    now = desk.services.order_context.clock()
    async with unit_of_work(desk.services.bus) as work:
        await work.execute("UPDATE accounts SET created_at = now() - interval '40 days' WHERE id = $1", account.id)
        for day in range(30, 0, -1):
            at = now - timedelta(days=day)
            await ensure_partitions(work, EQUITY_SAMPLES, at)
            equity = Decimal(1040) if day > 15 else Decimal(936)
            value = replace(value, equity=equity)
            await insert_samples(work, [value], at)
    found = await ask(desk, METRICS, owner, a=str(account.id))
    assert (found["equity"], found["grossExposure"], found["netExposure"]) == ("1040", "400", "-400")
    assert (found["leverage"], found["marginRatio"], found["openOrders"]) == ("0.384615384615", "52", 1)
    assert (found["ordersLastMinute"], found["largestConcentration"]) == (1, pytest.approx(400 / 1040))
    assert (found["drawdown"], found["maxDrawdown"]) == (0.0, pytest.approx(0.1))
    assert (found["valueAtRisk95"], found["expectedShortfall95"]) == ("0", "52")
    assert [(row["rule"]["kind"], row["observed"], row["usage"]) for row in found["limits"]] == [
        ("MAX_LEVERAGE", "0.384615384615", pytest.approx(0.1923, abs=1e-4)),
        ("MAX_ORDER_RATE", "1", 0.1),
    ]
    assert (await ask(desk, METRICS, stranger, a=str(account.id)))[0] == "NotFound"
    risk = await ask(desk, "query ($a: ID!) { account(id: $a) { risk { leverage } } }", owner, a=str(account.id))
    assert risk == {"risk": {"leverage": "0.384615384615"}}
