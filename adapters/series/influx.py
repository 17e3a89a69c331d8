"""Writes to stores that take InfluxDB's v1 line protocol: InfluxDB 1 to 3, VictoriaMetrics, QuestDB, Telegraf."""

import asyncio
import gzip
from collections.abc import Sequence
from urllib.parse import unquote, urlsplit, urlunsplit

import requests

CONNECT_SECONDS, READ_SECONDS = 3.0, 10.0
_OK = range(200, 300)
_UNKNOWN_DATABASE = 404
_BAD_LINES = (400, 413, 422)


class NotWritten(Exception):
    """The store did not take the lines: it is tried again. ``reason`` names no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadLines(Exception):
    """The store refuses some lines for good; it has stored the other ones."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InfluxWriter:
    """One store. The address may contain a user and a password; a token is sent instead, if there is one."""

    def __init__(self, url: str, database: str, token: str = "") -> None:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        self._base = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self._database = database
        self._session = requests.Session()
        # No proxy and no password of this machine's environment.
        self._session.trust_env = False
        if token:
            self._session.headers["Authorization"] = f"Token {token}"
        elif parts.username:
            self._session.auth = (unquote(parts.username), unquote(parts.password or ""))

    def close(self) -> None:
        """Let the connection go."""
        self._session.close()

    async def write(self, lines: Sequence[str]) -> None:
        """Write lines, whose times are nanoseconds. Writing them again changes nothing.

        Raises:
            NotWritten: the store is away, or lets nobody in.
            BadLines: it cannot read some of them.
        """
        await asyncio.to_thread(self._write, "\n".join(lines).encode())

    def _write(self, body: bytes) -> None:
        status = self._post(body)
        if status == _UNKNOWN_DATABASE:
            self._ask("/query", {"q": f'CREATE DATABASE "{self._database}"'}, b"")
            status = self._post(body)
        if status in _BAD_LINES:
            raise BadLines(f"The store answered with status {status}.")
        if status not in _OK:
            raise NotWritten(f"The store answered with status {status}.")

    def _post(self, body: bytes) -> int:
        return self._ask("/write", {"db": self._database, "precision": "ns"}, gzip.compress(body, 1))

    def _ask(self, path: str, parameters: dict[str, str], body: bytes) -> int:
        try:
            with self._session.post(
                f"{self._base}{path}",
                params=parameters,
                data=body,
                headers={"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"} if body else {},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            ) as answer:
                return answer.status_code
        except requests.Timeout:
            raise NotWritten("The store did not answer in time.") from None
        except requests.RequestException:
            raise NotWritten("The store cannot be reached.") from None
