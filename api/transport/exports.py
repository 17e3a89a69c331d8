"""Exports over HTTP: ``GET /export/orders.csv?account=...&from=...&to=...``, streamed with the caller's rights.

Promises: rows are sent as they are read, so that memory does not grow with their number, and no transaction waits for
a client. What is refused is answered before the first row, as errors of the API have it; a failure after it cuts the
connection, so that no client takes half an export for a whole one.
"""

import csv
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from io import StringIO
from tempfile import TemporaryFile
from typing import Any, Final, cast
from uuid import UUID

import orjson
import strawberry
from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.errors import RequestError, refused
from api.graphql.runner import OperationRunner, bearer_token
from api.ids import named
from api.request_rates import TooManyRequests, rate_headers
from api.requests import request_id
from api.scalars import parse_datetime
from domain.access.attribution import Origin
from domain.access.audit import target_of
from domain.access.types import Actor
from domain.kernel.errors import BadInput, DomainError, ErrorCode, Forbidden, NotFound, RateLimited, Unauthenticated
from domain.kernel.numbers import plain
from domain.kernel.time import Nanos
from domain.positions.lots import LotMethod
from domain.system.exports.columns import COLUMNS, ExportKind, Reader
from domain.system.exports.service import IN_ONE_TRANSACTION, ExportRequest, open_export

# Each holds a run of rows and a share of the process for as long as its client takes.
MAX_EXPORTS_PER_USER: Final = 2
# The name of an export in the audit log.
ACTION: Final = "export"
_CHUNK_BYTES: Final = 65_536
# Spreadsheets take a text that begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

_STATUS: Final[Mapping[str, HTTPStatus]] = {
    ErrorCode.UNAUTHENTICATED.value: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN.value: HTTPStatus.FORBIDDEN,
    ErrorCode.NOT_FOUND.value: HTTPStatus.NOT_FOUND,
    ErrorCode.RATE_LIMITED.value: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE.value: HTTPStatus.SERVICE_UNAVAILABLE,
}

Encode = Callable[[Sequence[str], Iterable[Sequence[object]]], bytes]


class Places:
    """The exports that run, of one process: at most ``MAX_EXPORTS_PER_USER`` of a user."""

    def __init__(self) -> None:
        self._taken: Counter[UUID] = Counter()

    def take(self, user_id: UUID) -> None:
        """Take a place, which has to be given back.

        Raises:
            RateLimited: the user has all of them.
        """
        if self._taken[user_id] >= MAX_EXPORTS_PER_USER:
            raise RateLimited(f"At most {MAX_EXPORTS_PER_USER} exports of one person run at a time.")
        self._taken[user_id] += 1

    def give_back(self, user_id: UUID) -> None:
        """Give a place back."""
        self._taken[user_id] -= 1
        if not self._taken[user_id]:
            del self._taken[user_id]


class ExportResponse(StreamingResponse):
    """A streamed export, whose place is given back also when the client leaves before the first row."""

    def __init__(self, content: AsyncIterator[bytes], places: Places, user_id: UUID, **others: Any) -> None:
        super().__init__(content, **others)
        self._places = places
        self._user_id = user_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._places.give_back(self._user_id)


