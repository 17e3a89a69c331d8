"""Metrics of one process: its memory, time and files, Python's own, its release, its database pool, its machine."""

from collections.abc import Iterator

import psutil
from prometheus_client import CollectorRegistry, Gauge, GCCollector, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
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


class _Machine(Collector):
    """The machine of this process at the moment of the scrape."""

    def collect(self) -> Iterator[Metric]:
        """Processors, load and memory."""
        times = psutil.cpu_times()
        processors = CounterMetricFamily(
            "tradegraph_machine_cpu_seconds", "Time of all processors of the machine, by use.", labels=["mode"]
        )
        # A guest's time is part of its user's, and Linux counts waiting for disks backwards at times.
        busy = [name for name in times._fields if name not in ("idle", "iowait", "guest", "guest_nice")]
        processors.add_metric(["busy"], sum(getattr(times, name) for name in busy))
        processors.add_metric(["idle"], times.idle)
        yield processors
        yield GaugeMetricFamily("tradegraph_machine_load", "The load of the last minute.", value=psutil.getloadavg()[0])
        memory = psutil.virtual_memory()
        total = "tradegraph_machine_memory_bytes"
        yield GaugeMetricFamily(total, "The memory of the machine.", value=memory.total)
        free = "tradegraph_machine_memory_available_bytes"
        yield GaugeMetricFamily(free, "The memory that programs can get without swapping.", value=memory.available)


def describe_process(registry: CollectorRegistry, role: str) -> None:
    """Add the metrics of this process, of ``role`` web, engine or worker, and of its machine to a registry."""
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    build = Gauge(
        "tradegraph_build_info", "1 for each process, with its release.", ("version", "role"), registry=registry
    )
    build.labels(VERSION, role).set(1)
    registry.register(_Pool())
    registry.register(_Machine())
