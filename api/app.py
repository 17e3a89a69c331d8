"""The web process: its routes, its runtime, and its uvicorn options.

The composer of the process gives ``create_app`` a function that opens a ``Runtime`` (database, bus, services); it is
opened when the server starts and closed when it stops.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

from graphql import GraphQLSchema
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.desk import DeskFiles
from api.explorer import ExplorerFiles, ExplorerPage
from api.graphql.listed import Listed
from api.graphql.runner import OperationRunner
from api.health import Metrics, Readiness, SchemaText, Scraping, Version, healthz
from api.limits import RequestLimits
from api.metrics import ApiMetrics
from api.realtime.hub import Hub
from api.request_rates import Rates
from api.requests import RequestLog, RequestTracing
from api.schema import export_schema
from api.services import Services
from api.transport.connections import Connections
from api.transport.cookies import CookieSessions
from api.transport.event_stream import STREAM_PATH, EventStreams
from api.transport.files.exports import Exports
from api.transport.files.imports import Imports
from api.transport.files.transfers import FromAllowedPages
from api.transport.frames import TextFrames
from api.transport.front import Front, HostPolicy
from api.transport.guarded import GuardedHttp
from api.transport.http import GraphQLOverHttp
from api.transport.negotiation import wants_page
from api.transport.origin import OriginPolicy, origin_hosts
from api.transport.proxies import TrustedProxies
from api.transport.sockets import Sockets
from domain.kernel.concurrency import end_tasks, run_until_one_ends
from domain.orders.venues.queries import VenueCondition
from domain.system.process_load import ProcessLoad

_GRACEFUL_SECONDS = 10
_API_PATHS = frozenset({"/graphql", STREAM_PATH})


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """The settings of the API. The folders of built pages are None where none are served."""

    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    trading_desk: Path | None = None
    explorer: Path | None = None
    listed: Listed = field(default_factory=Listed)
    limits: RequestLimits = field(default_factory=RequestLimits)
    # None: requests are not logged.
    request_log: RequestLog | None = None
    # None: requests are not traced.
    tracing: RequestTracing | None = None
    version: str = "unknown"


class Runtime(Protocol):
    """The runtime of the process: its services and its checks."""

    @property
    def services(self) -> Services:
        """The services of every area."""
        ...

    @property
    def scrapes(self) -> Scraping:
        """The answers to Prometheus."""
        ...

    @property
    def rates(self) -> Rates:
        """The limits of requests per caller."""
        ...

    async def check(self) -> Mapping[str, bool]:
        """The checks of readiness by name (database, bus, schema version ...): True if one works."""
        ...

    async def venue_condition(self) -> VenueCondition:
        """The condition of the real venues.

        Raises:
            Unavailable: the database cannot be reached.
        """
        ...

    def on_rights_changed(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` whenever rights have changed, once the services have loaded them."""
        ...

    def shows_load(self, load: Callable[[], ProcessLoad]) -> None:
        """Publish this process's load of the last seconds, which ``load`` returns, to the other processes."""
        ...


OpenRuntime = Callable[[], AbstractAsyncContextManager[Runtime]]


class _Serving:
    """Objects that exist only while the server runs."""

    def __init__(self, schema: GraphQLSchema, runtime: Runtime, settings: ApiSettings) -> None:
        origins = OriginPolicy(settings.allowed_origins)
        self.runner = OperationRunner(
            schema, runtime.services, settings.limits, ApiMetrics(), settings.request_log, settings.listed
        )
        self.runner.tracing, self.runner.rates = settings.tracing, runtime.rates
        self.hub = Hub(self.runner)
        self.streams = EventStreams(self.runner, self.hub)
        self.http = GraphQLOverHttp(self.runner, origins, self.streams)
        self.sockets = Sockets(self.runner, self.hub, origins)
        self.sessions = CookieSessions(self.runner)
        self.readiness = Readiness(runtime.check)
        self.exports = FromAllowedPages(origins, Exports(self.runner))
        self.imports = FromAllowedPages(origins, Imports(self.runner))
        self.schema_text = SchemaText(self.runner, export_schema(schema))
        self.metrics = Metrics(self.runner, runtime.venue_condition, runtime.scrapes)
        runtime.scrapes.tells_of(self.runner.metrics.registry)
        runtime.on_rights_changed(self._rights_changed)
        runtime.shows_load(self.runner.metrics.load)

    def _rights_changed(self) -> None:
        self.sockets.rights_changed()
        self.streams.rights_changed()

    async def watch(self) -> None:
        """Review the credentials of all connections that stay open. Never ends."""
        await run_until_one_ends(self.sockets.watch(), self.streams.watch())


