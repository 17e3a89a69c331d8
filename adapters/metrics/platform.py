"""Metrics of the whole platform, the same in every web process: components, trading, the schedule, and the books."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from domain.system.figures import PlatformFigures
from domain.system.health import ComponentState, SystemHealth

_NUMBERS = {ComponentState.UP: 0, ComponentState.DEGRADED: 1, ComponentState.DOWN: 2}


@dataclass(frozen=True, slots=True, eq=False)
class PlatformView(Collector):
    """The platform at one moment. ``figures`` is None when the database could not be asked."""

    health: SystemHealth
    figures: PlatformFigures | None
    feed_ages: Mapping[str, float]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """All that is known."""
        yield from self._parts()
        yield _family(
            "feed_age_seconds", "Age of the newest quote of an exchange that is open.", "exchange", self.feed_ages
        )
        if self.figures is not None:
            yield from _trading(self.figures)
            yield from _schedule(self.figures)

    def _parts(self) -> Iterator[GaugeMetricFamily]:
        parts = self.health.components
        states = {part.name: _NUMBERS[part.state] for part in parts}
        yield _family("component_state", "Of each part: 0 up, 1 degraded, 2 down.", "component", states)
        waits = {part.name: part.latency_ms / 1_000 for part in parts if part.latency_ms is not None}
        yield _family("component_latency_seconds", "How long a part took to answer.", "component", waits)
        held = {
            part.name.removeprefix("role:"): int(part.state is not ComponentState.DOWN)
            for part in parts
            if part.name.startswith("role:")
        }
        yield _family("lease_held", "1 while somebody plays a role of the engine and gets on.", "role", held)


def _trading(found: PlatformFigures) -> Iterator[GaugeMetricFamily]:
    yield _family("orders_last_minute", "Orders stored in the last minute, by their state now.", "status", found.orders)
    yield _family("rejects_last_minute", "Orders refused in the last minute, by reason.", "reason", found.rejects)
    yield _plain("executions_last_minute", "Executions booked in the last minute.", found.executions)
    latencies = {"0.5": found.fill_p50_seconds, "0.99": found.fill_p99_seconds}
    known = {quantile: value for quantile, value in latencies.items() if value is not None}
    yield _family("order_to_fill_seconds", "From an order to its first fill, in the last minute.", "quantile", known)
    yield _plain("open_orders", "Orders that are open.", found.open_orders)
    yield _family("waiting_commands", "Commands that wait for a venue.", "venue", found.commands)
    yield _family("oldest_command_seconds", "How long the oldest of them has waited.", "venue", found.command_ages)


def _schedule(found: PlatformFigures) -> Iterator[GaugeMetricFamily]:
    runs = GaugeMetricFamily(
        "tradegraph_task_runs_last_hour", "Runs of tasks that ended in the last hour.", labels=["task", "state"]
    )
    for (task, state), number in found.runs.items():
        runs.add_metric([task, state], number)
    yield runs
    yield _plain("waiting_runs", "Runs that wait for a worker.", found.waiting_runs)
    yield _plain("task_lag_seconds", "How late the task is that has been due for longest.", found.task_lag_seconds)
    if found.proof_age_seconds is not None:
        yield _plain("proof_age_seconds", "Since the books were last proved.", found.proof_age_seconds)
        yield _plain("proof_ok", "1 when the newest proof of the books found nothing.", int(found.is_proved))
    yield _plain("notifications_waiting", "Notices that wait to be sent.", found.notifications)


def _family(name: str, meaning: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    found = GaugeMetricFamily(f"tradegraph_{name}", meaning, labels=[label])
    for key, value in values.items():
        found.add_metric([key], value)
    return found


def _plain(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"tradegraph_{name}", meaning, value=value)
