"""Sessions of pages: sign-in, resume and sign-out, with the tokens in cookies that no script can read.

``POST /session/login``, ``/session/resume`` and ``/session/logout``. A page gets only the access token, to hold in
memory; the refresh token never reaches it. A request counts only if it comes from a page of this very server: the
cookies are ``SameSite=Strict``, the body must be JSON, and the page's origin is compared with the requested host.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import orjson
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api.context import Context
from api.errors import coded, masked
from api.graphql.runner import OperationRunner
from api.request_rates import TooManyRequests, rate_headers
from api.requests import request_id
from api.transport.negotiation import JSON, content_type
from api.transport.origin import OriginPolicy
from domain.access import sessions
from domain.access.attribution import Origin, coming_from
from domain.access.tokens import REFRESH_TOKEN_LIFETIME
from domain.access.types import SignedIn, User
from domain.access.users import read_viewer
from domain.kernel.errors import BadInput, DomainError, ErrorCode, Forbidden, Unauthenticated
from domain.kernel.time import utc_now

_BODY_BYTES = 4_096
_BODY_SECONDS = 10.0
# An access token that is good for longer than this is handed out again: loading a page rotates nothing.
_GOOD_ENOUGH = timedelta(minutes=4)
_STATUS = {
    ErrorCode.BAD_USER_INPUT: HTTPStatus.BAD_REQUEST,
    ErrorCode.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    ErrorCode.FORBIDDEN: HTTPStatus.FORBIDDEN,
    ErrorCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ErrorCode.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class _Jar:
    """The names of one server's cookies: browsers ignore the port, so over plain HTTP the name contains it."""

    secure: bool
    suffix: str

    @classmethod
    def of(cls, request: Request) -> "_Jar":
        secure = request.url.scheme == "https"
        server = request.scope.get("server")
        return cls(secure, "" if secure or not server else f"_{server[1]}")

    def name(self, kind: str) -> str:
        return f"{'__Host-' if self.secure else ''}tradegraph_{kind}{self.suffix}"

    def keep(self, response: Response, kind: str, value: str) -> None:
        # The prefix __Host- asks for this path, and no other host of the domain can set such a cookie.
        lifetime = int(REFRESH_TOKEN_LIFETIME.total_seconds())
        response.set_cookie(
            self.name(kind), value, max_age=lifetime, path="/", secure=self.secure, httponly=True, samesite="strict"
        )

    def drop(self, response: Response, kind: str) -> None:
        response.delete_cookie(self.name(kind), path="/", secure=self.secure, httponly=True, samesite="strict")


