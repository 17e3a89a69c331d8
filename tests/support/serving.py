"""The real API of a platform that a test has in its own process, on a port of this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from adapters.wiring import ProcessServices
from api.app import ApiSettings, create_app, server_options
from api.root import platform_schema
from domain.access.users import ensure_admin
from tests.support.api import PromptServer, free_socket
from tests.support.client import Client
from tests.support.installation import EMAIL, PASSWORD
from tests.support.trading import Platform

_START_SECONDS = 120.0


@asynccontextmanager
async def serving(desk: Platform, **settings: Any) -> AsyncIterator[Client]:
    """Serve it with these settings of the API; an administrator's client, signed in."""

    @asynccontextmanager
    async def open_runtime() -> AsyncIterator[ProcessServices]:
        yield desk.services

    await ensure_admin(desk.services.access, EMAIL, PASSWORD)
    app = create_app(platform_schema(), ApiSettings(**settings), open_runtime)
    with free_socket() as listening:
        server = PromptServer(uvicorn.Config(app, **server_options() | {"loop": "none"}))
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not server.started and not running.done():
                    await asyncio.sleep(0.005)
            async with Client(f"http://127.0.0.1:{listening.getsockname()[1]}") as client:
                await client.sign_in(EMAIL, PASSWORD)
                yield client
        finally:
            server.should_exit = True
            await running
