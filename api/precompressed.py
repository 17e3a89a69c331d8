"""Static files that were compressed when they were built: sent so to whoever takes them so, without work."""

from mimetypes import guess_type
from os import PathLike, fspath, stat_result
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

_ENCODINGS = {"br": ".br", "gzip": ".gz"}
SUFFIXES = tuple(_ENCODINGS.values())


class PrecompressedFiles(StaticFiles):
    """The files of a folder, in which some stand compressed beside themselves."""

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
