"""Stores of stream positions, so that streams resume after a restart of the program.

A position is stored when the next event is requested: an event whose processing was interrupted comes again.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Protocol

from tradegraph_client.errors import CursorsUnreadable


class CursorStore(Protocol):
    """Keeps a cursor under the name of each stream."""

    def load(self, name: str) -> str | None:
        """The cursor of a stream; None when it never had one."""
        ...

    def save(self, name: str, cursor: str) -> None:
        """Keep the cursor of a stream. It is kept for good when this returns."""
        ...


class MemoryCursors:
    """Positions that are lost with the program."""

    def __init__(self) -> None:
        self._cursors: dict[str, str] = {}

    def load(self, name: str) -> str | None:
        """The cursor of a stream."""
        return self._cursors.get(name)

    def save(self, name: str, cursor: str) -> None:
        """Keep the cursor of a stream."""
        self._cursors[name] = cursor


class FileCursors:
    """Places in a JSON file, each write of which is whole: a crash leaves the old file or the new one.

    One program uses the file at a time.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._cursors: dict[str, str] | None = None

    def load(self, name: str) -> str | None:
        """The cursor of a stream.

        Raises:
            CursorsUnreadable: the file is not one of cursors, or cannot be read.
        """
        return self._all().get(name)

    def save(self, name: str, cursor: str) -> None:
        """Keep the cursor of a stream.

        Raises:
            CursorsUnreadable: the file cannot be written.
        """
        cursors = self._all()
        cursors[name] = cursor
        try:
            self._write(json.dumps(cursors, indent=1, sort_keys=True))
        except OSError as error:
            raise CursorsUnreadable(f"{self._path} cannot be written: {error.strerror}") from error

    def _all(self) -> dict[str, str]:
        if self._cursors is None:
            self._cursors = self._read()
        return self._cursors

    def _read(self) -> dict[str, str]:
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise CursorsUnreadable(f"{self._path} cannot be read: {error}") from error
        if not isinstance(stored, dict) or not all(isinstance(cursor, str) for cursor in stored.values()):
            raise CursorsUnreadable(f"{self._path} is not a file of cursors")
        return stored

    def _write(self, text: str) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