class Api:
    """The routes of one app; ``serving`` is there between startup and shutdown."""

    def __init__(self, schema: GraphQLSchema, settings: ApiSettings, open_runtime: OpenRuntime) -> None:
        self._schema = schema
        self._settings = settings
        self._open_runtime = open_runtime
        self._page = ExplorerPage(settings.explorer)
        self._serving: _Serving | None = None
        # Checked now, so that a wrong origin stops the process before it serves.
        OriginPolicy(settings.allowed_origins)

    @property
    def serving(self) -> _Serving:
        """Objects that exist while the server runs."""
        assert self._serving is not None, "the server has not started"
        return self._serving

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Open the runtime, watch the sockets, and close everything at the end."""
        async with self._open_runtime() as runtime:
            self._serving = _Serving(self._schema, runtime, self._settings)
            watching = asyncio.get_running_loop().create_task(self._serving.watch())
            try:
                yield
            finally:
                await end_tasks(watching)
                self._serving = None

    async def graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The API, and for a browser that asks for a page, the explorer."""
        if scope["type"] == "websocket":
            await self.serving.sockets(scope, receive, send)
            return
        if scope["method"] == "GET" and not scope["query_string"] and scope["path"] != STREAM_PATH:
            request = Request(scope, receive)
            if wants_page(request.headers.get("accept")):
                response = await self._page(request)
                await response(scope, receive, send)
                return
        await self.serving.http(scope, receive, send)

    async def readyz(self, request: Request) -> Any:
        """200 if requests can be answered, else 503."""
        return await self.serving.readiness(request)

    async def metrics(self, request: Request) -> Any:
        """The counters."""
        return await self.serving.metrics(request)

    async def schema_text(self, request: Request) -> Any:
        """The schema in its language."""
        return await self.serving.schema_text(request)

    async def export(self, request: Request) -> Any:
        """Rows of an account, streamed."""
        return await self.serving.exports(request)

    async def import_(self, request: Request) -> Any:
        """Lines of a file, booked into an account."""
        return await self.serving.imports(request)

    async def login(self, request: Request) -> Any:
        """Begin a page's session."""
        return await self.serving.sessions.login(request)

    async def resume(self, request: Request) -> Any:
        """Resume a page's session."""
        return await self.serving.sessions.resume(request)

    async def logout(self, request: Request) -> Any:
        """End a page's session."""
        return await self.serving.sessions.logout(request)

    def routes(self) -> list[BaseRoute]:
        """All but the API's own."""
        routes: list[BaseRoute] = [
            Route("/healthz", healthz),
            Route("/readyz", self.readyz),
            Route("/metrics", self.metrics),
            Route("/schema.graphql", self.schema_text),
            Route("/export/{name}", self.export, methods=["GET", "OPTIONS"]),
            Route("/import/{name}", self.import_, methods=["POST", "OPTIONS"]),
            Route("/version", Version(self._settings.version).__call__),
            Route("/session/login", self.login, methods=["POST"]),
            Route("/session/resume", self.resume, methods=["POST"]),
            Route("/session/logout", self.logout, methods=["POST"]),
        ]
        explorer, desk = self._settings.explorer, self._settings.trading_desk
        has_explorer = explorer is not None and explorer.is_dir()
        has_desk = desk is not None and desk.is_dir()
        if has_desk or has_explorer:
            # Browsers ask for it by this name wherever no page has named another.
            icon = "/favicon.svg" if has_desk else "/explorer/favicon.svg"
            routes.append(Route("/favicon.ico", RedirectResponse(icon, HTTPStatus.PERMANENT_REDIRECT)))
        if has_explorer:
            routes.append(Mount("/explorer", ExplorerFiles(directory=explorer)))
        # Where the desk is not built, the only page leads on.
        routes.append(Mount("/", DeskFiles(directory=desk)) if has_desk else Route("/", RedirectResponse("/graphql")))
        return routes


class _App(Starlette):
    """Starlette's application; a request to the API goes to it directly, without middleware and routing.

    Starlette's way takes as long as reading the request, and three kilobytes of each socket for as long as it is open.
    It catches what an endpoint raises; the API raises nothing.
    """

    graphql: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] != "lifespan" and scope["path"] in _API_PATHS:
            await self.graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(schema: GraphQLSchema, settings: ApiSettings, open_runtime: OpenRuntime) -> Starlette:
    """The application that uvicorn serves with ``server_options``.

    Raises:
        ValueError: an allowed origin, or the network of a trusted proxy, is none.
    """
    api = Api(schema, settings, open_runtime)
    hosts = HostPolicy([*settings.allowed_hosts, *origin_hosts(settings.allowed_origins)])
    proxies, log, tracing = TrustedProxies(settings.trusted_proxies), settings.request_log, settings.tracing
    front = Middleware(Front, hosts=hosts, proxies=proxies, request_log=log, tracing=tracing)
    app = _App(routes=api.routes(), lifespan=api.lifespan, middleware=[front])
    app.graphql = Front(api.graphql, hosts, proxies, log, tracing)
    app.state.api = api
    return app


def server_options(limits: RequestLimits | None = None, trusted_proxies: Collection[str] = ()) -> dict[str, Any]:
    """The uvicorn options of the application: keywords of ``uvicorn.Config`` beside the app and its address."""
    limits = limits or RequestLimits()
    return {
        "loop": "uvloop",
        "http": partial(GuardedHttp, connections=Connections(limits, TrustedProxies(trusted_proxies))),
        "ws": TextFrames,
        "ws_max_size": limits.body_bytes,
        # Compressing each frame for each subscriber costs more than it saves, and frames are written past it.
        "ws_per_message_deflate": False,
        "ws_ping_interval": 20.0,
        "ws_ping_timeout": 20.0,
        "lifespan": "on",
        "interface": "asgi3",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        # Who is behind a proxy is found out by the application (api.transport.front), whom it is told by.
        "proxy_headers": False,
        "timeout_graceful_shutdown": _GRACEFUL_SECONDS,
    }