class Exports:
    """Answers of exports; the route's parameter ``name`` is a kind and a format, such as ``orders.csv``."""

    def __init__(self, runner: OperationRunner) -> None:
        self._runner = runner
        self._places = Places()

    async def __call__(self, request: Request) -> Response:
        """One export, or the reason why there is none."""
        address = request.client.host if request.client else ""
        try:
            caller = await self._runner.identify(bearer_token(request.headers.get("authorization")), address)
            if caller.actor is None:
                raise caller.refusal or Unauthenticated("Sign in first.")
            self._runner.admit(caller)
            return await self._noted(request, caller.actor, address)
        except DomainError as error:
            return _refusal(refused(error))
        except RequestError as error:
            return _refusal(error)

    async def _noted(self, request: Request, actor: Actor, address: str) -> Response:
        """One export; what is refused leaves an entry in the audit log."""
        try:
            return await self._export(request, actor)
        except (Forbidden, NotFound) as error:
            account = request.query_params.get("account")
            target = target_of("account", account) if account is not None else None
            origin, field = Origin(address, request_id()), str(error.context.get("field", "")) or None
            refusals = self._runner.services.access.refusals
            await refusals.note(actor, origin, ACTION, target, code=error.code.value, field=field)
            raise

    async def _export(self, request: Request, actor: Actor) -> Response:
        kind, media_type, encode = _format(request.path_params["name"])
        wanted = _wanted(kind, request.query_params)
        user_id = actor.user_id
        self._places.take(user_id)
        try:
            rows = await open_export(actor, self._runner.services.market, wanted)
        except BaseException:
            self._places.give_back(user_id)
            raise
        chunks = _encoded(rows, COLUMNS[kind], encode)
        headers = {
            "content-disposition": f"attachment; filename={request.path_params['name']}",
            "cache-control": "no-store",
        }
        content = spooled(chunks) if kind in IN_ONE_TRANSACTION else chunks
        return ExportResponse(content, self._places, user_id, media_type=media_type, headers=headers)


async def _encoded(
    rows: AsyncIterator[list[object]], columns: Mapping[str, Reader], encode: Encode
) -> AsyncIterator[bytes]:
    async with aclosing(cast(Any, rows)) as runs:
        if encode is _csv:
            yield encode(list(columns), [tuple(columns)])
        async for run in runs:
            if run:
                yield encode(list(columns), [[read(row) for read in columns.values()] for row in run])


async def spooled(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes, from a file, once all of them are there: their source does not wait for the client."""
    with TemporaryFile() as file:
        async with aclosing(cast(Any, chunks)) as source:
            async for chunk in source:
                file.write(chunk)
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _format(name: str) -> tuple[ExportKind, str, Encode]:
    kind, _, extension = name.partition(".")
    if kind not in set(ExportKind) or extension not in _FORMATS:
        kinds, formats = ", ".join(ExportKind), ", ".join(_FORMATS)
        raise NotFound(f"There is no export {name}: there are {kinds}, as {formats}.", field="name")
    return ExportKind(kind), *_FORMATS[extension]


def _wanted(kind: ExportKind, given: Mapping[str, str]) -> ExportRequest:
    names = {"account", "from", "to"} | ({"method"} if kind is ExportKind.TAX_LOTS else set())
    unknown = sorted(set(given) - names)
    if unknown:
        raise BadInput(f"This export takes {', '.join(sorted(names))}.", field=unknown[0])
    method = given.get("method", LotMethod.FIFO.value)
    if method not in set(LotMethod):
        raise BadInput(f"The method is one of {', '.join(LotMethod)}.", field="method")
    if "account" not in given:
        raise BadInput("Name the account.", field="account")
    account_id = named(strawberry.ID(given["account"]))
    return ExportRequest(kind, account_id, _time(given, "from"), _time(given, "to"), LotMethod(method))


def _time(given: Mapping[str, str], name: str) -> datetime | None:
    if name not in given:
        return None
    try:
        return parse_datetime(given[name])
    except GraphQLError as error:
        raise BadInput(error.message, field=name) from error


def _refusal(error: RequestError) -> Response:
    status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
    headers = {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    response = Response(orjson.dumps({"errors": error.errors}), status, headers, "application/json")
    if isinstance(error, TooManyRequests):
        response.raw_headers.extend(rate_headers(error.kind, error.allowance))
    return response


def _csv(_names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    shown = _shown(value)
    if isinstance(shown, str) and shown.startswith(_FORMULA) and not isinstance(value, Decimal):
        return f"'{shown}"
    return shown


def _json_lines(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    lines = (dict(zip(names, map(_shown, row), strict=True)) for row in rows)
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def _shown(value: object) -> object:
    """A value as the API shows it: exact numbers as text, times in UTC."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Nanos):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return Nanos.of(value).isoformat()
    return str(value)


_FORMATS: Final[Mapping[str, tuple[str, Encode]]] = {
    "csv": ("text/csv; charset=utf-8", _csv),
    "jsonl": ("application/x-ndjson", _json_lines),
}
