"""Imports over HTTP: ``POST /import/history.csv?account=...`` with the file as the body.

Promises: the file is received whole, on disk and within its bounds, before anything is booked; then all of it is saved
or nothing. A refusal is answered as an error of the API, with the line and column of a bad line.
"""

import asyncio
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import orjson
import strawberry
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.graphql.runner import OperationRunner
from api.ids import named
from api.requests import request_id
from api.rights import Rule, require_scope
from api.transport.files.transfers import NOT_KEPT, Places, answered, check_parameters, identify
from api.transport.negotiation import content_type
from domain.access.attribution import Origin, coming_from
from domain.access.audit import target_of
from domain.access.types import Actor, require_funds
from domain.accounts.queries import require_account
from domain.kernel.errors import BadInput, DomainError, NotFound
from domain.kernel.numbers import plain
from domain.system.imports.service import ImportReport, import_history

MAX_IMPORT_BYTES: Final = 16_000_000
MAX_IMPORTS_PER_USER: Final = 1
_NAME: Final = "history.csv"
ACTION: Final = "importHistory"
_MEDIA_TYPE: Final = "text/csv"


class Imports:
    """Answers of imports."""

    def __init__(self, runner: OperationRunner) -> None:
        self._runner = runner
        self._places = Places(MAX_IMPORTS_PER_USER, "imports")

    async def __call__(self, request: Request) -> Response:
        """One import, or the reason why nothing was saved."""
        return await answered(self._runner, self._noted(request))

    async def _noted(self, request: Request) -> Response:
        """One import; a refusal leaves an entry in the audit log."""
        caller, actor = await identify(self._runner, request)
        account = _account(request)
        origin = Origin(caller.client_address, request_id(), caller.device)
        try:
            return await self._import(request, actor, account, origin)
        except DomainError as error:
            target = target_of("account", named(account))
            note = self._runner.services.access.refusals.note
            await note(actor, origin, ACTION, target, code=error.code.value, field=str(error.context.get("field", "")))
            raise

    async def _import(self, request: Request, actor: Actor, account: strawberry.ID, origin: Origin) -> Response:
        account_id, services = named(account), self._runner.services
        # Before the file is received.
        require_scope(actor, Rule.FUNDS, ACTION)
        await require_account(actor, account_id, field="account")
        require_funds(actor, account_id)
        self._places.take(actor.user_id)
        try:
            with TemporaryFile() as file:
                await _receive(request, file, self._runner.limits.body_seconds)
                with coming_from(origin):
                    report = await import_history(services.bus, services.market, actor, account_id, file)
        finally:
            self._places.give_back(actor.user_id)
        content = orjson.dumps({"data": {ACTION: _shown(report)}})
        return Response(content, headers=NOT_KEPT, media_type="application/json")


def _account(request: Request) -> strawberry.ID:
    """The account that is named.

    Raises:
        NotFound, BadInput: there is no such import, or its parameters are others.
    """
    if request.path_params["name"] != _NAME:
        raise NotFound(f"There is no import of that name: there is {_NAME}.", field="name")
    given = request.query_params
    check_parameters(given, {"account"}, "This import takes the parameter account.")
    if "account" not in given:
        raise BadInput("Name the account.", field="account")
    media_type, is_utf8 = content_type(request.headers.get("content-type", ""))
    if media_type != _MEDIA_TYPE or not is_utf8 or request.headers.get("content-encoding", "identity") != "identity":
        raise BadInput(f"The body must be {_MEDIA_TYPE} in UTF-8, not compressed.", field="body")
    return strawberry.ID(given["account"])


async def _receive(request: Request, file: BinaryIO, seconds: float) -> None:
    """Write the body to the file.

    Raises:
        BadInput: it is larger than a file may be, took too long, or broke off.
    """
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for part in request.stream():
                size += len(part)
                # Read on without keeping it: a client that is cut off while it writes gets no answer.
                if size <= MAX_IMPORT_BYTES:
                    file.write(part)
    except TimeoutError:
        raise BadInput(f"The file did not come within {seconds:g} seconds.", field="body") from None
    except ClientDisconnect:
        raise BadInput("The file broke off.", field="body") from None
    if size > MAX_IMPORT_BYTES:
        raise BadInput(f"A file has at most {MAX_IMPORT_BYTES:,} bytes: import it in parts.", field="body")


def _shown(report: ImportReport) -> dict[str, object]:
    return {
        "lines": report.lines,
        "imported": report.imported,
        "alreadyThere": report.already_there,
        "executions": report.executions,
        "orders": report.orders,
        "cashMovements": report.cash_movements,
        "currency": report.currency,
        "cash": plain(report.cash),
        "realizedPnl": plain(report.realized_pnl),
        "feesPaid": plain(report.fees_paid),
    }
