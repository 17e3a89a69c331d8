"""The explorer's pages: static files without foreign content, under a policy that forbids it."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Scope

from api.precompressed import FOREVER, PrecompressedFiles, page_headers

# The editor sets styles from scripts; everything else comes from files of our own.
_HEADERS = page_headers(style_src="'self' 'unsafe-inline'", font_src="'self' data:", worker_src="'self'")
_NOT_BUILT = "The explorer is not built here; the API is at this address, by POST."


class ExplorerFiles(PrecompressedFiles):
    """All files that the page loads."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file with the policy."""
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        if path.startswith("assets/") and response.status_code in (200, 304):
            response.headers["cache-control"] = FOREVER
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
