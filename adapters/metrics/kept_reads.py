"""Metrics of the kept results of expensive reads."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from domain.kernel.read_cache import ReadCache


@dataclass(frozen=True, slots=True, eq=False)
class KeptReads(Collector):
    """Answers from kept results, and results that had to be read, by the name of the read."""

    reads: ReadCache

    def collect(self) -> Iterator[CounterMetricFamily]:
        """The counts of this process."""
        found = CounterMetricFamily(
            "tradegraph_kept_reads", "Expensive reads, by whether a kept result served.", labels=["read", "outcome"]
        )
        for outcome, counts in (("hit", self.reads.hits), ("miss", self.reads.misses)):
            for name, count in counts.items():
                found.add_metric([name, outcome], count)
        yield found
