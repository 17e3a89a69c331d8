"""Events of every version that was ever written are read, for ever: the samples are never changed, only added to."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.access.types import Role
from domain.accounts.events import VERSION, apply_figures, read_figures, record
from domain.accounts.types import AccountEvent, AccountState
from domain.kernel.errors import ErrorCode, NewerForm, Unavailable
from domain.kernel.time import Nanos
from domain.orders.model.event_forms import EXECUTION, INTERNAL, ORDER, READERS, TOLD_BY_EVENT, TOLD_BY_ORDER
from domain.orders.model.events import order_parts, read_order_event
from domain.orders.model.order import Execution, Order
from domain.orders.model.types import (
    Contingency,
    Liquidity,
    OffsetKind,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PendingAction,
    PositionEffect,
    RejectReason,
    Side,
    TimeInForce,
    TriggerPrice,
)
from domain.positions.events import read_positions
from domain.positions.types import Bucket, PositionBook
from domain.risk.types import RiskAction, RiskRuleKind, RiskViolation
from tests.orders.factories import account

SAMPLES = sorted((Path(__file__).parent / "samples").glob("version-*.json"))
AT = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, 31, tzinfo=UTC)
ORDER_ID, ACCOUNT, INSTRUMENT, OTHER = (UUID(int=number) for number in (1, 2, 3, 4))
FULL = Order(
    id=ORDER_ID,
    account_id=ACCOUNT,
    instrument_id=INSTRUMENT,
    client_order_id="mine",
    venue="paper",
    side=Side.SELL,
    type=OrderType.TRAILING_STOP_LIMIT,
    time_in_force=TimeInForce.GTD,
    position_effect=PositionEffect.CLOSE,
    quantity=Decimal("1.5"),
    limit_price=Decimal("98.25"),
    stop_price=Decimal("99.5"),
    trailing_offset=Decimal(20),
    trailing_offset_kind=OffsetKind.TICKS,
    limit_offset=Decimal(3),
    activation_price=Decimal("101"),
    trigger_price=TriggerPrice.LAST,
    post_only=True,
    reduce_only=True,
    expires_at=LATER,
    status=OrderStatus.REJECTED,
    filled_quantity=Decimal("0.25"),
    average_price=Decimal("98.30"),
    fees=Decimal("0.12"),
    reserved=Decimal("0.5"),
    strategy="trend",
    tags=["a", "b"],
    contingency=Contingency.OUO,
    parent_id=OTHER,
    group_id=INSTRUMENT,
    pending_action=PendingAction.CANCEL,
    reject_reason=RejectReason.RISK_RULE,
    reject_message="Too large.",
    venue_order_id="V7",
    violations=(
        RiskViolation(
            RiskRuleKind.MAX_ORDER_QUANTITY,
            OTHER,
            RiskAction.REJECT,
            Decimal(1),
            Decimal("1.5"),
            "At most 1 per order.",
        ),
    ),
    created_at=AT,
    updated_at=LATER,
    triggered_at=AT,
    closed_at=LATER,
    version=4,
    symbol="COIN",
    placed_by=None,
    placed_key=None,
    **INTERNAL,
)
# Everything that can be absent is absent.
BARE = replace(
    FULL,
    type=OrderType.MARKET,
    time_in_force=TimeInForce.DAY,
    position_effect=PositionEffect.AUTO,
    limit_price=None,
    stop_price=None,
    trailing_offset=None,
    trailing_offset_kind=None,
    limit_offset=None,
    activation_price=None,
    trigger_price=TriggerPrice.BID_ASK,
    post_only=False,
    reduce_only=False,
    expires_at=None,
    status=OrderStatus.PENDING_NEW,
    filled_quantity=Decimal(0),
    average_price=None,
    fees=Decimal(0),
    reserved=Decimal(0),
    strategy=None,
    tags=[],
    contingency=Contingency.NONE,
    parent_id=None,
    group_id=None,
    pending_action=None,
    reject_reason=None,
    reject_message=None,
    venue_order_id=None,
    violations=(),
    triggered_at=None,
    closed_at=None,
    version=1,
)
FILL = Execution(
    id=OTHER,
    order_id=ORDER_ID,
    account_id=ACCOUNT,
    instrument_id=INSTRUMENT,
    venue_execution_id="X9",
    sequence=7,
    side=Side.SELL,
    position_effect=PositionEffect.CLOSE,
    price=Decimal("98.3"),
    quantity=Decimal("0.25"),
    fee=Decimal("0.1"),
    tax=Decimal("0.02"),
    realized_pnl=Decimal("-1.75"),
    liquidity=Liquidity.TAKER,
    at=Nanos(1_772_443_800_123_456_789),
    busted_at=LATER,
    corrected_by=INSTRUMENT,
    created_at=AT,
    symbol="COIN",
    fx_rate=Decimal("1.1"),
)
HELD = PositionBook(
    id=OTHER,
    account_id=ACCOUNT,
    instrument_id=INSTRUMENT,
    bucket=Bucket.SHORT,
    quantity=Decimal("-2"),
    average_price=Decimal("99"),
    realized_pnl=Decimal("-1.75"),
    fees_paid=Decimal("0.12"),
    today_quantity=Decimal("-1"),
    held_quantity=Decimal("0.5"),
    working_buy=Decimal("0.25"),
    working_sell=Decimal("0.75"),
    working_buy_margin=Decimal(3),
    working_sell_margin=Decimal(4),
    working_fees=Decimal("0.01"),
    reserved=Decimal("4.01"),
    fx_rate=Decimal("1.1"),
    opened_at=AT,
    closed_at=LATER,
    updated_at=LATER,
)
FLAT = PositionBook(
    id=OTHER, account_id=ACCOUNT, instrument_id=INSTRUMENT, bucket=Bucket.NET, updated_at=AT, changed=True
)

FIGURES: dict[str, Any] = {
    "state": AccountState.ACTIVE,
    "cash": Decimal(1000),
    **dict.fromkeys(("reserved", "realized_pnl", "fees_paid", "day_opening_equity", "day_transfers", "peak_equity"), 0),
    **dict.fromkeys(("reduce_only_role", "halted_role", "state_by", "state_reason")),
}


def written() -> dict[str, Any]:
    """The payloads of today's version, by the name of the sample."""
    book = account()
    full = order_parts(FULL, AT, execution=FILL, position=HELD, detail={"reason": "sample"})
    bare = order_parts(BARE, AT, position=FLAT)
    kinds = {"full": (OrderEventKind.TRADE, full), "bare": (OrderEventKind.PENDING_NEW, bare)}
    return {name: orjson.loads(record(book, kind, AT, parts).payload) for name, (kind, parts) in kinds.items()}


