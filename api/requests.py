"""One record of each request, from its arrival to its answer: the caller, the operation and the outcome.

The record is found through a context variable, so that whatever runs on behalf of a request can add to it. It holds
identifiers and names alone: no argument, no token, no query string.
"""

from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from time import perf_counter
from typing import Any, Protocol
from uuid import UUID

import structlog

from domain.kernel.ids import new_id

# Of a batch so many identifiers are named; the record says how many there were.
_NAMED_ORDERS = 20
_PROBES = frozenset({"/healthz", "/readyz", "/metrics", "/version"})


class RequestRecord:
    """The record of one HTTP request, or of one operation on a socket."""

    __slots__ = (
        "actor",
        "client",
        "kind",
        "method",
        "operation",
        "order_count",
        "orders",
        "outcome",
        "path",
        "request_id",
        "span",
        "started",
        "status",
        "trace",
        "trace_id",
    )

    def __init__(self, method: str, path: str, client: str) -> None:
        self.request_id: UUID = new_id()
        self.started = perf_counter()
        self.method = method
        self.path = path
        self.client = client
        self.actor: UUID | None = None
        self.kind: str | None = None
        self.operation: str | None = None
        self.outcome: str | None = None
        # Of the answer by HTTP, which a socket's operation lacks.
        self.status: int | None = None
        self.orders: list[UUID] = []
        self.order_count = 0
        # While requests are traced: the trace that it belongs to, and if it is recorded, its span and the span's name.
        self.trace_id: str | None = None
        self.trace: str | None = None
        self.span: object = None

    def concerns(self, orders: Iterable[UUID]) -> None:
        """The request made, changed or cancelled these orders."""
        for order in orders:
            self.order_count += 1
            if len(self.orders) < _NAMED_ORDERS:
                self.orders.append(order)

    def level(self) -> str:
        """The log level; requests that only check whether the process is up are logged at a lower one."""
        return "debug" if self.path in _PROBES else "info"

    @property
    def header(self) -> tuple[bytes, bytes]:
        """The header by which the answer names the request."""
        return (b"x-request-id", str(self.request_id).encode())

    def fields(self) -> dict[str, object]:
        """The fields of its span after the answer."""
        said: dict[str, object] = {
            "request_id": str(self.request_id),
            "method": self.method,
            "path": self.path,
            "client": self.client,
            "milliseconds": round((perf_counter() - self.started) * 1_000, 3),
        }
        if self.trace_id is not None:
            said["trace_id"] = self.trace_id
        if self.actor is not None:
            said["actor_id"] = str(self.actor)
        if self.kind is not None:
            said["kind"], said["operation"] = self.kind, self.operation
        if self.outcome is not None:
            said["outcome"] = self.outcome
        if self.orders:
            said["order_ids"] = [str(order) for order in self.orders]
            if self.order_count > len(self.orders):
                said["order_count"] = self.order_count
        return said

    def line(self) -> dict[str, object]:
        """The fields of its log line after the answer."""
        return self.fields() if self.status is None else self.fields() | {"status": self.status}


# Takes the level of one line, and what gives its fields if lines of that level are written.
RequestLog = Callable[[str, Callable[[], Mapping[str, object]]], None]


class RequestTracing(Protocol):
    """Records a span for each request: see ``domain.kernel.tracing``."""

    def begin(self, name: str, traceparent: str | None) -> tuple[Any, str, str | None]:
        """Begin a span: it, the name of its trace, and its own name if it is recorded."""
        ...

    def end(self, span: Any, attributes: Mapping[str, object], status: int | None) -> None:
        """End the span of a request with the fields of its log line."""
        ...


def trace(tracing: RequestTracing, record: RequestRecord, traceparent: str | None) -> None:
    """Begin the span of a request; all lines of the log that it leads to in this process name its trace."""
    record.span, record.trace_id, record.trace = tracing.begin(f"{record.method} {record.path}", traceparent)
    structlog.contextvars.bind_contextvars(trace_id=record.trace_id)


_current: ContextVar[RequestRecord | None] = ContextVar("current_request", default=None)


def begin(method: str, path: str, client: str) -> RequestRecord:
    """Begin the record of a request; the task that serves it finds it from now on."""
    record = RequestRecord(method, path, client)
    _current.set(record)
    return record


def current_record() -> RequestRecord | None:
    """The record of the request that is being served; None where requests are not logged."""
    return _current.get()


def request_id() -> UUID:
    """The name of the request that is being served, under which the log has it; a new one where none is logged."""
    record = _current.get()
    return record.request_id if record is not None else new_id()
