"""The closing prices of a day: none is later than the day or from before a corporate action."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from domain.kernel.ids import new_id
from domain.kernel.time import Nanos
from domain.market.day_queries import LastBar
from domain.market.types import Quote, RestatedQuote
from domain.settlement.market_day import DayBefore, closing_prices, decode_restated, encode_restated

MOMENT = datetime(2026, 6, 2, tzinfo=UTC)
OWNER = new_id()


def quote(hours: float, price: str) -> Quote:
    """A quote so long before the day's end."""
    at = Nanos.of(MOMENT - timedelta(hours=hours))
    return Quote("A", at, last=Decimal(price))


def bar(hours: float, price: str) -> LastBar:
    return LastBar(Decimal(price), MOMENT - timedelta(hours=hours))


BEFORE = DayBefore(MOMENT - timedelta(days=1), {OWNER: Decimal(92)})


@pytest.mark.parametrize(
    ("of_quote", "of_bar", "before", "expected"),
    [
        (None, None, None, None),
        (quote(1, "10"), None, None, "10"),
        (quote(0, "10"), None, None, None),
        (quote(-1, "10"), bar(3, "9"), None, "9"),
        (quote(1, "10"), bar(3, "9"), None, "10"),
        (quote(4, "10"), bar(3, "9"), None, "9"),
        # A day without a price of its own goes on with that of the day before, not with what came before an action.
        (None, None, BEFORE, "92"),
        (quote(-1, "10"), None, BEFORE, "92"),
        (None, bar(72, "645"), BEFORE, "92"),
        (quote(72, "645"), None, BEFORE, "92"),
        (quote(72, "645"), bar(3, "93"), BEFORE, "93"),
        (quote(2, "94"), bar(3, "93"), BEFORE, "94"),
        (quote(24, "94"), None, BEFORE, "94"),
    ],
)
def test_the_closing_price_of_a_day_is_its_last_price_and_nothing_later(
    of_quote: Quote | None, of_bar: LastBar | None, before: DayBefore | None, expected: str | None
) -> None:
    found = closing_prices({OWNER: of_quote}, {} if of_bar is None else {OWNER: of_bar}, before, MOMENT)
    assert found == ({} if expected is None else {OWNER: Decimal(expected)})


def test_restated_quotes_are_stored_exactly() -> None:
    ticks = [
        RestatedQuote("A", Nanos(7), Decimal("1.123456789012"), None, Decimal(3), None, last=Decimal("0.1")),
        RestatedQuote("B", Nanos(8), previous_close=Decimal("-37.63")),
    ]
    assert decode_restated(encode_restated(ticks)) == ticks
