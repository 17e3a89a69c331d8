"""Points of quotes, of the platform's load and of its parts, pure."""

from dataclasses import fields
from datetime import datetime

from domain.kernel.time import Nanos
from domain.market.types import Quote
from domain.system.health import ComponentState, SystemHealth
from domain.system.series.lines import LinePoint
from domain.system.types import SystemMetrics

_NUMBERS = {ComponentState.UP: 0, ComponentState.DEGRADED: 1, ComponentState.DOWN: 2}


def of_quote(quote: Quote) -> LinePoint:
    """The newest prices of a symbol."""
    names = ("bid", "ask", "bid_size", "ask_size", "last", "last_size", "volume")
    return LinePoint("tradegraph_quote", {"symbol": quote.symbol}, {n: getattr(quote, n) for n in names}, quote.at)


def of_metrics(metrics: SystemMetrics) -> LinePoint:
    """The load at one moment."""
    given = {item.name: getattr(metrics, item.name) for item in fields(SystemMetrics)}
    numbers = {name: value for name, value in given.items() if isinstance(value, int | float)}
    return LinePoint("tradegraph_system", {}, numbers, Nanos.of(metrics.at))


def of_health(health: SystemHealth, at: datetime) -> list[LinePoint]:
    """The state of each part: 0 up, 1 degraded, 2 down."""
    return [
        LinePoint("tradegraph_component", {"component": part.name}, {"state": _NUMBERS[part.state]}, Nanos.of(at))
        for part in health.components
    ]
