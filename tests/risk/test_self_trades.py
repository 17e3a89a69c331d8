"""An account's own orders that could trade with each other: the newer is refused, or the older cancelled before it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.accounts.types import AccountKind
from domain.kernel.database import fetch
from domain.orders.books.proof import prove_book
from domain.orders.entry import displacing
from domain.orders.model.commands import ModifyOrder, OrderKey, OrderLeg, PlaceBracket, PlaceOco
from domain.orders.model.order import Order
from domain.orders.model.types import OrderType, PendingAction, RejectReason, Side
from domain.orders.queries import read_orders
from domain.risk.types import RiskRuleKind, RiskScope, SelfTradePrevention
from tests.orders.factories import command
from tests.risk.conftest import limit
from tests.support.trading import Platform

OLDEST = SelfTradePrevention.CANCEL_OLDEST
BUY = command(symbol="COIN-PERP", quantity=Decimal(1), limit_price=Decimal("99.90"))
SELL = replace(BUY, side=Side.SELL, limit_price=Decimal("100.10"))
AT_MARKET = {"type": OrderType.MARKET, "limit_price": None}


class Trader:
    """A trader with a margin account, and the commands to its venue."""

    def __init__(self, desk: Platform, actor: Any, account: Any) -> None:
        self.desk, self.actor, self.account = desk, actor, account

    async def place(self, *orders: Any) -> list[Order]:
        return await self.desk.place(self.actor, *(replace(order, account_id=self.account.id) for order in orders))

    async def commands(self) -> list[tuple[str, Any]]:
        rows = await fetch(
            "SELECT kind, order_id FROM venue_commands WHERE account_id = $1 ORDER BY id", self.account.id
        )
        return [(row["kind"], row["order_id"]) for row in rows]

    async def pending(self, *orders: Order) -> list[PendingAction | None]:
        found = await read_orders([order.id for order in orders])
        return [found[order.id].pending_action for order in orders]

    async def proves(self) -> bool:
        instruments = (await self.desk.services.market.catalog()).by_id
        return (await prove_book(self.account.id, instruments)).intact


@pytest.fixture
async def trader(desk: Platform) -> Trader:
    return Trader(desk, *await desk.open_account("10000", kind=AccountKind.MARGIN))


async def test_orders_at_other_venues_and_untriggered_orders_are_no_self_trades(trader: Trader) -> None:
    await limit(trader.desk, RiskRuleKind.SELF_TRADE)
    (resting,) = await trader.place(BUY)
    stop = replace(SELL, type=OrderType.STOP, limit_price=None, stop_price=Decimal(92))
    stop_limit = replace(SELL, type=OrderType.STOP_LIMIT, limit_price=Decimal(90), stop_price=Decimal(92))
    trail = replace(
        SELL,
        type=OrderType.TRAILING_STOP_LIMIT,
        limit_price=Decimal("99.85"),
        trailing_offset=Decimal(5),
        limit_offset=Decimal(1),
    )
    far = replace(SELL, limit_price=Decimal("99.91"))
    maker = replace(SELL, limit_price=Decimal("99.90"), post_only=True)
    placed = await trader.place(stop, stop_limit, trail, far, maker, replace(SELL, limit_price=Decimal("99.90")))
    assert [order.reject_reason for order in placed] == [None] * 5 + [RejectReason.RISK_RULE]
    # What waits does not rest either: a purchase at the trail's limit meets nobody, in its batch and in a later one.
    above = replace(BUY, limit_price=Decimal("99.89"))
    for batch in ((trail, above), (above,)):
        assert [order.reject_reason for order in await trader.place(*batch)] == [None] * len(batch)
    (low,) = await trader.place(replace(BUY, limit_price=Decimal(50)))
    assert await trader.pending(resting, low) == [None, None]


async def test_the_older_order_is_cancelled_before_the_newer_is_sent_to_the_venue(trader: Trader) -> None:
    await limit(trader.desk, RiskRuleKind.SELF_TRADE, self_trade_prevention=OLDEST)
    low, high = await trader.place(replace(BUY, limit_price=Decimal("99.50")), BUY)
    (newer,) = await trader.place(replace(SELL, limit_price=Decimal("99.60")))
    assert newer.reject_reason is None
    assert await trader.pending(low, high) == [None, PendingAction.CANCEL]
    assert await trader.commands() == [
        ("SUBMIT", low.id),
        ("SUBMIT", high.id),
        ("CANCEL", high.id),
        ("SUBMIT", newer.id),
    ]
    rows = await fetch("SELECT payload FROM account_events WHERE order_id = $1 AND kind = 'PENDING_CANCEL'", high.id)
    assert '"cause":"SELF_TRADE"' in rows[0]["payload"]
    # In one batch as well, and at market.
    first, second, third = await trader.place(
        replace(BUY, limit_price=Decimal("99.55")), replace(SELL, **AT_MARKET), replace(BUY, limit_price=Decimal(99))
    )
    assert [order.reject_reason for order in (first, second, third)] == [None] * 3
    assert await trader.pending(low, first, third) == [PendingAction.CANCEL, PendingAction.CANCEL, None]
    assert (await trader.commands())[4:] == [
        ("SUBMIT", first.id),
        ("CANCEL", low.id),
        ("CANCEL", first.id),
        ("SUBMIT", second.id),
        ("SUBMIT", third.id),
    ]
    assert await trader.proves()


async def test_an_exit_is_accepted_and_the_other_order_is_cancelled(trader: Trader) -> None:
    await limit(trader.desk, RiskRuleKind.SELF_TRADE)
    await trader.desk.give(trader.account.id, "COIN-PERP", "5")
    (entry,) = await trader.place(BUY)
    (opens,) = await trader.place(replace(SELL, **AT_MARKET, quantity=Decimal(6)))
    assert opens.reject_reason is RejectReason.RISK_RULE
    assert await trader.pending(entry) == [None]
    (out,) = await trader.place(replace(SELL, **AT_MARKET, quantity=Decimal(5), reduce_only=True))
    assert out.reject_reason is None
    assert await trader.pending(entry) == [PendingAction.CANCEL]
    assert (await trader.commands())[-2:] == [("CANCEL", entry.id), ("SUBMIT", out.id)]


async def test_a_change_or_a_group_cancels_the_older_order(trader: Trader) -> None:
    await limit(trader.desk, RiskRuleKind.SELF_TRADE, self_trade_prevention=OLDEST)
    resting, moving = await trader.place(BUY, SELL)
    modifying = trader.desk.services.modifying
    await modifying.modify_order(trader.actor, ModifyOrder(OrderKey(id=moving.id), limit_price=Decimal("99.95")))
    assert await trader.pending(resting) == [None]
    await modifying.modify_order(trader.actor, ModifyOrder(OrderKey(id=moving.id), limit_price=Decimal("99.90")))
    assert await trader.pending(resting) == [PendingAction.CANCEL]
    assert (await trader.commands())[-2:] == [("CANCEL", resting.id), ("REPLACE", moving.id)]
    (offer,) = await trader.place(replace(SELL, limit_price=Decimal("99.98")))
    entry = replace(BUY, account_id=trader.account.id, limit_price=Decimal(100))
    bracket = PlaceBracket(entry, stop_loss=OrderLeg(OrderType.STOP, stop_price=Decimal(95)))
    placed = await trader.desk.services.entry.place_bracket(trader.actor, bracket)
    assert await trader.pending(offer) == [PendingAction.CANCEL]
    assert (await trader.commands())[-2:] == [("CANCEL", offer.id), ("SUBMIT", placed[0].order.id)]
    legs = PlaceOco(
        replace(entry, side=Side.SELL, limit_price=Decimal("99.99")),
        replace(entry, side=Side.SELL, type=OrderType.STOP, limit_price=None, stop_price=Decimal(95)),
    )
    await trader.desk.services.entry.place_oco(trader.actor, legs)
    assert await trader.pending(placed[0].order) == [PendingAction.CANCEL]
    assert await trader.proves()


async def test_a_refused_batch_cancels_nothing(trader: Trader) -> None:
    await limit(trader.desk, RiskRuleKind.SELF_TRADE, self_trade_prevention=OLDEST)
    (resting,) = await trader.place(BUY)
    orders = [
        replace(SELL, account_id=trader.account.id, limit_price=Decimal("99.90")),
        replace(SELL, account_id=trader.account.id, limit_price=Decimal("100.001")),
    ]
    placed = await trader.desk.services.entry.place_orders(trader.actor, orders, all_or_none=True)
    assert [row.order.reject_reason for row in placed] == [RejectReason.GROUP_REJECTED, RejectReason.INVALID_TICK]
    assert await trader.pending(resting) == [None]
    assert await trader.commands() == [("SUBMIT", resting.id)]


async def test_an_account_with_more_prices_than_are_read_is_decided_like_any_other(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(displacing, "MAX_RESTING_PRICES", 2)
    scope = {"scope": RiskScope.STRATEGY}
    await limit(trader.desk, RiskRuleKind.SELF_TRADE, self_trade_prevention=OLDEST, strategy="displaces", **scope)
    await limit(trader.desk, RiskRuleKind.SELF_TRADE, strategy="refused", **scope)
    prices = [Decimal(price) for price in ("100.10", "100.20", "100.30", "100.40")]
    resting = await trader.place(*(replace(SELL, limit_price=price) for price in prices))
    buy = replace(BUY, strategy="displaces", limit_price=Decimal("100.20"))
    # After the first has displaced all prices that were read, the others depend on those that were not.
    placed = await trader.place(
        buy,
        replace(buy, strategy="refused", limit_price=Decimal("100.25")),
        replace(buy, strategy="refused", limit_price=Decimal("100.35")),
        replace(buy, limit_price=Decimal("100.30")),
    )
    assert [order.reject_reason for order in placed] == [None, None, RejectReason.RISK_RULE, None]
    assert "100.3" in (placed[2].reject_message or "")
    assert await trader.pending(*resting) == [PendingAction.CANCEL] * 3 + [None]
    assert await trader.proves()
