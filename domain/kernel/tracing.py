"""Tracing: the port through which a use case records the course of a request. Without a collector there is no port.

A span is named by the text of W3C Trace Context (``traceparent``). That text is stored with an order, so that another
process continues the trace of the request that placed it.
"""

from collections.abc import Mapping
from typing import Protocol

from domain.kernel.time import Nanos

Attributes = Mapping[str, str | int]


class Tracing(Protocol):
    """Records spans, never waits and never raises."""

    def record(self, name: str, parent: str, began: Nanos, attributes: Attributes, *, error: str = "") -> None:
        """Record a span that ends now, below the span named ``parent``; ``error`` is the code of a failure."""
        ...
