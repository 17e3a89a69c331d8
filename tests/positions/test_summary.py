"""The exposure of an account: in total and by kinds, long and short."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.types import AccountKind
from domain.kernel.ids import new_id
from domain.market.types import AssetClass
from domain.orders.model.types import Side
from domain.positions.summary import NO_EQUITY_LEVERAGE, leverage, summarize
from domain.positions.types import Bucket, PositionBook
from domain.positions.valuation import value_account, value_position
from tests.orders.factories import ACCOUNT_ID, PERPETUAL, SPOT, account
from tests.positions.conftest import Holder

QUERY = """query ($id: ID!) {
  positionSummary(accountId: $id) {
    accountId count longValue shortValue grossExposure netExposure leverage unrealizedPnl realizedPnl largestWeight
    byAssetClass { key longValue shortValue netExposure weight }
    bySymbol { key netExposure } byCurrency { key netExposure }
  }
}"""


async def test_a_summary_adds_up_a_long_and_a_short(holder: Holder) -> None:
    empty = await holder.ask(QUERY, id=str(holder.id))
    assert (empty["count"], empty["leverage"], empty["largestWeight"], empty["byAssetClass"]) == (0, "0", None, [])
    await holder.buy("3", "COIN")
    await holder.sell("2")
    await holder.desk.quote("COIN", "104.99", "105.01")
    shown = await holder.ask(QUERY, id=str(holder.id))
    equity = (await holder.value()).equity
    assert (shown["accountId"], shown["count"]) == (str(holder.id), 2)
    assert (shown["longValue"], shown["shortValue"]) == ("315", "200")
    assert (shown["grossExposure"], shown["netExposure"]) == ("515", "115")
    assert Decimal(shown["leverage"]) == round(Decimal(515) / equity, 12)
    assert shown["largestWeight"] == float(Decimal(315) / equity)
    assert shown["byAssetClass"] == [
        {
            "key": "CRYPTO",
            "longValue": "315",
            "shortValue": "0",
            "netExposure": "315",
            "weight": float(Decimal(315) / equity),
        },
        {
            "key": "PERPETUAL",
            "longValue": "0",
            "shortValue": "200",
            "netExposure": "-200",
            "weight": float(Decimal(-200) / equity),
        },
    ]
    assert shown["bySymbol"] == [{"key": "COIN", "netExposure": "315"}, {"key": "COIN-PERP", "netExposure": "-200"}]
    assert shown["byCurrency"] == [{"key": "USD", "netExposure": "115"}]
    stranger = await holder.desk.add_actor()
    assert await holder.ask(QUERY, actor=stranger, id=str(holder.id)) == ("NOT_FOUND", "accountId")
    assert await holder.ask(QUERY, actor=holder.desk.admin, id=str(new_id())) == ("NOT_FOUND", "accountId")


def test_leverage_without_equity_is_the_largest_value() -> None:
    assert leverage(Decimal(0), Decimal(-5)) == 0
    assert leverage(Decimal(1), Decimal(0)) == NO_EQUITY_LEVERAGE
    assert leverage(Decimal(10), Decimal(4)) == Decimal("2.5")
    assert leverage(Decimal(10), Decimal("0.00000001")) == NO_EQUITY_LEVERAGE


prices = st.decimals("0.01", 1000, places=2)


@given(st.lists(st.tuples(st.booleans(), st.decimals(-50, 50, places=3), prices), max_size=8), st.integers(-500, 5000))
def test_every_breakdown_adds_up_to_the_total(rows: list[tuple[bool, Decimal, Decimal]], cash: int) -> None:
    values, holder_of_it = [], account(str(cash), AccountKind.MARGIN)
    for spot, quantity, price in rows:
        instrument = SPOT if spot else PERPETUAL
        cost = quantity * price
        book = PositionBook(new_id(), ACCOUNT_ID, instrument.id, Bucket.NET, quantity, price, cost=cost)
        values.append(value_position(holder_of_it, book, instrument, price))
    whole = value_account(holder_of_it, values)
    summary = summarize(whole)
    assert summary.net_exposure == whole.market_value
    assert summary.gross_exposure == sum((abs(row.market_value) for row in values), Decimal(0))
    for buckets in (summary.by_asset_class, summary.by_symbol, summary.by_currency):
        assert sum((bucket.long_value for bucket in buckets), Decimal(0)) == summary.long_value
        assert sum((bucket.short_value for bucket in buckets), Decimal(0)) == summary.short_value
        assert sum((bucket.net_exposure for bucket in buckets), Decimal(0)) == summary.net_exposure
        assert all((bucket.weight is None) == (whole.equity <= 0) for bucket in buckets)
    assert {bucket.key for bucket in summary.by_asset_class} <= {AssetClass.CRYPTO, AssetClass.PERPETUAL}


async def test_history_is_listed_by_window_and_symbol(holder: Holder) -> None:
    await holder.order("COIN-PERP", Side.BUY, "1")
    query = """query ($id: ID!, $from: DateTime, $to: DateTime, $limit: Int! = 500) {
      positionHistory(accountId: $id, from: $from, to: $to, limit: $limit) { at symbol quantity realizedPnl }
    }"""
    assert await holder.ask(query, id=str(holder.id)) == []
    assert await holder.ask(query, id=str(holder.id), limit=0) == ("BAD_USER_INPUT", "limit")
    backwards = {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    assert await holder.ask(query, id=str(holder.id), **backwards) == ("BAD_USER_INPUT", "to")