class CookieSessions:
    """The three addresses."""

    def __init__(self, runner: OperationRunner) -> None:
        self._runner = runner
        self._access = runner.services.access
        # Pages of other origins hold their tokens themselves, whatever else they may do here.
        self._own_pages = OriginPolicy(())

    async def login(self, request: Request) -> Response:
        """Begin a session."""
        return await self._answer(request, self._login)

    async def resume(self, request: Request) -> Response:
        """Resume the session of the cookies: the same access token while it is good, else a new one."""
        return await self._answer(request, self._resume)

    async def logout(self, request: Request) -> Response:
        """End the session of the cookies, if there is one, and remove them."""
        return await self._answer(request, self._logout)

    async def _answer(self, request: Request, act: Any) -> Response:
        try:
            if not self._own_pages.permits(request.headers):
                raise Forbidden("Only pages of this server may keep a session here.")
            address = request.client.host if request.client else ""
            self._runner.admit_from(None, address)
            device = request.headers.get("user-agent", "")
            with coming_from(Origin(address, request_id(), device)):
                response: Response = await act(request, await _content(request))
        except TooManyRequests as refusal:
            response = _json({"errors": refusal.errors}, HTTPStatus.TOO_MANY_REQUESTS)
            response.raw_headers.extend(rate_headers(refusal.kind, refusal.allowance))
        except DomainError as error:
            status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
            response = _json({"errors": [coded(error.message, error.code.value, **error.context)]}, status)
            if isinstance(error, Unauthenticated):
                self._forget(request, response)
        except Exception as error:  # noqa: BLE001  the last line of defence: masked, logged and answered
            failure = masked(error, Context(self._runner.services))
            response = _json({"errors": [failure]}, HTTPStatus.INTERNAL_SERVER_ERROR)
        headers = MutableHeaders(raw=response.raw_headers)
        headers["cache-control"] = "no-store"
        headers["x-content-type-options"] = "nosniff"
        return response

    async def _login(self, request: Request, content: Mapping[str, Any]) -> Response:
        address = request.client.host if request.client else ""
        signed_in = await sessions.login(
            self._access, _text(content, "email"), _text(content, "password"), address, _code(content)
        )
        return self._begun(request, signed_in)

    async def _resume(self, request: Request, _content: Mapping[str, Any]) -> Response:
        jar = _Jar.of(request)
        if held := request.cookies.get(jar.name("access")):
            try:
                actor = await self._access.authenticate(held)
                if actor.via == "session" and actor.expires_at and actor.expires_at - utc_now() > _GOOD_ENOUGH:
                    return _session(held, actor.expires_at, await read_viewer(actor))
            except Unauthenticated:
                pass  # Expired: what the refresh token is for.
        refresh_token = request.cookies.get(jar.name("refresh"))
        if not refresh_token:
            # Nobody has signed in here: that is no failure, and pages ask it first of all.
            return _json({"user": None})
        return self._begun(request, await sessions.refresh_session(self._access, refresh_token))

    async def _logout(self, request: Request, _content: Mapping[str, Any]) -> Response:
        refresh_token = request.cookies.get(_Jar.of(request).name("refresh"))
        ended = bool(refresh_token) and await sessions.end_by_refresh_token(self._access, refresh_token or "")
        response = _json({"ended": ended})
        self._forget(request, response)
        return response

    def _begun(self, request: Request, signed_in: SignedIn) -> Response:
        jar, response = _Jar.of(request), _session(signed_in.access_token, signed_in.expires_at, signed_in.user)
        jar.keep(response, "refresh", signed_in.refresh_token)
        jar.keep(response, "access", signed_in.access_token)
        return response

    @staticmethod
    def _forget(request: Request, response: Response) -> None:
        jar = _Jar.of(request)
        for kind in ("refresh", "access"):
            jar.drop(response, kind)


def _session(access_token: str, expires_at: datetime, user: User) -> Response:
    person = {"id": str(user.id), "email": user.email, "name": user.name, "role": user.role}
    # The server's own time too: a page tells from it how long the token lives, and whether its clock is wrong.
    return _json({"accessToken": access_token, "expiresAt": expires_at, "serverTime": utc_now(), "user": person})


def _json(content: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(orjson.dumps(content, option=orjson.OPT_UTC_Z), status, media_type=JSON)


async def _content(request: Request) -> Mapping[str, Any]:
    media_type, is_utf8 = content_type(request.headers.get("content-type", ""))
    if media_type != JSON or not is_utf8:
        raise BadInput(f"The body must be {JSON} in UTF-8.", field="body")
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > _BODY_BYTES:
                    raise BadInput(f"The body has at most {_BODY_BYTES} bytes.", field="body")
        content = orjson.loads(body)
    except (TimeoutError, ClientDisconnect, orjson.JSONDecodeError) as error:
        raise BadInput("The body is not JSON, or it did not arrive.", field="body") from error
    if not isinstance(content, dict):
        raise BadInput("The body must be a JSON object.", field="body")
    return content


def _code(content: Mapping[str, Any]) -> str | None:
    return None if content.get("code") is None else _text(content, "code")


def _text(content: Mapping[str, Any], field: str) -> str:
    value = content.get(field)
    if not isinstance(value, str):
        raise BadInput(f"{field} must be a text.", field=field)
    return value
