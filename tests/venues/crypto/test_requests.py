"""Orders, cancels and questions at an exchange: what is sent, what an answer means, and what a lost one does."""

import time
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.venues.crypto import connection
from adapters.venues.crypto.venue import ExchangeVenue
from domain.kernel.time import Nanos
from domain.orders.model.types import OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.venues.port import VenueUnavailable
from domain.orders.venues.types import Acknowledged, Answer, Declined, NewOrder, ReplaceTerms, Unanswered
from tests.support.binance import BinanceServer, Fault
from tests.support.binance.venue import ETH, coin, impatient, instruments, limit, open_venue, ref


async def submit(venue: ExchangeVenue, order: NewOrder) -> Answer:
    (answer,) = await venue.submit([order])
    return answer


async def test_an_order_is_accepted_queried_and_cancelled(server: BinanceServer, venue: ExchangeVenue) -> None:
    order = limit("BUY", "0.50000000", "90.10")
    answer = await submit(venue, order)
    assert isinstance(answer, Acknowledged)
    assert answer.order is not None
    (sent,) = server.asked("POST", "order")
    assert (sent["symbol"], sent["side"], sent["type"]) == ("BTCUSDT", "BUY", "LIMIT")
    assert (sent["quantity"], sent["price"], sent["timeInForce"]) == ("0.5", "90.1", "GTC")
    assert sent["newClientOrderId"] == order.client_order_id
    (there,) = server.orders
    assert answer.venue_order_id == f"BTC/USDT:{there.id}"
    assert await venue.order(ref(order)) == answer.order
    assert (answer.order.status, answer.order.quantity) == (OrderStatus.NEW, Decimal("0.5"))
    assert (answer.order.limit_price, answer.order.filled_quantity) == (Decimal("90.1"), 0)
    assert answer.order.at == there.at * 1_000_000
    assert await venue.open_orders() == [answer.order]
    canceled = await venue.cancel(ref(order))
    assert isinstance(canceled, Acknowledged)
    assert canceled.order == replace(answer.order, status=OrderStatus.CANCELED)
    assert await venue.open_orders() == []
    assert await venue.cancel(ref(order)) == Declined(reason=RejectReason.VENUE_REJECTED, message="Unknown order sent.")


async def test_every_supported_order_type_is_accepted(server: BinanceServer, venue: ExchangeVenue) -> None:
    market = limit("SELL", "0.1", "1", type=OrderType.MARKET, limit_price=None)
    maker = limit("BUY", "0.1", "99.98", post_only=True)
    ioc = limit("BUY", "3", "100.01", time_in_force=TimeInForce.IOC)
    fok = limit("SELL", "3", "99.99", time_in_force=TimeInForce.FOK)
    ether = limit("BUY", "1.5", "9.9", symbol=ETH)
    answers = await venue.submit([market, maker, ioc, fok, ether])
    orders = [answer.order for answer in answers if isinstance(answer, Acknowledged) and answer.order]
    assert [(order.status, order.filled_quantity) for order in orders] == [
        (OrderStatus.FILLED, Decimal("0.1")),
        (OrderStatus.NEW, Decimal(0)),
        (OrderStatus.EXPIRED, Decimal(2)),
        (OrderStatus.EXPIRED, Decimal(0)),
        (OrderStatus.NEW, Decimal(0)),
    ]
    assert orders[0].limit_price is None
    assert (orders[4].symbol, server.orders[4].market.symbol) == (ETH, "ETHUSDT")
    assert [sent["type"] for sent in server.asked("POST", "order")] == [
        "MARKET",
        "LIMIT_MAKER",
        "LIMIT",
        "LIMIT",
        "LIMIT",
    ]


