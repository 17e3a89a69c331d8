"""Scenario files as values: what to trade, the data to trade on and the actions, or executions to book.

The form is documented in docs/simulate.md. Reading is strict; nothing here touches market data.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

from adapters.simulation.actions import Action, read_actions
from adapters.simulation.errors import ScenarioError
from adapters.simulation.fields import Fields, any_sign, not_negative, price_check
from domain.kernel.numbers import ONE, ZERO
from domain.kernel.time import Nanos
from domain.market.types import AssetClass, FeeSchedule, Instrument
from domain.orders.model.types import Side

MAX_FILE_BYTES = 256 * 1024 * 1024
DATA_KINDS = ("quotes", "trades", "book")
NOWHERE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class DataSource:
    """Ticks of one file between two times, both inclusive."""

    kind: str
    file: str
    start: Nanos | None
    end: Nanos | None
    default_size: Decimal | None


@dataclass(frozen=True, slots=True)
class BookedExecution:
    """An execution to book as given."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class OrderScenario:
    """Orders in the course of a market."""

    id: str
    instrument: Instrument
    data: tuple[DataSource, ...]
    actions: tuple[Action, ...]
    expected: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PositionScenario:
    """Executions booked in order and valued at marks."""

    id: str
    executions: tuple[BookedExecution, ...]
    instruments: Mapping[str, Instrument]
    marks: Mapping[str, Decimal]
    expected: Any = field(default=None, compare=False)


Scenario = OrderScenario | PositionScenario


def read_scenarios(path: Path) -> list[Scenario]:
    """The scenarios of a file: ``{"scenarios": [...]}``, a list of them, or a single one.

    Raises:
        ScenarioError: the file cannot be read, is no JSON or no scenario; the message says where.
    """
    content = _load(path)
    if isinstance(content, dict) and "scenarios" in content:
        content = content["scenarios"]
        if not isinstance(content, list):
            raise ScenarioError(f"{path}: scenarios must be a list")
    items = content if isinstance(content, list) else [content]
    scenarios: dict[str, Scenario] = {}
    for index, item in enumerate(items):
        fields = Fields(item, f"{path.name}: scenario {index + 1}")
        name = fields.text("id") or (path.stem if len(items) == 1 else str(index + 1))
        fields.where = f"{path.name}: scenario {name!r}"
        if name in scenarios:
            raise ScenarioError(f"{fields.where}: there is another one of this id")
        scenarios[name] = _scenario(name, fields)
    return list(scenarios.values())


def _load(path: Path) -> Any:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ScenarioError(f"{path}: is larger than {MAX_FILE_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError(f"{path}: {error.strerror or 'cannot be read'}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{path}: is not UTF-8 text") from error
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except RecursionError:
        raise ScenarioError(f"{path}: is nested too deeply") from None
    except ValueError as error:
        raise ScenarioError(f"{path}: is not JSON: {error}") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _scenario(name: str, fields: Fields) -> Scenario:
    fields.ignore("note")
    expected = fields.take("expected")
    scenario: Scenario
    if "executions" in fields or "marks" in fields:
        scenario = _position_scenario(name, fields, expected)
    else:
        scenario = _order_scenario(name, fields, expected)
    fields.close()
    return scenario


def _order_scenario(name: str, fields: Fields, expected: Any) -> OrderScenario:
    instrument = _instrument(fields.required("instrument", fields.child("instrument")))
    data = tuple(_data_source(item) for item in fields.objects("data"))
    if not data:
        raise fields.fail("data", "is missing")
    actions = read_actions(fields.objects("actions"), instrument)
    return OrderScenario(name, instrument, data, actions, expected)


def _instrument(fields: Fields) -> Instrument:
    fees = fields.child("fees")
    fields.ignore(
        "name",
        "exchange",
        "maxQuantity",
        "minNotional",
        "initialMarginRate",
        "maintenanceMarginRate",
        "settlementCycle",
        "priceLimitRate",
        "shortable",
        "calendar",
    )
    lot_size = fields.number("lotSize") or ONE
    instrument = Instrument(
        id=NOWHERE,
        symbol=fields.required("symbol", fields.text("symbol")),
        name="",
        exchange="",
        asset_class=fields.word("assetClass", AssetClass, AssetClass.FUTURE),
        currency=fields.text("currency") or "",
        tick_size=fields.required("tickSize", fields.number("tickSize")),
        lot_size=lot_size,
        min_quantity=fields.number("minQuantity") or lot_size,
        multiplier=fields.number("multiplier") or ONE,
        inverse=fields.flag("inverse"),
        fees=FeeSchedule() if fees is None else _fees(fees),
    )
    fields.close()
    return instrument


def _fees(fields: Fields) -> FeeSchedule:
    fees = FeeSchedule(
        maker_rate=fields.number("makerRate", any_sign) or ZERO,
        taker_rate=fields.number("takerRate", any_sign) or ZERO,
        per_unit=fields.number("perUnit", not_negative) or ZERO,
        minimum=fields.number("minimum", not_negative) or ZERO,
        sell_tax_rate=fields.number("sellTaxRate", not_negative) or ZERO,
    )
    fields.close()
    return fees


def _data_source(fields: Fields) -> DataSource:
    kind = fields.required("kind", fields.text("kind"))
    if kind not in DATA_KINDS:
        raise fields.fail("kind", f"must be one of {', '.join(DATA_KINDS)}, not {kind!r}")
    source = DataSource(
        kind=kind,
        file=fields.required("file", fields.text("file")),
        start=fields.time("from"),
        end=fields.time("to"),
        default_size=fields.number("defaultSize"),
    )
    fields.close()
    if source.start is not None and source.end is not None and source.end < source.start:
        raise fields.fail("to", "is before from")
    return source


def _position_scenario(name: str, fields: Fields, expected: Any) -> PositionScenario:
    instruments: dict[str, Instrument] = {}
    executions = tuple(_execution(item, instruments) for item in fields.objects("executions"))
    marks_field = fields.child("marks")
    marks: dict[str, Decimal] = {}
    if marks_field is not None:
        for symbol, instrument in instruments.items():
            mark = marks_field.number(symbol, price_check(instrument))
            if mark is not None:
                marks[symbol] = mark
        marks_field.close()
    return PositionScenario(name, executions, instruments, marks, expected)


def _execution(fields: Fields, instruments: dict[str, Instrument]) -> BookedExecution:
    symbol = fields.required("symbol", fields.text("symbol"))
    multiplier = fields.number("multiplier") or ONE
    terms = Instrument(
        id=NOWHERE,
        symbol=symbol,
        name="",
        exchange="",
        asset_class=AssetClass.FUTURE,
        currency="",
        tick_size=ONE,
        lot_size=ONE,
        min_quantity=ONE,
        multiplier=multiplier,
        inverse=fields.flag("inverse"),
    )
    if instruments.setdefault(symbol, terms) != terms:
        raise fields.fail("multiplier", f"and inverse must be the same in all executions of {symbol}")
    execution = BookedExecution(
        symbol=symbol,
        side=fields.word("side", Side),
        quantity=fields.required("quantity", fields.number("quantity")),
        price=fields.required("price", fields.number("price", price_check(terms))),
    )
    fields.number("fee", any_sign)
    fields.ignore("at", "accountId", "clientOrderId", "liquidity", "tax")
    fields.close()
    return execution
