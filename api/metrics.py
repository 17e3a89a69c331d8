"""Counters of the API, in a registry of their own, so that several can live in one process."""

from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from domain.orders.venues.queries import VenueCondition
from domain.system.process_load import LoadWindow, ProcessLoad

# From a cached read to a login, whose password hash takes 100 ms on purpose.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
SUCCEEDED = "OK"


class ApiMetrics:
    """Operations by kind and outcome, their duration, sockets and subscriptions."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._window = LoadWindow()
        self._running = 0
        self._known: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        self.operations = Counter(
            "tradegraph_operations", "Operations answered.", ("kind", "outcome"), registry=self.registry
        )
        self.seconds = Histogram(
            "tradegraph_operation_seconds",
            "Time from an operation's arrival to its answer, by its first root field.",
            ("kind", "operation"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.sockets = Gauge("tradegraph_sockets", "Open WebSockets.", registry=self.registry)
        self.event_streams = Gauge(
            "tradegraph_event_streams", "Open streams of server-sent events.", registry=self.registry
        )
        self.subscriptions = Gauge("tradegraph_subscriptions", "Running subscriptions.", registry=self.registry)
        self.streams = Gauge(
            "tradegraph_streams",
            "Executions that subscriptions share: one per distinct stream.",
            registry=self.registry,
        )
        self.events = Counter("tradegraph_events", "Events executed for subscriptions.", registry=self.registry)
        self.deliveries = Counter("tradegraph_deliveries", "Events sent to subscribers.", registry=self.registry)
        self.lagging = Counter(
            "tradegraph_lagging",
            "Times a subscriber fell behind and was caught up from the log.",
            registry=self.registry,
        )
        self.rate_limited = Counter(
            "tradegraph_rate_limited",
            "Requests refused because their caller asked too often.",
            ("caller",),
            registry=self.registry,
        )

        labels = ("venue", "kind")
        self.differences = Gauge(
            "tradegraph_venue_differences",
            "Differences between a venue's books and the platform's.",
            labels,
            registry=self.registry,
        )
        self.unanswered = Gauge(
            "tradegraph_venue_unanswered",
            "Requests that were sent to a venue and are not answered.",
            labels,
            registry=self.registry,
        )

    def see_venues(self, condition: VenueCondition) -> None:
        """Set the venues' condition; absent kinds are not shown."""
        for gauge, counts in ((self.differences, condition.differences), (self.unanswered, condition.unanswered)):
            gauge.clear()
            for (venue, kind), count in counts.items():
                gauge.labels(venue, kind).set(count)

    def answered(self, kind: str, outcome: str, seconds: float, root: str = "") -> None:
        """Count one operation of a root field; ``outcome`` is the code of its first error, or ``SUCCEEDED``."""
        known = self._known.get((kind, outcome, root))
        if known is None:
            # All three are few; looking a child up by its labels costs more than counting.
            children = (self.operations.labels(kind, outcome), self.seconds.labels(kind, root))
            known = self._known[kind, outcome, root] = children
        counter, histogram = known
        counter.inc()
        histogram.observe(seconds)
        self._window.answered(monotonic(), seconds, failed=outcome != SUCCEEDED)

    def subscribed(self, change: int) -> None:
        """Count subscriptions that began, or with -1 one that ended."""
        self._running += change
        self.subscriptions.inc(change)

    def load(self) -> ProcessLoad:
        """The load of this process in the last seconds."""
        return self._window.load(monotonic(), self._running)
