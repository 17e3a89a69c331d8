"""The trading desk's pages: static files under a policy that allows no foreign content.

Guarantees: an address that is no file is answered with the page, so its routes survive a reload; files whose names
change with their content are cached by browsers for ever; a precompressed file is sent compressed.
"""

from mimetypes import guess_type
from os import PathLike, fspath, stat_result
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from api.transport.negotiation import wants_page

# Neither scripts nor styles in the page itself: what is injected does not run.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
# File names in assets/ change with their content.
_FOREVER = "public, max-age=31536000, immutable"
_PAGE = "index.html"
_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_SUFFIXES = tuple(_ENCODINGS.values())


class DeskFiles(StaticFiles):
    """The page and everything that it loads; mounted behind all other routes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, or the page for an address of its routes."""
        path = _PAGE if path in ("", ".") else path
        try:
            if path.endswith(_SUFFIXES):
                raise HTTPException(status_code=404)
            response = await super().get_response(path, scope)
        except HTTPException as refusal:
            if refusal.status_code != 404 or "." in path.rpartition("/")[2]:
                raise
            path = _PAGE
            if not wants_page(Headers(scope=scope).get("accept")):
                raise
            response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        response.headers["cache-control"] = _FOREVER if path.startswith("assets/") else "no-cache"
        return response

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file as it is, or as it was compressed beforehand."""
        asked = Headers(scope=scope)
        accepted = {part.partition(";")[0].strip() for part in asked.get("accept-encoding", "").split(",")}
        for encoding, suffix in _ENCODINGS.items():
            compressed = Path(f"{fspath(full_path)}{suffix}")
            if encoding in accepted and compressed.is_file():
                media_type = guess_type(full_path)[0] or "application/octet-stream"
                headers = {"content-encoding": encoding, "vary": "accept-encoding"}
                response = FileResponse(compressed, status_code, headers, media_type, stat_result=compressed.stat())
                return (
                    NotModifiedResponse(response.headers) if self.is_not_modified(response.headers, asked) else response
                )
        return super().file_response(full_path, stat_result, scope, status_code)