def event(kind: OrderEventKind, payload: dict[str, Any]) -> AccountEvent:
    return AccountEvent(ACCOUNT, 7, kind, AT, ORDER_ID, json.dumps(payload))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_samples_of_every_version_decode_to_their_meaning(sample: Path) -> None:
    payloads = json.loads(sample.read_text(encoding="utf-8"))
    full = read_order_event(event(OrderEventKind.TRADE, payloads["full"]))
    bare = read_order_event(event(OrderEventKind.PENDING_NEW, payloads["bare"]))
    assert full is not None
    assert bare is not None
    assert (full.order, full.execution, full.detail) == (FULL, FILL, {"reason": "sample"})
    assert (bare.order, bare.execution, bare.detail) == (BARE, None, None)
    of_fill, of_order = (event(OrderEventKind.TRADE, payloads[name]) for name in ("full", "bare"))
    assert read_positions(of_fill, payloads["full"]) == [HELD]
    assert read_positions(of_order, payloads["bare"]) == [replace(FLAT, changed=False)]
    assert read_figures(payloads["full"]) == FIGURES


def test_every_version_has_a_sample() -> None:
    assert [sample.stem for sample in SAMPLES] == [f"version-{version}" for version in range(1, VERSION + 1)]
    assert set(READERS) == set(range(1, VERSION + 1))


def test_events_are_written_in_the_form_of_the_newest_sample() -> None:
    """Who changes the form makes a new version of it, with a reader of its own."""
    newest = json.loads(SAMPLES[-1].read_text(encoding="utf-8"))
    assert {name: payload["order"] for name, payload in written().items()} == {
        name: payload["order"] for name, payload in newest.items()
    }
    assert written()["full"] | {"account": {}} == newest["full"] | {"account": {}}


def test_the_figures_of_an_account_are_read_as_they_were_written() -> None:
    numbers = {name: Decimal(f"-{place}.50") for place, (name, value) in enumerate(FIGURES.items()) if value == 0}
    roles = {"reduce_only_role": Role.RISK_MANAGER, "halted_role": Role.ADMIN}
    told = {"state": AccountState.HALTED, "cash": Decimal(0), "state_by": "ann", "state_reason": ""}
    wanted = {**FIGURES, **numbers, **roles, **told}
    book, other = account(**{name: value for name, value in wanted.items() if name != "cash"}, cash="0"), account("7")
    parts = orjson.loads(record(book, "SAMPLE", AT, {}).payload)
    assert read_figures(parts) == wanted
    apply_figures(other, parts)
    assert {name: getattr(other, name) for name in FIGURES} == wanted


def test_an_event_of_a_newer_release_is_said_to_be_one() -> None:
    payload = written()["full"] | {"version": VERSION + 1}
    told = event(OrderEventKind.TRADE, payload)
    for read in (lambda: read_order_event(told), lambda: read_positions(told, payload), lambda: read_figures(payload)):
        with pytest.raises(NewerForm) as refused:
            read()
        assert (refused.value.code, isinstance(refused.value, Unavailable)) == (ErrorCode.UNAVAILABLE, False)


def test_every_order_field_is_in_the_event_form_or_excluded_by_name() -> None:
    assert {*ORDER.names, *INTERNAL, *TOLD_BY_EVENT} == {item.name for item in fields(Order)}
    assert {*EXECUTION.names, *TOLD_BY_ORDER} == {item.name for item in fields(Execution)}
