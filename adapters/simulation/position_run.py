"""Running a position scenario: executions booked in order, through the position rules that the books use."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from adapters.simulation.scenario import PositionScenario
from domain.kernel.numbers import ZERO, plain
from domain.market.costs import gain
from domain.market.types import Instrument
from domain.orders.model.types import Side
from domain.positions.rules import FLAT, Fill, PositionState, apply_fill

# Quotients have no end; this many decimals are far beyond what any mark can tell apart.
PNL_QUANTUM = Decimal(1).scaleb(-24)


def run_positions(scenario: PositionScenario) -> dict[str, Any]:
    """The positions that the executions make, and their values at the marks."""
    positions = dict.fromkeys(scenario.instruments, FLAT)
    for execution in scenario.executions:
        signed = execution.quantity if execution.side is Side.BUY else -execution.quantity
        instrument = scenario.instruments[execution.symbol]
        change = apply_fill(positions[execution.symbol], instrument, Fill(signed, execution.price))
        positions[execution.symbol] = change.position
    return {
        "positions": {
            symbol: _result(position, scenario.instruments[symbol], scenario.marks.get(symbol))
            for symbol, position in positions.items()
        }
    }


def _result(position: PositionState, instrument: Instrument, mark: Decimal | None) -> dict[str, str | None]:
    unrealized: Decimal | None = ZERO
    if position.quantity != ZERO:
        unrealized = None
        if mark is not None:
            unrealized = gain(instrument, position.quantity, position.cost, mark)
    return {
        "quantity": plain(position.quantity),
        "averagePrice": None if position.quantity == ZERO else plain(position.average_price),
        "realizedPnl": _money(position.realized_pnl),
        "unrealizedPnl": None if unrealized is None else _money(unrealized),
    }


def _money(value: Decimal) -> str:
    return plain(value.quantize(PNL_QUANTUM, rounding=ROUND_HALF_EVEN))
