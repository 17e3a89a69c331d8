"""Metrics of one process: its memory, time and files, Python's own, its release, and its database pool."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Gauge, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from adapters.version import VERSION
from domain.kernel.database import pool_use
from domain.kernel.errors import Unavailable


class _Pool(Collector):
    """Connections of the pool at the moment of the scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge."""
        found = GaugeMetricFamily(
            "tradegraph_database_connections", "Connections of this process's pool, by use.", labels=["state"]
        )
        try:
            use = pool_use()
        except (Unavailable, RuntimeError):
            # There is no pool yet, or none any more.
            use = {}
        for state, number in use.items():
            found.add_metric([state], number)
        yield found


def describe_process(registry: CollectorRegistry, role: str) -> None:
    """Add the metrics of this process, which has a ``role`` (web, engine or worker), to a registry."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    build = Gauge(
        "tradegraph_build_info", "1 for each process, with its release.", ("version", "role"), registry=registry
    )
    build.labels(VERSION, role).set(1)
    registry.register(_Pool())
