"""Exports over HTTP: ``GET /export/orders.csv?account=...&from=...&to=...``, streamed with the caller's rights.

Promises: rows are sent as they are read, so that memory does not grow with their number, and no transaction waits for
a client. A refusal is answered before the first row, as an error of the API; a failure after it closes the
connection, so that no client takes half an export for a whole one.
"""

import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, Final, cast
from uuid import UUID

import strawberry
from graphql import GraphQLError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.graphql.runner import OperationRunner
from api.ids import named
from api.requests import request_id
from api.scalars import parse_datetime
from api.transport.files.export_formats import Encode, encode_csv, encode_json_lines
from api.transport.files.transfers import NOT_KEPT, Places, answered, check_parameters, identify
from domain.access.attribution import Origin
from domain.access.audit import target_of
from domain.access.types import Actor
from domain.kernel.errors import BadInput, Forbidden, NotFound
from domain.positions.lots import LotMethod
from domain.system.exports.columns import COLUMNS, ExportKind, Reader, column_types
from domain.system.exports.service import IN_ONE_TRANSACTION, ExportRequest, open_export

# Each holds a run of rows and a share of the process for as long as its client takes.
MAX_EXPORTS_PER_USER: Final = 2
# The name of an export in the audit log.
ACTION: Final = "export"
_CHUNK_BYTES: Final = 65_536
_PARQUET: Final = "parquet"
_FORMATS: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    _PARQUET: "application/vnd.apache.parquet",
}


class ExportResponse(StreamingResponse):
    """A streamed export; its place is released also when the client disconnects before the first row."""

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
        self._places = Places(MAX_EXPORTS_PER_USER, "exports")

    async def __call__(self, request: Request) -> Response:
        """One export, or the reason why there is none."""
        return await answered(self._runner, self._noted(request))

    async def _noted(self, request: Request) -> Response:
        """One export; a refusal leaves an entry in the audit log."""
        caller, actor = await identify(self._runner, request)
        try:
            return await self._export(request, actor)
        except (Forbidden, NotFound) as error:
            account = request.query_params.get("account")
            target = target_of("account", account) if account is not None else None
            origin, field = Origin(caller.client_address, request_id()), str(error.context.get("field", "")) or None
            refusals = self._runner.services.access.refusals
            await refusals.note(actor, origin, ACTION, target, code=error.code.value, field=field)
            raise

    async def _export(self, request: Request, actor: Actor) -> Response:
        kind, extension = _format(request.path_params["name"])
        if extension == _PARQUET:
            load_parquet()
        wanted = _wanted(kind, request.query_params)
        user_id = actor.user_id
        self._places.take(user_id)
        try:
            rows = await open_export(actor, self._runner.services.market, wanted)
        except BaseException:
            self._places.give_back(user_id)
            raise
        if request.method == "HEAD":
            # Checked as for GET; its rows would all be read and thrown away.
            await cast(Any, rows).aclose()
            rows = _nothing()
        chunks = chunks_of(kind, extension, rows)
        headers = NOT_KEPT | {"content-disposition": f"attachment; filename={request.path_params['name']}"}
        content = spooled(chunks) if kind in IN_ONE_TRANSACTION else chunks
        return ExportResponse(content, self._places, user_id, media_type=_FORMATS[extension], headers=headers)


async def _nothing() -> AsyncIterator[list[object]]:
    for run in list[list[object]]():
        yield run


def chunks_of(kind: ExportKind, extension: str, rows: AsyncIterator[list[object]]) -> AsyncIterator[bytes]:
    """The bytes of a file, each as its rows are read."""
    columns = COLUMNS[kind]
    if extension == _PARQUET:
        return cast(AsyncIterator[bytes], load_parquet().parquet_chunks(rows, columns, column_types(kind)))
    return _encoded(rows, columns, encode_csv if extension == "csv" else encode_json_lines)


def load_parquet() -> Any:
    """The module that writes Parquet, loaded when it is asked for.

    Raises:
        BadInput: its library is not installed.
    """
    try:
        return importlib.import_module("api.transport.files.parquet")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("pyarrow"):
            raise
        message = "This server writes no Parquet: its extra `parquet` is not installed. Ask for csv or jsonl."
        raise BadInput(message, field="name") from None


async def _encoded(
    rows: AsyncIterator[list[object]], columns: Mapping[str, Reader], encode: Encode
) -> AsyncIterator[bytes]:
    async with aclosing(cast(Any, rows)) as runs:
        if encode is encode_csv:
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


def _format(name: str) -> tuple[ExportKind, str]:
    kind, _, extension = name.partition(".")
    if kind not in set(ExportKind) or extension not in _FORMATS:
        kinds, formats = ", ".join(ExportKind), ", ".join(_FORMATS)
        raise NotFound(f"There is no export {name}: there are {kinds}, as {formats}.", field="name")
    return ExportKind(kind), extension


def _wanted(kind: ExportKind, given: QueryParams) -> ExportRequest:
    names = {"account", "from", "to"} | ({"method"} if kind is ExportKind.TAX_LOTS else set())
    check_parameters(given, names, f"This export takes {', '.join(sorted(names))}.")
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
