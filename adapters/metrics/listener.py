"""The HTTP address of the metrics and the health of an engine or a worker.

It answers in its own threads, so that no scrape delays trading. Figures are for whoever has the token,
where one is set; `/healthz` and `/readyz` are for everybody who reaches the address.
"""

import hmac
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from prometheus_client import CollectorRegistry, make_wsgi_app

from adapters.metrics.vital import Vital
from adapters.settings.values import Address

_STALLED_SECONDS = 5.0
_BEARER = "bearer "


def is_token(authorization: str | None, token: str) -> bool:
    """True if a header carries the token; never without a token."""
    given = (authorization or "").strip()
    if not token or given[: len(_BEARER)].lower() != _BEARER:
        return False
    return hmac.compare_digest(given[len(_BEARER) :].strip().encode(), token.encode())


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # One that is asked by one Prometheus needs no more.
    request_queue_size = 8

    def server_bind(self) -> None:
        """Without asking a name server for this machine's name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = _STALLED_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's word
        """Scrapes are no news."""


@contextmanager
def telling(registry: CollectorRegistry, vital: Vital, address: Address | None, token: str) -> Iterator[int | None]:
    """Serve metrics and health at an address, if there is one; yields the port.

    Raises:
        OSError: somebody else listens there.
    """
    if address is None:
        yield None
        return
    server = make_server(address.host, address.port, _application(registry, vital, token), _Server, _Handler)
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _said(start: Callable[..., Any], state: Mapping[str, bool]) -> Iterable[bytes]:
    status = "200 OK" if all(state.values()) else "503 Service Unavailable"
    start(status, [("content-type", "application/json"), ("cache-control", "no-store")])
    return [orjson.dumps({name: "ok" if works else "unavailable" for name, works in state.items()})]


def _application(
    registry: CollectorRegistry, vital: Vital, token: str
) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    figures = make_wsgi_app(registry, disable_compression=True)

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/healthz":
            return _said(start, {"process": vital.is_alive})
        if environ["PATH_INFO"] == "/readyz":
            return _said(start, vital.readiness())
        if environ["PATH_INFO"] != "/metrics":
            start("404 Not Found", [("content-type", "text/plain")])
            return [b"There are /metrics, /healthz and /readyz here.\n"]
        if token and not is_token(environ.get("HTTP_AUTHORIZATION"), token):
            start("401 Unauthorized", [("content-type", "text/plain"), ("www-authenticate", "Bearer")])
            return [b"This needs TRADEGRAPH_METRICS_TOKEN.\n"]
        answered: Iterable[bytes] = figures(environ, start)
        return answered

    return answer
