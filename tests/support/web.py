"""The web process as it is in production: its own interpreter, a real port, the administrator signed in over HTTP."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from adapters.settings.loading import load_settings
from cli.prepare import prepare
from tests.support.ports import free_port
from tests.support.processes import Running, running

_START_SECONDS = 120.0
_ANSWER_SECONDS = 60.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Web:
    """A running web process and the credentials of its administrator."""

    address: str
    process: Running
    email: str = "admin@example.com"
    password: str = "correct horse battery staple"
    secret: str = "0123456789abcdef" * 4

    @property
    def endpoint(self) -> str:
        return f"{self.address}/graphql"

    def ask(self, query: str, authorization: str | None = None, **variables: Any) -> dict[str, Any]:
        """The data of one operation, which must succeed."""
        headers = {"authorization": authorization} if authorization else {}
        body = {"query": query, "variables": variables}
        answer = httpx.post(self.endpoint, json=body, headers=headers, timeout=_ANSWER_SECONDS, trust_env=False).json()
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def sign_in(self) -> str:
        """The administrator's Authorization header."""
        query = "mutation Login($input: LoginInput!) { login(input: $input) { accessToken } }"
        data = self.ask(query, input={"email": self.email, "password": self.password})
        return f"Bearer {data['login']['accessToken']}"


@contextmanager
def web_process(
    database_url: str, redis_url: str, folder: Path, *, prepared_at: str = "", module: str = "cli", **settings: str
) -> Iterator[Web]:
    """A web process on a database and a Valkey, ready to answer; stopped at the end.

    Args:
        database_url: A migrated database.
        redis_url: Its Valkey.
        folder: Its data folder.
        prepared_at: The address at which it is prepared, if that is another.
        module: The module that is run as `tradegraph`.
        settings: Further variables of the environment.
    """
    port = free_port()
    given = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TRADEGRAPH_DATA_DIR": str(folder),
        "TRADEGRAPH_PORT": str(port),
        "TRADEGRAPH_ADMIN_EMAIL": Web.email,
        "TRADEGRAPH_ADMIN_PASSWORD": Web.password,
        "TRADEGRAPH_SECRET": Web.secret,
        "TRADEGRAPH_FEED": "off",
        **settings,
    }
    first = given | ({"DATABASE_URL": prepared_at, "TRADEGRAPH_POOLER": ""} if prepared_at else {})
    asyncio.run(prepare(load_settings(first)))
    with running(["web"], given, module) as process:
        web = Web(f"http://127.0.0.1:{port}", process)
        _wait_until_ready(web, process)
        yield web
        process.stop()


def _wait_until_ready(web: Web, process: Running) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.process.poll() is None:
        try:
            if httpx.get(f"{web.address}/readyz?exclude=engine", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"the web process is not ready:\n{process.output}")