@pytest.mark.parametrize(
    ("order", "reason", "message"),
    [
        (limit("BUY", "0.000001", "100"), RejectReason.INVALID_LOT, "The exchange takes multiples of 0.00001."),
        (limit("BUY", "0.1000001", "100"), RejectReason.INVALID_LOT, "The exchange takes multiples of 0.00001."),
        (limit("BUY", "1", "90.001"), RejectReason.INVALID_TICK, "The exchange takes prices in steps of 0.01."),
        (
            limit("BUY", "1", "90", symbol="APPLE"),
            RejectReason.INSTRUMENT_NOT_TRADABLE,
            "APPLE is not a symbol of this exchange.",
        ),
    ],
)
async def test_an_order_that_would_be_rounded_or_is_unsupported_is_not_sent(
    server: BinanceServer, venue: ExchangeVenue, order: NewOrder, reason: RejectReason, message: str
) -> None:
    assert await submit(venue, order) == Declined(reason=reason, message=message)
    assert server.requests == []


async def test_refusals_carry_the_reason(server: BinanceServer, venue: ExchangeVenue) -> None:
    refused = {
        limit("BUY", "9000", "1000"): (
            RejectReason.INSUFFICIENT_FUNDS,
            "Account has insufficient balance for requested action.",
        ),
        limit("BUY", "0.1", "100.01", post_only=True): (
            RejectReason.POST_ONLY_WOULD_CROSS,
            "Order would immediately match and take.",
        ),
        limit("BUY", "0.001", "50"): (RejectReason.QUANTITY_OUT_OF_RANGE, "Filter failure: NOTIONAL"),
    }
    for order, (reason, message) in refused.items():
        assert await submit(venue, order) == Declined(reason=reason, message=message)
        assert await venue.order(ref(order)) is None
    assert server.orders == []


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault.is_taken])
async def test_an_order_with_a_lost_answer_is_never_sent_again(
    server: BinanceServer, venue: ExchangeVenue, fault: Fault
) -> None:
    await venue.open_orders()
    server.fault("POST", "order", fault)
    order = limit("BUY", "0.5", "90")
    with impatient(venue):
        assert isinstance(await submit(venue, order), Unanswered)
    found = await venue.order(ref(order))
    assert found is not None
    assert (found.client_order_id, found.status) == (order.client_order_id, OrderStatus.NEW)
    server.fault("DELETE", "order", fault)
    with impatient(venue):
        assert isinstance(await venue.cancel(ref(order)), Unanswered)
    found = await venue.order(ref(order))
    assert found is not None
    assert found.status is OrderStatus.CANCELED
    assert len(server.orders) == len(server.asked("POST", "order")) == len(server.asked("DELETE", "order")) == 1


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.HANG, Fault.DROPPED])
async def test_an_order_whose_request_was_lost_is_not_found(
    server: BinanceServer, venue: ExchangeVenue, fault: Fault
) -> None:
    await venue.open_orders()
    server.fault("POST", "order", fault)
    order = limit("BUY", "0.5", "90")
    with impatient(venue):
        assert isinstance(await submit(venue, order), Unanswered)
    assert await venue.order(ref(order)) is None
    assert server.orders == []
    assert server.asked("POST", "order") == []


async def test_the_client_waits_after_a_rate_limit(server: BinanceServer, venue: ExchangeVenue) -> None:
    server.fault("POST", "order", Fault.RATE_LIMITED)
    began = time.monotonic()
    assert isinstance(await submit(venue, limit("BUY", "0.5", "90")), Acknowledged)
    assert time.monotonic() - began >= 0.9
    assert len(server.orders) == 1
    server.fault("POST", "order", Fault.RATE_LIMITED, times=3)
    order = limit("BUY", "0.5", "91")
    answer = await submit(venue, order)
    assert isinstance(answer, Declined)
    assert answer.message.startswith("Too many requests")
    assert len(server.orders) == 1
    assert server.faults.pending == 0


async def test_the_client_pauses_when_the_exchange_asks_for_it(server: BinanceServer, venue: ExchangeVenue) -> None:
    server.fault("POST", "order", Fault.BANNED)
    began = time.monotonic()
    answer = await submit(venue, limit("BUY", "0.5", "90"))
    assert isinstance(answer, Declined)
    again = await submit(venue, limit("BUY", "0.5", "90"))
    assert again == Declined(reason=RejectReason.VENUE_REJECTED, message="The exchange asked for a pause in requests.")
    with pytest.raises(VenueUnavailable, match="asked for a pause"):
        await venue.open_orders()
    assert time.monotonic() - began < 5
    assert (server.requests, server.orders) == ([], [])


