"""Validation of corporate actions, and the prices after them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.errors import BadInput
from domain.kernel.ids import new_id
from domain.kernel.time import Nanos
from domain.market.actions import (
    CorporateAction,
    CorporateActionKind,
    NewAction,
    check_action,
    in_order,
    restated_price,
    restated_quote,
)
from domain.market.types import AssetClass, Instrument, Quote
from tests.support.market import an_instrument

K = CorporateActionKind
FIRST = date(2026, 6, 2)
SHARE = an_instrument("SHARE", asset_class=AssetClass.EQUITY)
FUTURE = an_instrument("FUT", asset_class=AssetClass.FUTURE)
PERPETUAL = an_instrument("PERP", asset_class=AssetClass.PERPETUAL, inverse=True)


def asked(kind: CorporateActionKind, **figures: Any) -> NewAction:
    values = {name: Decimal(value) if name != "new_symbol" else value for name, value in figures.items()}
    return NewAction("SHARE", kind, FIRST, **values)


def action(kind: CorporateActionKind, **figures: Any) -> CorporateAction:
    given = asked(kind, **figures)
    return CorporateAction(
        new_id(), SHARE.id, "SHARE", kind, FIRST, given.ratio, given.amount_per_unit, given.new_symbol,
        datetime(2026, 6, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "figures", "instrument"),
    [
        (K.SPLIT, {"ratio": "7"}, SHARE),
        (K.SPLIT, {"ratio": "0.05"}, SHARE),
        (K.SPLIT, {"ratio": "1000"}, an_instrument("COIN")),
        (K.STOCK_DIVIDEND, {"ratio": "0.1"}, SHARE),
        (K.STOCK_DIVIDEND, {"ratio": "1"}, SHARE),
        (K.CASH_DIVIDEND, {"amount_per_unit": "0.0001"}, SHARE),
        (K.SYMBOL_CHANGE, {"new_symbol": "NEW"}, FUTURE),
        (K.DELISTING, {"amount_per_unit": "0"}, SHARE),
        (K.DELISTING, {"amount_per_unit": "-37.63"}, FUTURE),
        (K.DELISTING, {}, PERPETUAL),
    ],
)
def test_a_valid_corporate_action_is_accepted(
    kind: CorporateActionKind, figures: dict[str, str], instrument: Instrument
) -> None:
    check_action(asked(kind, **figures), instrument, FIRST)


@pytest.mark.parametrize(
    ("kind", "figures", "instrument", "field"),
    [
        (K.SPLIT, {}, SHARE, "ratio"),
        (K.SPLIT, {"ratio": "0"}, SHARE, "ratio"),
        (K.SPLIT, {"ratio": "-2"}, SHARE, "ratio"),
        (K.SPLIT, {"ratio": "1"}, SHARE, "ratio"),
        (K.SPLIT, {"ratio": "1000001"}, SHARE, "ratio"),
        (K.SPLIT, {"ratio": "2", "amount_per_unit": "1"}, SHARE, "amountPerUnit"),
        (K.SPLIT, {"ratio": "2", "new_symbol": "NEW"}, SHARE, "newSymbol"),
        (K.SPLIT, {"ratio": "2"}, FUTURE, "kind"),
        (K.STOCK_DIVIDEND, {"ratio": "NaN"}, SHARE, "ratio"),
        (K.CASH_DIVIDEND, {"amount_per_unit": "0"}, SHARE, "amountPerUnit"),
        (K.CASH_DIVIDEND, {"amount_per_unit": "-1"}, SHARE, "amountPerUnit"),
        (K.CASH_DIVIDEND, {"ratio": "0.1"}, SHARE, "ratio"),
        (K.CASH_DIVIDEND, {"amount_per_unit": "1"}, PERPETUAL, "kind"),
        (K.SYMBOL_CHANGE, {}, SHARE, "newSymbol"),
        (K.SYMBOL_CHANGE, {"new_symbol": "SHARE"}, SHARE, "newSymbol"),
        (K.SYMBOL_CHANGE, {"new_symbol": "no blanks"}, SHARE, "newSymbol"),
        (K.DELISTING, {"amount_per_unit": "-1"}, SHARE, "amountPerUnit"),
        (K.DELISTING, {"amount_per_unit": "0"}, PERPETUAL, "amountPerUnit"),
        (K.DELISTING, {"ratio": "1"}, SHARE, "ratio"),
    ],
)
def test_an_invalid_corporate_action_is_refused(
    kind: CorporateActionKind, figures: dict[str, str], instrument: Instrument, field: str
) -> None:
    with pytest.raises(BadInput) as caught:
        check_action(asked(kind, **figures), instrument, FIRST)
    assert caught.value.context["field"] == field


def test_an_action_for_a_day_that_has_begun_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        check_action(replace(asked(K.SPLIT, ratio="2"), ex_date=date(2026, 6, 1)), SHARE, FIRST)
    assert caught.value.context["field"] == "exDate"


@pytest.mark.parametrize(
    ("given", "price", "after"),
    [
        (action(K.SPLIT, ratio="7"), "645.54", "92.22"),
        (action(K.SPLIT, ratio="0.05"), "1.16", "23.2"),
        (action(K.STOCK_DIVIDEND, ratio="0.1"), "11", "10"),
        (action(K.CASH_DIVIDEND, amount_per_unit="3.05"), "512.59", "509.54"),
        (action(K.CASH_DIVIDEND, amount_per_unit="5"), "4", "0"),
        (action(K.SYMBOL_CHANGE, new_symbol="NEW"), "4", "4"),
        (action(K.DELISTING), "4", "4"),
    ],
)
def test_prices_are_adjusted_by_an_action(given: CorporateAction, price: str, after: str) -> None:
    assert restated_price(Decimal(price), given) == Decimal(after)


def test_a_quote_is_adjusted_by_all_actions_of_a_day_dividends_first() -> None:
    actions = in_order(
        [
            action(K.SYMBOL_CHANGE, new_symbol="NEW"),
            action(K.SPLIT, ratio="2"),
            action(K.CASH_DIVIDEND, amount_per_unit="1"),
        ]
    )
    assert [one.kind for one in actions] == [K.CASH_DIVIDEND, K.SPLIT, K.SYMBOL_CHANGE]
    quote = Quote("SHARE", Nanos(5), Decimal(99), Decimal(101), Decimal(10), None, Decimal(100), Decimal(3), Decimal(7))
    assert restated_quote(quote, actions) == Quote(
        "NEW", Nanos(5), Decimal(49), Decimal(50), Decimal(20), None, Decimal("49.5"), Decimal(6), Decimal(14)
    )
    assert restated_quote(quote, []) is quote
