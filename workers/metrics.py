"""Metrics and health of an engine and of a worker, on addresses of their own."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge

from adapters.fix import metrics as fix_metrics
from adapters.metrics.listener import telling
from adapters.metrics.process import describe_process
from adapters.metrics.vital import Vital
from adapters.settings.loading import Settings


class EngineMetrics:
    """The roles that this engine plays now, and its FIX sessions."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.vital = Vital()
        describe_process(self.registry, "engine")
        for collector in fix_metrics.ALL:
            self.registry.register(collector)
        self._roles = Gauge(
            "tradegraph_role_played", "1 for each role that this process plays.", ("role",), registry=self.registry
        )

    @contextmanager
    def playing(self, role: str) -> Iterator[None]:
        """Count a role as played inside."""
        self._roles.labels(role).set(1)
        try:
            yield
        finally:
            self._roles.labels(role).set(0)

    @contextmanager
    def told(self, settings: Settings) -> Iterator[None]:
        """Tell figures and health where the settings say."""
        with telling(self.registry, self.vital, settings.engine_metrics, settings.metrics_token):
            yield


class WorkerMetrics:
    """Runs of tasks that ended here."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.vital = Vital()
        describe_process(self.registry, "worker")
        self._runs = Counter(
            "tradegraph_task_runs", "Attempts that ended in this process.", ("task", "state"), registry=self.registry
        )

    def ended(self, task: str, state: str) -> None:
        """Count an attempt; tasks and states are few."""
        self._runs.labels(task, state).inc()

    @contextmanager
    def told(self, settings: Settings) -> Iterator[None]:
        """Tell figures and health where the settings say."""
        with telling(self.registry, self.vital, settings.worker_metrics, settings.metrics_token):
            yield
