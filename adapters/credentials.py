"""Generated credentials of the first start, kept in the data folder's credentials.json (mode 600).

Only values that the environment does not give are generated. Processes that start together take turns and end with the
same values.
"""

import fcntl
import json
import os
import secrets
from dataclasses import replace
from pathlib import Path

from adapters.private_files import write_private
from adapters.settings.loading import Settings

FILE_NAME = "credentials.json"


class CredentialsError(Exception):
    """The file cannot be read or written; the message is one line for the person at the terminal."""


def complete(settings: Settings) -> Settings:
    """The settings with every secret filled in: from the environment, else from the file, created if need be.

    Raises:
        CredentialsError: the file is damaged, or the data folder does not exist or cannot be written to.
    """
    if settings.secret and settings.admin_password:
        return settings
    path = settings.data_dir / FILE_NAME
    try:
        kept = _keep(path, settings)
    except OSError as error:
        raise CredentialsError(f"cannot read or write {path}: {error.strerror}") from None
    except ValueError:
        raise CredentialsError(f"{path} is damaged: restore it from a backup, or remove it for a new one") from None
    return replace(
        settings,
        secret=settings.secret or kept["secret"],
        admin_password=settings.admin_password or kept["admin_password"],
    )


def _keep(path: Path, settings: Settings) -> dict[str, str]:
    """The file's content; values missing in it and in the environment are generated and added."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        kept = _read(path)
        wanted = dict(kept)
        if not settings.secret and not kept.get("secret"):
            wanted["secret"] = secrets.token_urlsafe(48)
        if not settings.admin_password and not kept.get("admin_password"):
            wanted |= {"admin_email": settings.admin_email, "admin_password": secrets.token_urlsafe(15)}
        if wanted != kept:
            write_private(path, json.dumps(wanted, indent=2) + "\n")
        return wanted
    finally:
        os.close(folder)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise ValueError("not an object of texts")
    return content
