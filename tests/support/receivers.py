"""Servers that receive what the platform sends: a webhook's, and one for mail."""

import email
import email.policy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from adapters.notifications.webhook_signatures import verify
from domain.kernel.time import Nanos
from tests.support.ports import free_port

SECRET = "a-secret-of-the-webhook"


@dataclass
class Post:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The message's name; refuses what is not signed with ``SECRET``."""
        return verify(self.headers, self.body, SECRET, Nanos.now())

    @property
    def content(self) -> dict[str, Any]:
        """The text of the message."""
        decoded: dict[str, Any] = orjson.loads(self.body)
        return decoded


@dataclass
class Receiver:
    """A program that receives webhooks. It does not answer while ``gate`` is closed."""

    port: int = 0
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address, with its secret."""
        return f"webhook://:{SECRET}@127.0.0.1:{self.port}/hook"

    @property
    def keys(self) -> list[str]:
        """The keys of all notices in the order of arrival, each message counted once."""
        seen: dict[str, Post] = {}
        for post in list(self.posts):
            seen.setdefault(post.id, post)
        return [notice["key"] for post in seen.values() for notice in post.content["data"]["notices"]]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens on loopback."""
    found = Receiver()
    found.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.posts.append(Post(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            found.gate.wait(60)
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield found
        finally:
            found.gate.set()
            server.shutdown()
            thread.join()


@dataclass
class Mailbox:
    """A mail server that keeps its messages."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802  the name that the server calls
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep one message."""
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server that listens on loopback."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        controller.stop()
