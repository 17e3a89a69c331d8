"""What a counterparty is told and what its reports mean, and the file with its terms."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.fix.message import Malformed, Message
from adapters.venues.fix import translation
from adapters.venues.fix.gateway import fix_venue
from adapters.venues.fix.terms import read_terms
from adapters.venues.registry import VenueSettingError
from adapters.venues.venue_settings import VenueSetting
from domain.kernel.time import Nanos
from domain.orders.model.types import Liquidity, OrderStatus, OrderType, RejectReason, Side, TimeInForce
from domain.orders.venues.types import NewOrder, OrderRef, ReplaceTerms

NOW = datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
NAME = "0123456789abcdef0123456789abcdef"
SESSION = '[session]\nhost = "h"\nport = 1\nsender = "US"\ntarget = "THEM"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "house.toml"
    path.write_text(f'{SESSION}[orders]\naccount = "ACC"\n[symbols]\nCOIN = "COIN/USD"\n')
    return path


def report(**others: str | None) -> Message:
    given: dict[int, str | None] = {37: "V1", 11: NAME, 17: "E1", 150: "0", 39: "0", 55: "COIN/USD", 54: "1"}
    given |= {38: "2", 14: "0", 151: "2", 6: "0", 44: "90", 60: "20260302-14:30:00.250"}
    given |= {int(tag.removeprefix("t")): value for tag, value in others.items()}
    return Message(((35, "8"), (34, "2"), *((tag, value) for tag, value in given.items() if value is not None)))


@pytest.mark.parametrize(
    ("status", "kind", "filled", "seen"),
    [
        ("0", "0", "0", OrderStatus.NEW),
        ("1", "F", "1", OrderStatus.PARTIALLY_FILLED),
        ("2", "F", "2", OrderStatus.FILLED),
        ("4", "4", "1", OrderStatus.CANCELED),
        ("3", "3", "1", OrderStatus.EXPIRED),
        ("C", "C", "0", OrderStatus.EXPIRED),
        ("8", "I", "0", OrderStatus.REJECTED),
        ("6", "6", "0", OrderStatus.NEW),
        ("6", "F", "1", OrderStatus.PARTIALLY_FILLED),
        ("E", "E", "1", OrderStatus.PARTIALLY_FILLED),
        ("A", "I", "0", OrderStatus.NEW),
        ("9", "9", "0", OrderStatus.NEW),
        ("0", "D", "0", OrderStatus.NEW),
    ],
)
def test_the_state_of_an_order(file: Path, status: str, kind: str, filled: str, seen: OrderStatus) -> None:
    order = translation.venue_order(report(t39=status, t150=kind, t14=filled), read_terms(file))
    assert order is not None
    assert (order.status, order.filled_quantity, order.quantity) == (seen, Decimal(filled), 2)
    assert (order.client_order_id, order.venue_order_id, order.symbol) == (NAME, "V1", "COIN")
    assert order.at == Nanos.of(datetime(2026, 3, 2, 14, 30, 0, 250000, tzinfo=UTC))


def test_what_is_not_decided_says_nothing(file: Path) -> None:
    assert translation.venue_order(report(t39="A", t150="A"), read_terms(file)) is None


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({"t11": f"{NAME}-1f"}, NAME),
        ({"t11": "THEIRS", "t41": f"{NAME}-1f"}, NAME),
        ({"t11": "THEIRS"}, None),
        ({"t11": None}, None),
        ({"t11": NAME.upper().replace("0", "G")}, None),
    ],
)
def test_a_report_names_its_order(names: dict[str, str | None], found: str | None) -> None:
    assert translation.order_of(report(**names)) == found


def test_a_fill(file: Path) -> None:
    filled = report(t150="F", t31="90.5", t32="1", t851="1", t12="0.02", t13="3", t479="USD")
    fill = translation.venue_execution(filled, read_terms(file))
    assert (fill.venue_execution_id, fill.price, fill.quantity) == ("E1", Decimal("90.5"), 1)
    assert (fill.liquidity, fill.fee, fill.fee_currency) == (Liquidity.MAKER, Decimal("0.02"), "USD")
    plain = translation.venue_execution(report(t150="F", t31="90.5", t32="1", t12="0.02", t13="3"), read_terms(file))
    assert (plain.liquidity, plain.fee, plain.fee_currency) == (Liquidity.TAKER, None, None)
    with pytest.raises(Malformed) as caught:
        translation.venue_execution(report(t150="F", t31="90.5"), read_terms(file))
    assert caught.value.tag == 32


def test_fills_are_told_as_they_were_and_corrections_apart() -> None:
    cancel = report(t150="H", t17="E4", t19="E1", t58="wrong\x02side")
    correct = report(t150="G", t17="E5", t19="E2", t31="91.5", t32="3")
    told = [report(t150="F", t17="E1"), report(t150="F", t17="E2"), cancel, correct]
    assert [message.get(17) for message in translation.fills(told)] == ["E1", "E2"]
    void, right = translation.venue_correction(cancel), translation.venue_correction(correct)
    assert (void.corrected_id, void.venue_execution_id, void.client_order_id) == ("E1", "E4", NAME)
    assert (void.price, void.quantity, void.message) == (None, None, "wrong side")
    assert (right.corrected_id, right.price, right.quantity, right.message) == ("E2", Decimal("91.5"), 3, None)
    for missing, tag in ((report(t150="H", t17="E4"), 19), (report(t150="G", t17="E5", t19="E2", t31="1"), 32)):
        with pytest.raises(Malformed) as caught:
            translation.venue_correction(missing)
        assert caught.value.tag == tag


def test_refusals_have_our_reason_and_their_words() -> None:
    for given, reason in (
        ("1", RejectReason.INSTRUMENT_NOT_TRADABLE),
        ("2", RejectReason.MARKET_CLOSED),
        ("13", RejectReason.QUANTITY_OUT_OF_RANGE),
        ("99", RejectReason.VENUE_REJECTED),
        (None, RejectReason.VENUE_REJECTED),
    ):
        answer = translation.declined(report(t150="8", t39="8", t103=given, t58="no\x02way"))
        assert (answer.reason, answer.message) == (reason, "no way")


def test_messages_to_a_counterparty(file: Path) -> None:
    terms = read_terms(file)
    order = NewOrder(
        client_order_id=NAME,
        symbol="COIN",
        side=Side.SELL,
        type=OrderType.LIMIT,
        quantity=Decimal("1.50"),
        limit_price=Decimal(90),
        time_in_force=TimeInForce.GTD,
        expires_at=Nanos.of(NOW),
    )
    new = dict(translation.new_order(order, terms, NOW))
    assert (new[11], new[1], new[55], new[54], new[38], new[40], new[44]) == (
        *(NAME, "ACC", "COIN/USD", "2"),
        *("1.5", "2", "90"),
    )
    assert (new[59], new[126], new[21], new[60]) == ("6", "20260302-14:30:00.000", "1", "20260302-14:30:00.000")
    known = translation.KnownOrder(Side.SELL, OrderType.LIMIT, TimeInForce.GTC, Decimal(2), f"{NAME}-1")
    ref = OrderRef(client_order_id=NAME, symbol="COIN", venue_order_id="V1")
    cancel = dict(translation.cancel_request(ref, known, f"{NAME}-2", terms, NOW))
    assert (cancel[11], cancel[41], cancel[37], cancel[54], cancel[38]) == (f"{NAME}-2", f"{NAME}-1", "V1", "2", "2")
    change = ReplaceTerms(quantity=Decimal(3), limit_price=Decimal(91))
    replaced = dict(translation.replace_request(ref, known, f"{NAME}-3", change, terms, NOW))
    assert (replaced[38], replaced[44], replaced[40], replaced[59], replaced[41]) == ("3", "91", "2", "1", f"{NAME}-1")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[session", "is not TOML"),
        ("", "host must be a text"),
        (SESSION.replace("port = 1", "port = 0"), "port must be a whole number"),
        (SESSION + "speed = 1\n", "has no speed"),
        (SESSION + "[other]\n", "is no table of"),
        (SESSION + '[orders]\ntypes = ["TRAILING_STOP"]\n', "types may be"),
        (SESSION + '[orders]\ntypes = ["ODD"]\n', "types must be a list of"),
        (SESSION + "[orders]\nreplace = 1\n", "replace must be true or false"),
        (SESSION + '[symbols]\nA = "X"\nB = "X"\n', "each once"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(VenueSettingError, match=problem) as caught:
        fix_venue(VenueSetting("house", "fix", str(path), {"password": "hidden"}))
    assert "hidden" not in str(caught.value)


def test_wrong_settings_are_named(file: Path) -> None:
    with pytest.raises(VenueSettingError, match="cannot read"):
        fix_venue(VenueSetting("house", "fix", "nowhere.toml", {}))
    with pytest.raises(VenueSettingError, match="TRADEGRAPH_VENUE_HOUSE_KEY"):
        fix_venue(VenueSetting("house", "fix", str(file), {"key": "hidden"}))
    found = fix_venue(VenueSetting("house", "fix", str(file), {})).capabilities
    assert (found.order_types, found.replace, found.positions) == ({OrderType.MARKET, OrderType.LIMIT}, True, False)
