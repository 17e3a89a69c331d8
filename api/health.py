"""Pages beside the API: liveness, readiness, metrics of this process, and the schema as text."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from time import monotonic
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.errors import RequestError, coded
from api.graphql.runner import SEND_AS_BEARER, OperationRunner, bearer_token
from api.transport.encodings import ENCODINGS, best_encoding, compress
from api.transport.replies import has_tag
from domain.kernel.errors import ErrorCode, Unavailable
from domain.kernel.supervision import Guarded
from domain.orders.venues.queries import VenueCondition

Check = Callable[[], Awaitable[Mapping[str, bool]]]

# The question is public: however often it is asked, the servers behind are asked at most this often.
_REMEMBERED_SECONDS = 1.0
_log = structlog.stdlib.get_logger("api")


async def healthz(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "up"})


class Version:
    """Answers with the release that runs."""

    def __init__(self, version: str) -> None:
        self._content = {"name": "tradegraph", "version": version}

    async def __call__(self, _request: Request) -> Response:
        """One answer."""
        return JSONResponse(self._content, headers={"cache-control": "no-store"})


class Readiness:
    """Answers 200 when every dependency of requests works, else 503 with the failing ones; the log has the reasons."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._known: tuple[float, Mapping[str, bool]] | None = None

    async def __call__(self, request: Request) -> Response:
        """One answer; ``?exclude=NAME`` leaves a check out, as often as it is given."""
        if self._known is None or monotonic() - self._known[0] > _REMEMBERED_SECONDS:
            state: Mapping[str, bool] = {"process": False}
            with Guarded(_log, "readiness could not be determined"):
                state = await self._check()
            self._known = monotonic(), state
        state, headers = self._known[1], {"cache-control": "no-store"}
        excluded = frozenset(request.query_params.getlist("exclude"))
        if len(state) > 1 and excluded - state.keys():
            error = coded(f"exclude names one of {', '.join(state)}.", ErrorCode.BAD_USER_INPUT.value, field="exclude")
            return JSONResponse({"errors": [error]}, status_code=HTTPStatus.BAD_REQUEST, headers=headers)
        content = {
            name: "excluded" if name in excluded else "ok" if works else "unavailable" for name, works in state.items()
        }
        is_ready = "unavailable" not in content.values()
        return JSONResponse(content, status_code=200 if is_ready else 503, headers=headers)


class Scraping(Protocol):
    """A process's own metrics, besides the API's counters."""

    def admits(self, authorization: str | None) -> bool:
        """True if a request carries the token of scrapes."""
        ...

    def tells_of(self, registry: CollectorRegistry) -> None:
        """Add the metrics of the process to its registry, and show it to the other web processes."""
        ...

    async def exposition(self, own: CollectorRegistry) -> bytes:
        """The figures of all web processes and of the platform."""
        ...


class Metrics:
    """Metrics in Prometheus's text format, for callers with the scrape token or any signed-in role."""

    def __init__(
        self, runner: OperationRunner, venue_condition: Callable[[], Awaitable[VenueCondition]], scrapes: Scraping
    ) -> None:
        self._runner = runner
        self._scrapes = scrapes
        self._venue_condition = venue_condition
        self._looked_at = -_REMEMBERED_SECONDS

    async def __call__(self, request: Request) -> Response:
        """One answer."""
        authorization = request.headers.get("authorization")
        if not self._scrapes.admits(authorization):
            refusal = await stranger_refusal(self._runner, request)
            if refusal is not None:
                return refusal
        metrics = self._runner.metrics
        if monotonic() - self._looked_at >= _REMEMBERED_SECONDS:
            self._looked_at = monotonic()
            # Without the database the rest is worth showing all the same.
            with suppress(Unavailable):
                metrics.see_venues(await self._venue_condition())
        return Response(await self._scrapes.exposition(metrics.registry), media_type=metrics.content_type)


class SchemaText:
    """The schema as GraphQL text, for every signed-in caller, compressed once; tools generate code from it."""

    def __init__(self, runner: OperationRunner, text: str) -> None:
        self._runner = runner
        content = text.encode()
        self._tag = f'W/"{sha256(content).hexdigest()}"'
        self._contents: dict[str | None, bytes] = {
            None: content,
            **{name: compress(content, name) for name in ENCODINGS},
        }

    async def __call__(self, request: Request) -> Response:
        """The answer, or 304 if the client has it already."""
        refusal = await stranger_refusal(self._runner, request)
        if refusal is not None:
            return refusal
        headers = {"etag": self._tag, "cache-control": "private, no-cache", "vary": "accept-encoding, authorization"}
        if has_tag(request.headers.get("if-none-match"), self._tag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        encoding = best_encoding(request.headers.get("accept-encoding"))
        if encoding is not None:
            headers["content-encoding"] = encoding
        return Response(self._contents[encoding], media_type="text/plain", headers=headers)


async def stranger_refusal(runner: OperationRunner, request: Request) -> Response | None:
    """The refusal of a request for a page that needs a sign-in; None for a signed-in caller."""
    address = request.client.host if request.client else ""
    try:
        caller = await runner.identify(bearer_token(request.headers.get("authorization")), address)
    except RequestError:
        return PlainTextResponse("Your credential cannot be checked now; try again.", status_code=503)
    if caller.actor is None:
        headers = {"www-authenticate": "Bearer"}
        advice = str(caller.refusal or f"Sign in with an API key. {SEND_AS_BEARER}")
        return PlainTextResponse(advice, status_code=401, headers=headers)
    return None
