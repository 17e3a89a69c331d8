"""Static files compressed at build time: sent compressed to clients that accept it, without work at run time."""

from mimetypes import guess_type
from os import PathLike, fspath, stat_result
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from api.transport.encodings import best_encoding

_ENCODINGS = {"br": ".br", "gzip": ".gz"}
_VARY = {"vary": "accept-encoding"}
SUFFIXES = tuple(_ENCODINGS.values())
# File names in assets/ change with their content.
FOREVER = "public, max-age=31536000, immutable"
_SELF = {
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
}
_NOWHERE = ("base-uri", "form-action", "frame-ancestors")


def page_headers(**sources: str) -> dict[str, str]:
    """The headers of a page that loads nothing foreign; ``sources`` adds to the policy, or says otherwise."""
    allowed = _SELF | {name.replace("_", "-"): value for name, value in sources.items()}
    policy = [*allowed.items(), *((name, "'none'") for name in _NOWHERE)]
    return {
        "content-security-policy": "; ".join(["default-src 'none'", *(f"{name} {value}" for name, value in policy)]),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }


class PrecompressedFiles(StaticFiles):
    """The files of a folder; some have a compressed copy beside them."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file as it is, or as it was compressed beforehand."""
        asked = Headers(scope=scope)
        made = {name: Path(f"{fspath(full_path)}{suffix}") for name, suffix in _ENCODINGS.items()}
        offered = tuple(name for name, compressed in made.items() if compressed.is_file())
        encoding = best_encoding(asked.get("accept-encoding"), offered)
        if encoding is None:
            response = super().file_response(full_path, stat_result, scope, status_code)
            if offered:
                response.headers.update(_VARY)
            return response
        compressed = made[encoding]
        media_type = guess_type(full_path)[0] or "application/octet-stream"
        headers = {"content-encoding": encoding, **_VARY}
        sent = FileResponse(compressed, status_code, headers, media_type, stat_result=compressed.stat())
        return NotModifiedResponse(sent.headers) if self.is_not_modified(sent.headers, asked) else sent
