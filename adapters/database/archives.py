r"""Archives of months of the event log: one compressed CSV file each, with its size in rows and its SHA-256 beside it.

A file gets its name when it is whole and on the disk. ``tradegraph database shell`` reads it back by ``\\copy``.
"""

import asyncio
import gzip
import hashlib
import os
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from adapters.embedded.server_folder import make_private_folder
from domain.kernel.database import borrowed, unavailable_when_down

_LONGEST_SECONDS = 86_400


class FolderArchive:
    """Archives in a folder, readable by the account of the worker alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, table: str) -> int:
        """Store all rows of a table, unless that was done, and return their number."""
        place, about = self._folder / f"{table}.csv.gz", self._folder / f"{table}.json"
        if about.exists():
            return _checked(place, about)
        make_private_folder(self._folder)
        fresh = place.with_suffix(".part")
        with gzip.open(fresh, "wb", compresslevel=6) as file, unavailable_when_down():
            async with borrowed() as connection:

                async def write(data: bytes) -> None:
                    await asyncio.to_thread(cast(BinaryIO, file).write, data)

                copied = await connection.copy_from_table(
                    table, output=write, format="csv", header=True, timeout=_LONGEST_SECONDS
                )
        rows = int(copied.rpartition(" ")[2])
        os.chmod(fresh, 0o600)
        digest = await asyncio.to_thread(_sync, fresh)
        fresh.replace(place)
        part = about.with_suffix(".json.part")
        part.write_bytes(orjson.dumps({"table": table, "rows": rows, "sha256": digest}, option=orjson.OPT_INDENT_2))
        _sync(part)
        part.replace(about)
        _sync_folder(self._folder)
        return rows


class ArchiveDamaged(Exception):
    """An archive was changed after it was written: nothing more is dropped until a person has checked it."""


def _checked(place: Path, about: Path) -> int:
    said = orjson.loads(about.read_bytes())
    if not place.exists() or _digest(place) != said["sha256"]:
        raise ArchiveDamaged(f"{place.name} was changed or cut off after it was written")
    return int(said["rows"])


def _sync(path: Path) -> str:
    """Bring a file to the disk; its SHA-256."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
    return _digest(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
