"""Backups: a folder with a dump of the database and a manifest that describes it and proves that it is complete.

A backup is written beside its place and renamed when it is complete, so that a folder with a manifest is a whole one.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

DUMP = "database.dump"
MANIFEST = "manifest.json"
# Of the folder and the manifest; it changes when older releases could not read them.
FORMAT = 1
_CHUNK_BYTES = 1 << 20


class BackupError(Exception):
    """A backup that cannot be used. ``code`` names the reason for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a backup: its release and schema, its server, its time, and the digest of its dump."""

    format: int
    release: str
    migrations: list[str]
    postgres_major: int
    created_at: str
    dump_bytes: int
    dump_sha256: str


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Complete a backup."""
    with (folder / MANIFEST).open("w", encoding="utf-8") as file:
        json.dump(asdict(manifest), file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup.

    Raises:
        BackupError: there is none, or this release does not understand it.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise BackupError("NO_BACKUP", f"{folder} is no backup: {MANIFEST} cannot be read ({error.strerror})") from None
    except ValueError:
        raise BackupError("BACKUP_DAMAGED", f"{folder / MANIFEST} is no JSON") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise BackupError("BACKUP_OF_ANOTHER_VERSION", f"{folder} has a format that this release does not know")
    try:
        return Manifest(**content)
    except TypeError:
        raise BackupError("BACKUP_DAMAGED", f"{folder / MANIFEST} is incomplete") from None


def check_dump(folder: Path, manifest: Manifest) -> None:
    """Read the whole dump and compare it with the manifest.

    Raises:
        BackupError: it is not the one that was written.
    """
    try:
        size, digest = measure_dump(folder)
    except OSError as error:
        raise BackupError("BACKUP_DAMAGED", f"{folder / DUMP} cannot be read: {error.strerror}") from None
    if (size, digest) != (manifest.dump_bytes, manifest.dump_sha256):
        raise BackupError("BACKUP_DAMAGED", f"{folder / DUMP} was changed or cut off after it was written")


def measure_dump(folder: Path) -> tuple[int, str]:
    """The size of a dump and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with (folder / DUMP).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def check_version(manifest: Manifest, known: list[str], server_major: int, *, upgrade: bool) -> None:
    """A backup fits this release and this server, or with ``upgrade`` can be brought up to date by migrations.

    Raises:
        BackupError: it does not.
    """
    if manifest.postgres_major > server_major:
        raise BackupError(
            "BACKUP_OF_ANOTHER_VERSION",
            f"it is of PostgreSQL {manifest.postgres_major}, and the server here is {server_major}: "
            "restore into one that is as new",
        )
    unknown = [name for name in manifest.migrations if name not in known]
    if unknown:
        raise BackupError(
            "BACKUP_OF_ANOTHER_VERSION",
            f"it is of release {manifest.release}, which has {len(unknown)} migrations that this release does not "
            f"know (the last is {unknown[-1]}): restore with that release or a newer one",
        )
    missing = [name for name in known if name not in manifest.migrations]
    if missing and not upgrade:
        raise BackupError(
            "BACKUP_OF_ANOTHER_VERSION",
            f"it is of release {manifest.release}, which lacks {len(missing)} migrations of this release: "
            "restore with that release, or give --upgrade to apply them after restoring",
        )
