"""The trading desk's pages: static files under a policy that allows no foreign content.

Guarantees: an address that is no file is answered with the page, so its routes survive a reload; files whose names
change with their content are cached by browsers for ever; a precompressed file is sent compressed.
"""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from api.precompressed import FOREVER, SUFFIXES, PrecompressedFiles, page_headers
from api.transport.negotiation import wants_page

# Neither scripts nor styles in the page itself: what is injected does not run.
_HEADERS = page_headers(manifest_src="'self'") | {"permissions-policy": "camera=(), geolocation=(), microphone=()"}
_PAGE = "index.html"


class DeskFiles(PrecompressedFiles):
    """The page and everything that it loads; mounted behind all other routes."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, or the page for an address of its routes."""
        path = _PAGE if path in ("", ".") else path
        try:
            if path.endswith(SUFFIXES):
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
        response.headers["cache-control"] = FOREVER if path.startswith("assets/") else "no-cache"
        return response
