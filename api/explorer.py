"""The explorer's pages: static files without foreign content, under a policy that forbids it."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Scope

from api.precompressed import PrecompressedFiles

# The editor sets styles from scripts; everything else comes from files of our own.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
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
}
# File names in assets/ change with their content.
_FOREVER = "public, max-age=31536000, immutable"
_NOT_BUILT = "The explorer is not built here; the API itself is at this same address, by POST."


class ExplorerFiles(PrecompressedFiles):
    """All files that the page loads."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file with the policy."""
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        if path.startswith("assets/") and response.status_code in (200, 304):
            response.headers["cache-control"] = _FOREVER
        return response


class ExplorerPage:
    """The page itself."""

    def __init__(self, directory: Path | None) -> None:
        self._page = directory / "index.html" if directory else None

    async def __call__(self, _request: Request) -> Response:
        """The page, or the address of the API when there is none."""
        if self._page is None or not self._page.is_file():
            return PlainTextResponse(_NOT_BUILT, status_code=404, headers=_HEADERS)
        return FileResponse(self._page, headers={**_HEADERS, "cache-control": "no-cache", "vary": "accept"})
