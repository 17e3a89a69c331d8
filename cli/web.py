"""`tradegraph web`: serves the API with one process or several on one port."""

import argparse
import asyncio
import gc
import multiprocessing
import os
import resource
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from multiprocessing import parent_process
from signal import SIGTERM
from typing import TYPE_CHECKING, Any

import uvicorn
import uvicorn._subprocess
from starlette.applications import Starlette

from adapters.database.clock import following_clock
from adapters.document_files import read_documents
from adapters.garbage_collection import settle
from adapters.logs.configuration import configure_logging
from adapters.logs.request_lines import RequestLines
from adapters.settings.loading import Settings, load_settings
from adapters.traces.loading import open_tracing
from adapters.version import VERSION
from adapters.wiring import ProcessServices, open_services
from api.app import ApiSettings, create_app, server_options
from api.graphql.listed import Listed
from api.limits import RequestLimits
from api.root import platform_schema
from cli.checks import check_port, check_schema
from cli.documents import DESK, document_files
from cli.lifeline import watch_lifeline
from cli.processes import PROJECT, process_settings

if TYPE_CHECKING:
    from adapters.traces.recorder import Recorder

# Of a process, besides its clients' connections: servers, files, the loop.
_OWN_DESCRIPTORS = 100
# A process of several that gives no sign of life for so long is replaced.
_SILENCE_SECONDS = 15
_EXPLORER = PROJECT / "web" / "explorer" / "dist"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: everything is a setting."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    del arguments
    watch_lifeline()
    settings = process_settings()
    several = settings.web_processes > 1
    if several:
        _fork_children()
    served = "cli.web:application" if several else _application(settings)
    asyncio.run(check_schema(settings.database_url))
    check_port(settings.host, settings.port)
    # The processes that uvicorn starts read their settings anew: what only this one knows goes with the environment.
    os.environ.update(settings.environment())
    uvicorn.run(
        served,
        host=settings.host,
        port=settings.port,
        factory=several,
        workers=settings.web_processes,
        timeout_worker_healthcheck=_SILENCE_SECONDS,
        **server_options(_limits(settings), settings.trusted_proxies),
    )
    return 0


def _fork_children() -> None:
    """Let uvicorn fork its processes from this one, which has loaded the platform.

    Spawned, each loads it again: that takes seconds of a processor, and on a busy machine longer than uvicorn waits.
    """
    platform_schema()
    gc.collect()
    gc.freeze()
    children: Any = uvicorn._subprocess
    children.spawn = multiprocessing.get_context("fork")


def application() -> Starlette:
    """The application of one of several processes, which goes when the one that started it does."""
    threading.Thread(target=_follow_parent, name="parent", daemon=True).start()
    settings = load_settings(os.environ)
    configure_logging(settings.log, secrets=settings.venue_secrets())
    return _application(settings)


def _application(settings: Settings) -> Starlette:
    lines, tracing = RequestLines(settings.log), open_tracing(settings, "web")
    given = ApiSettings(
        allowed_origins=settings.allowed_origins,
        allowed_hosts=(settings.host, *settings.allowed_hosts),
        trusted_proxies=settings.trusted_proxies,
        trading_desk=DESK,
        explorer=_EXPLORER,
        listed=Listed(read_documents(document_files(settings)), only=settings.operations == "listed"),
        limits=_limits(settings),
        request_log=lines,
        tracing=tracing,
        version=VERSION,
    )
    app = create_app(platform_schema(), given, lambda: _open(settings, lines, tracing))
    settle()
    return app


@asynccontextmanager
async def _open(settings: Settings, lines: RequestLines, tracing: "Recorder | None") -> AsyncIterator[ProcessServices]:
    """The services while the process serves; at the end the waiting log lines of requests are written."""
    try:
        async with open_services(settings, tracing=tracing) as services, following_clock():
            yield services
    finally:
        lines.flush()
        if tracing is not None:
            await asyncio.to_thread(tracing.close)


def _limits(settings: Settings) -> RequestLimits:
    """The limits of the API from the settings; never more connections than the system gives descriptors."""
    named = {each.name for each in fields(RequestLimits)} & {each.name for each in fields(Settings)}
    limits = RequestLimits(**{name: getattr(settings, name) for name in named})
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _OWN_DESCRIPTORS
    return replace(limits, connections=max(1, min(limits.connections, room)))


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), SIGTERM)
