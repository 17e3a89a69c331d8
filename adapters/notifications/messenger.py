"""Sends messages: signed webhooks by itself, everything else through apprise.

Each attempt runs in a thread of its own kind that can connect to allowed addresses only, follows no redirect and ends
within seconds. Reasons of failures are texts of this module, because an answer of a service may hold a secret.
"""

import asyncio
import logging
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests
from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.plugins.base import NotifyBase
from apprise.plugins.email.base import NotifyEmail

from adapters.notifications import channel_addresses, webhook_signatures
from adapters.notifications.network_guard import ForbiddenAddress, guarded, is_allowed, networks
from domain.kernel.time import Nanos
from domain.system.notifications.ports import NotSent
from domain.system.notifications.types import Message

CONNECT_SECONDS, READ_SECONDS = 5.0, 10.0
# However slowly a service answers, nobody waits longer for it.
ATTEMPT_SECONDS = 25.0
MAX_AT_ONCE = 10
_FORBIDDEN = "The address is in a private network, and no setting allows messages to go there."
_STATUS = re.compile(r"error=(\d{3})\b")
_LOGGER = "apprise"


class _Reasons(logging.Handler):
    """Keeps the log output of the library for the thread of the attempt; none of it reaches the log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._here = threading.local()

    def begin(self) -> None:
        """A new attempt of this thread."""
        self._here.said = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        said: list[str] | None = getattr(self._here, "said", None)
        if said is not None:
            said.append(record.getMessage())

    def status(self) -> str | None:
        """The status that a service answered with in this thread's attempt, if it did."""
        for line in getattr(self._here, "said", []):
            found = _STATUS.search(line)
            if found is not None:
                return found[1]
        return None


_REASONS = _Reasons()


class OutsideMessenger:
    """Sends messages to the outside; ``allowed`` names networks beside the internet that they may go to."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = networks(allowed)
        # No file of this machine is read or written, whatever an address asks for.
        self._asset = AppriseAsset(
            app_id="Tradegraph",
            app_desc="Tradegraph",
            app_url="",
            http_redirects=False,
            allow_templates=False,
            storage_mode="memory",
            plugin_paths=[],
            secure_logging=True,
        )
        self._threads = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="messenger")
        library = logging.getLogger(_LOGGER)
        library.handlers, library.propagate = [_REASONS], False

    def close(self) -> None:
        """Wait for nothing."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def problem(self, url: str) -> str | None:
        """The fault of an address; None when messages can be sent there."""
        found = channel_addresses.problem_of(url)
        if found is not None:
            return found
        host = channel_addresses.literal_host(url)
        if host is not None and not is_allowed(host, self._allowed):
            return _FORBIDDEN
        if channel_addresses.kind_of(url) not in channel_addresses.WEBHOOKS and self._service(url) is None:
            return "An address of this kind looks different; the documentation shows it."
        return None

    def shown(self, url: str) -> str:
        """The part of an address that may be shown."""
        return channel_addresses.shown(url)

    async def send(self, url: str, message: Message) -> None:
        """Send one message.

        Raises:
            NotSent: it was not accepted, or nobody knows.
        """
        loop = asyncio.get_running_loop()
        attempt = loop.run_in_executor(self._threads, partial(self._attempt, url, message))
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                await attempt
        except TimeoutError:
            raise NotSent("It did not answer in time.") from None

    def _attempt(self, url: str, message: Message) -> None:
        with guarded(self._allowed):
            if channel_addresses.kind_of(url) in channel_addresses.WEBHOOKS:
                _post(channel_addresses.read_webhook(url), message)
            else:
                self._notify(url, message)

    def _service(self, url: str) -> NotifyBase | None:
        service = Apprise.instantiate(url, asset=self._asset, suppress_exceptions=True)
        if not isinstance(service, NotifyBase):
            return None
        service.socket_connect_timeout, service.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
        service.verify_certificate = True
        return service

    def _notify(self, url: str, message: Message) -> None:
        service = self._service(url)
        if service is None:
            raise NotSent("The address cannot be read by this release.")
        if isinstance(service, NotifyEmail):
            # By which a receiver drops what it has already.
            service.headers["X-Tradegraph-Message"] = str(message.id)
        _REASONS.begin()
        if not service.notify(title=message.title, body=message.text, body_format=NotifyFormat.TEXT):
            status = _REASONS.status()
            if status is not None:
                raise NotSent(f"The service answered with status {status}.")
            raise NotSent("The service could not be reached, or did not accept the message.")


def _post(webhook: channel_addresses.Webhook, message: Message) -> None:
    body = webhook_signatures.body_of(message)
    headers = webhook_signatures.headers_of(str(message.id), body, webhook.secret, Nanos.now())
    with requests.Session() as session:
        # No proxy and no password of this machine's environment.
        session.trust_env = False
        try:
            with session.post(
                webhook.url,
                data=body,
                headers={**headers, "user-agent": "tradegraph"},
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except requests.Timeout:
            raise NotSent("It did not answer in time.") from None
        except requests.exceptions.SSLError:
            raise NotSent("Its certificate was not accepted.") from None
        except requests.RequestException as error:
            if _is_forbidden(error):
                raise NotSent(_FORBIDDEN) from None
            raise NotSent("It could not be reached.") from None
    if not 200 <= status < 300:
        raise NotSent(f"It answered with status {status}.")


def _is_forbidden(error: BaseException | None) -> bool:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ForbiddenAddress) or any(isinstance(each, ForbiddenAddress) for each in seen.args):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
