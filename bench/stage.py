"""The stage that all benchmarks play on: throw-away servers as durable as in production, real processes, an API client.

PostgreSQL runs with the settings of the private server of ``tradegraph up`` (fsync and synchronous_commit on), in a
folder of the machine's temporary directory. Nothing of it is left at the end.
"""

import asyncio
import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.embedded import embedded_services
from adapters.embedded.ports import free_port
from adapters.embedded.server_folder import find_place, remove_place
from adapters.embedded.services import FOLDER
from adapters.settings.loading import load_settings
from cli.prepare import prepare

_ROOT = Path(__file__).parents[1]
_START_SECONDS = 120.0
_EMAIL, _PASSWORD = "admin@example.com", "correct horse battery staple"


class ApiError(Exception):
    """The API refused something that a benchmark needs."""


@dataclass(frozen=True, slots=True)
class Web:
    """A running web process."""

    port: int
    pid: int

    def ask(self, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
        """The data of one operation.

        Raises:
            ApiError: there were errors.
        """
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/graphql", json.dumps({"query": query, "variables": variables}), headers)
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if "errors" in answer:
            raise ApiError(json.dumps(answer["errors"])[:2_000])
        data: dict[str, Any] = answer["data"]
        return data

    def sign_in(self, email: str = _EMAIL, password: str = _PASSWORD) -> str:
        """An access token, good for a quarter of an hour."""
        query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
        token: str = self.ask(query, input={"email": email, "password": password})["login"]["accessToken"]
        return token


@dataclass(frozen=True, slots=True)
class Stage:
    """The servers, and what processes of the platform on them need to know."""

    database_url: str
    environment: dict[str, str]

    @contextmanager
    def web(self, **settings: str) -> Iterator[Web]:
        """A web process of its own, with other settings where given, ready to answer."""
        port = free_port()
        with self._process("web", TRADEGRAPH_PORT=str(port), **settings) as process:
            web = Web(port, process.pid)
            deadline = time.monotonic() + _START_SECONDS
            while not _is_ready(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise ApiError("the web process did not start")
                time.sleep(0.05)
            yield web

    @contextmanager
    def engine(self, feed: str) -> Iterator[int]:
        """The engine with all its roles, by its process id; whoever needs it to be ready waits for what it does."""
        with self._process("engine", TRADEGRAPH_FEED=feed) as process:
            yield process.pid

    @contextmanager
    def _process(self, name: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", name], cwd=_ROOT, env=self.environment | settings, stdin=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz?exclude=engine")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Servers with the platform's schema, its administrator and the demo instruments; gone at the end."""
    folder = Path(tempfile.gettempdir()) / f"tradegraph-bench-{secrets.token_hex(6)}"
    try:
        with embedded_services(folder) as services:
            given = {
                "DATABASE_URL": services.database_url,
                "REDIS_URL": services.redis_url,
                "TRADEGRAPH_DATA_DIR": str(folder),
                "TRADEGRAPH_ADMIN_EMAIL": _EMAIL,
                "TRADEGRAPH_ADMIN_PASSWORD": _PASSWORD,
                "TRADEGRAPH_SECRET": secrets.token_urlsafe(48),
                "TRADEGRAPH_LOG": "warning",
            }
            asyncio.run(prepare(load_settings(given)))
            inherited = {
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("TRADEGRAPH_", "DATABASE_URL", "REDIS_URL"))
            }
            yield Stage(services.database_url, inherited | given)
    finally:
        embedded = folder / FOLDER
        if embedded.exists():
            remove_place(find_place(embedded, throwaway=False), embedded)
        shutil.rmtree(folder, ignore_errors=True)
