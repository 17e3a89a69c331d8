"""Traces: from a request through the commit to the venue's events and fills, in one trace; nothing while off."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.settings.loading import load_settings
from adapters.settings_error import SettingsError
from adapters.traces.loading import open_tracing
from adapters.traces.recorder import Recorder, exporter_to
from domain.kernel.bus import NullBus
from domain.kernel.database import fetch, fetch_row
from domain.kernel.time import Nanos
from domain.system.retention import forget_order_traces
from tests.support.api import free_socket
from tests.support.client import Client
from tests.support.processes import ROOT
from tests.support.serving import serving
from tests.support.trading import Platform, instrument, platform
from tests.support.waiting import eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GIVEN = f"00-{TRACE}-00f067aa0ba902b7-01"
PLACE = """mutation Buy($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id status } } }"""


class Lines(list[dict[str, Any]]):
    def __call__(self, _level: str, fields: Any) -> None:
        self.append(dict(fields()))


@contextmanager
def recorder(exporter: SpanExporter, share: float = 1.0) -> Iterator[Recorder]:
    made = Recorder(exporter, share, "test")
    try:
        yield made
    finally:
        made.close()


async def account_of(desk: Platform, client: Client) -> str:
    opened = await client.ask('mutation { openAccount(input: {name: "Traced", kind: CASH, currency: "USD"}) { id } }')
    account_id = str(opened["openAccount"]["id"])
    await client.ask(
        'mutation ($id: ID!) { deposit(input: {accountId: $id, amount: "100000", reference: "in"}) { id } }',
        id=account_id,
    )
    await desk.add_instrument(instrument("TRACED", asset_class="CRYPTO"))
    await desk.quote("TRACED", "99", "100")
    return account_id


def order_for(account_id: str, side: str = "BUY") -> dict[str, str]:
    return {"accountId": account_id, "symbol": "TRACED", "side": side, "type": "MARKET", "quantity": "1"}


async def recorded(exporter: InMemorySpanExporter, made: Recorder, *names: str) -> dict[str, ReadableSpan]:
    """The spans of our trace by name, once they are there."""

    def found() -> dict[str, ReadableSpan]:
        made.flush()
        spans = exporter.get_finished_spans()
        return {span.name: span for span in spans if span.context and span.context.trace_id == int(TRACE, 16)}

    await eventually(lambda: found().keys() >= set(names))
    return found()


async def test_a_trace_leads_from_the_client_span_to_commit_event_and_fill(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    exporter, lines = InMemorySpanExporter(), Lines()
    with recorder(exporter) as made:
        async with (
            platform(database_url, redis_url, tmp_path, tracing=made) as desk,
            serving(desk, request_log=lines, tracing=made) as client,
        ):
            account_id = await account_of(desk, client)
            client.extra = {"traceparent": GIVEN}
            answer = (await client.ask(PLACE, input=order_for(account_id)))["placeOrder"]
            spans = await recorded(exporter, made, "mutation Buy", "commit", "event", "fill")
            stored = await fetch("SELECT order_id::text, traceparent FROM order_traces")
    request = spans["mutation Buy"]
    assert request.parent is not None
    assert request.context is not None
    assert request.parent.span_id == int("00f067aa0ba902b7", 16)
    # All that came of the request is below its span, and is not begun before it.
    for name in ("commit", "event", "fill"):
        span = spans[name]
        assert span.parent is not None
        assert span.parent.span_id == request.context.span_id, name
        assert request.start_time is not None
        assert span.start_time is not None
        assert span.end_time is not None
        assert request.start_time - 1_000_000_000 <= span.start_time <= span.end_time
    assert answer["order"]["id"] == _said(spans["fill"])["order_id"] == _said(spans["event"])["order_id"]
    assert (_said(spans["fill"])["price"], _said(spans["fill"])["venue"]) == ("100", "paper")
    assert [row["order_id"] for row in stored] == [answer["order"]["id"]]
    assert _said(request)["order_ids"] == str([answer["order"]["id"]])
    # The line of the log names the trace.
    (line,) = [line for line in lines if line.get("operation") == "Buy"]
    assert line["trace_id"] == TRACE


def _said(span: ReadableSpan) -> dict[str, Any]:
    return {name.removeprefix("tradegraph."): value for name, value in (span.attributes or {}).items()}


async def test_a_request_without_a_span_starts_a_trace_and_sampling_omits_a_share(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    exporter, lines = InMemorySpanExporter(), Lines()
    with recorder(exporter, share=0.0) as made:
        async with (
            platform(database_url, redis_url, tmp_path, tracing=made) as desk,
            serving(desk, request_log=lines, tracing=made) as client,
        ):
            account_id = await account_of(desk, client)
            order = (await client.ask(PLACE, input=order_for(account_id)))["placeOrder"]["order"]
            client.extra = {"traceparent": GIVEN}
            await client.ask(PLACE, input=order_for(account_id))
            client.extra = {"traceparent": "00-zz-1-01"}
            await client.ask("{ viewer { email } }")
            count = await fetch_row("SELECT count(*) AS n FROM order_traces")
        made.flush()
    assert order["status"] == "PENDING_NEW"
    # No client can have recorded what the share leaves out, and of what is not recorded nothing is stored.
    assert exporter.get_finished_spans() == ()
    assert count is not None
    assert count["n"] == 0
    named = [line["trace_id"] for line in lines]
    assert TRACE in named
    assert all(len(trace) == 32 and trace != "0" * 32 for trace in named)


async def test_an_operation_on_a_socket_has_its_span_in_its_extensions(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    exporter, lines = InMemorySpanExporter(), Lines()
    with recorder(exporter) as made:
        async with (
            platform(database_url, redis_url, tmp_path, venue=False, tracing=made) as desk,
            serving(desk, request_log=lines, tracing=made) as client,
            client.socket() as socket,
        ):
            await socket.subscribe(
                "query Mine { instruments(first: 1) { pageInfo { hasNextPage } } }", extensions={"traceparent": GIVEN}
            )
            spans = await recorded(exporter, made, "query Mine")
    assert _said(spans["query Mine"])["method"] == "WEBSOCKET"
    assert [line["trace_id"] for line in lines if line["operation"] == "Mine"] == [TRACE]


async def test_traces_of_finished_orders_are_deleted_after_a_month(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with recorder(InMemorySpanExporter()) as made:
        async with (
            platform(database_url, redis_url, tmp_path, tracing=made) as desk,
            serving(desk, request_log=Lines(), tracing=made) as client,
        ):
            account_id = await account_of(desk, client)
            over = (await client.ask(PLACE, input=order_for(account_id)))["placeOrder"]["order"]["id"]
            rests = {**order_for(account_id), "type": "LIMIT", "limitPrice": "1"}
            rests = (await client.ask(PLACE, input=rests))["placeOrder"]["order"]["id"]
            await desk.filled(UUID(over), "1")
            assert await forget_order_traces(NullBus(), 10) == 0
            await fetch("UPDATE order_traces SET created_at = created_at - interval '31 days'")
            assert await forget_order_traces(NullBus(), 10) == 1
            assert [str(row["order_id"]) for row in await fetch("SELECT order_id FROM order_traces")] == [rests]


class _Collector(BaseHTTPRequestHandler):
    taken: list[ExportTraceServiceRequest]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        assert self.headers["content-type"] == "application/x-protobuf"
        self.taken.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


def test_a_collector_receives_spans_in_the_otlp_protocol() -> None:
    _Collector.taken = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Collector) as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        settings = load_settings({"TRADEGRAPH_TRACES_URL": f"http://127.0.0.1:{collector.server_port}/v1/traces"})
        made = open_tracing(settings, "web")
        assert made is not None
        made.record("fill", GIVEN, Nanos.now(), {"tradegraph.price": "7"})
        made.close()
        collector.shutdown()
    (request,) = _Collector.taken
    about = {each.key: each.value.string_value for each in request.resource_spans[0].resource.attributes}
    (span,) = request.resource_spans[0].scope_spans[0].spans
    assert about["service.name"] == "tradegraph-web"
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("fill", TRACE, "00f067aa0ba902b7")


def test_an_unreachable_collector_is_logged_and_stops_nothing() -> None:
    with free_socket() as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/traces"
    with structlog.testing.capture_logs() as logs, recorder(exporter_to(url)) as made:
        made.record("fill", GIVEN, Nanos.now(), {})
        made.flush()
    assert {(line["event"], line["seldom"]) for line in logs} == {("traces cannot be sent", True)}


def test_tracing_without_a_collector_loads_and_reads_nothing() -> None:
    code = (
        "import sys, cli.web, cli.engine, cli.worker\n"
        "from adapters.settings.loading import load_settings\n"
        "from adapters.traces.loading import open_tracing\n"
        "assert open_tracing(load_settings({}), 'web') is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("missing", ["opentelemetry.context", "opentelemetry.sdk.trace"])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.delitem(sys.modules, "adapters.traces.recorder")
    monkeypatch.setitem(sys.modules, missing, None)
    settings = load_settings({"TRADEGRAPH_TRACES_URL": "http://127.0.0.1:4318/v1/traces"})
    with pytest.raises(SettingsError, match=r"TRADEGRAPH_TRACES_URL: .*\.venv/bin/pip install '\.\[otel\]'"):
        open_tracing(settings, "web")


@pytest.mark.parametrize(("name", "value"), [("URL", "ftp://x"), ("PERCENT", "101"), ("PERCENT", "half")])
def test_an_invalid_tracing_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"TRADEGRAPH_TRACES_{name}"):
        load_settings({f"TRADEGRAPH_TRACES_{name}": value})