@pytest.mark.parametrize("skew_milliseconds", [-3_600_000, 3_600_000])
async def test_clock_differences_are_measured_again(
    server: BinanceServer, venue: ExchangeVenue, skew_milliseconds: int
) -> None:
    server.skew_milliseconds = skew_milliseconds
    assert isinstance(await submit(venue, limit("BUY", "0.5", "90")), Acknowledged)
    assert len(server.orders) == 1
    assert isinstance(await submit(venue, limit("BUY", "0.5", "91")), Acknowledged)
    assert len(server.requests) == 2


async def test_an_order_that_exists_already_is_not_refused(server: BinanceServer, venue: ExchangeVenue) -> None:
    order = limit("BUY", "0.5", "90")
    await submit(venue, order)
    assert await submit(venue, order) == Unanswered(message="The exchange has an order with this id already.")
    found = await venue.order(ref(order))
    assert found is not None
    assert found.is_open


async def test_a_failed_question_has_no_answer(server: BinanceServer, venue: ExchangeVenue) -> None:
    server.fault("GET", "openOrders", Fault.UNAVAILABLE)
    with pytest.raises(VenueUnavailable):
        await venue.open_orders()
    server.fault("GET", "order", Fault.HANG)
    with impatient(venue), pytest.raises(VenueUnavailable):
        await venue.order(ref(limit("BUY", "0.5", "90")))
    server.fault("GET", "myTrades", Fault.GARBLED_TAKEN)
    with pytest.raises(VenueUnavailable):
        await venue.executions(Nanos(server.now() * 1_000_000))
    with pytest.raises(VenueUnavailable):
        await venue.positions()
    assert await venue.open_orders() == []


async def test_orders_of_others_are_reported_as_such(server: BinanceServer, venue: ExchangeVenue) -> None:
    mine = limit("BUY", "0.5", "90")
    await submit(venue, mine)
    server.place("BTCUSDT", "SELL", "0.25", "110", client_id="web_0815")
    ours, theirs = await venue.open_orders()
    assert (ours.client_order_id, theirs.client_order_id) == (mine.client_order_id, None)
    assert (theirs.side, theirs.quantity, theirs.symbol) == (Side.SELL, Decimal("0.25"), mine.symbol)
    assert theirs.venue_order_id == f"BTC/USDT:{server.orders[1].id}"


async def test_the_venue_declares_no_order_changes(venue: ExchangeVenue) -> None:
    order = limit("BUY", "0.5", "90")
    await submit(venue, order)
    answer = await venue.replace(ref(order), ReplaceTerms(quantity=Decimal(1), limit_price=Decimal(91)))
    assert answer == Declined(reason=RejectReason.UNSUPPORTED_BY_VENUE, message="The exchange changes no orders.")
    assert not venue.capabilities.replace


async def test_new_symbols_and_terms_are_loaded_in_time(
    server: BinanceServer, venue: ExchangeVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.book.markets["BTCUSDT"].step = Decimal("0.5")
    await venue.open_orders()
    assert isinstance(await submit(venue, limit("BUY", "0.25", "90")), Declined)
    assert server.asked("POST", "order") != []
    monkeypatch.setattr(connection, "RENEW_SECONDS", 0.0)
    await venue.open_orders()
    answer = await submit(venue, limit("BUY", "0.25", "90"))
    assert answer == Declined(reason=RejectReason.INVALID_LOT, message="The exchange takes multiples of 0.5.")
    assert len(server.asked("POST", "order")) == 1


async def test_an_instrument_that_was_just_created_can_be_traded(server: BinanceServer) -> None:
    known = instruments()
    known.stored = []
    await known.refresh()
    async with open_venue(server, known) as venue:
        known.stored = [coin("NEW", venue_symbol="BTCUSDT")]
        answer = await submit(venue, limit("BUY", "0.5", "90", symbol="NEW"))
        assert isinstance(answer, Acknowledged)
        assert answer.order is not None
        assert answer.order.symbol == "NEW"
