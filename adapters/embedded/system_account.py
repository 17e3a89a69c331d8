"""The system account of the private servers.

PostgreSQL refuses to run as root, and neither server needs root's rights. So root runs both as an unprivileged account:
the owner of an existing database folder, else a `tradegraph` account when the operator has made one, else `nobody`.
Other users run them as themselves.
"""

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from adapters.embedded.errors import EmbeddedError

PREFERRED_NAMES = ("tradegraph", "nobody")

_COMMAND_TIMEOUT_SECONDS = 120.0


class SpawnOptions(TypedDict, total=False):
    """The part of subprocess.Popen's arguments that switches the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """A system account; `switch` says whether this process must change to it to run a server."""

    uid: int
    gid: int
    switch: bool

    def spawn_options(self) -> SpawnOptions:
        """Arguments for subprocess that run the child as this account, with no supplementary group."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make this account the owner of a path that this process has just created."""
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_use(self, folder: Path) -> bool:
        """True if this account can enter the folder, found by trying it."""
        if not self.switch:
            return os.access(folder, os.R_OK | os.X_OK)
        probe = ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)]
        return self._succeeds(probe)

    def can_run(self, binary: Path) -> bool:
        """True if this account can execute the binary, libraries included."""
        return self._succeeds([str(binary), "--version"])

    def _succeeds(self, command: Sequence[str]) -> bool:
        try:
            return run(command, self, cwd=Path("/")).returncode == 0
        except (PermissionError, FileNotFoundError):
            return False


def server_account(existing: Path | None = None) -> Account:
    """The account to run servers as; `existing` is a database folder whose owner then decides."""
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid(), switch=False)
    if existing is not None and existing.exists():
        owner = existing.stat()
        if owner.st_uid != 0:
            return Account(uid=owner.st_uid, gid=owner.st_gid, switch=True)
    for name in PREFERRED_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(uid=entry.pw_uid, gid=entry.pw_gid, switch=True)
    raise EmbeddedError(
        "PostgreSQL refuses to run as root and there is no unprivileged account to run it as: create a system "
        "account named tradegraph, or set DATABASE_URL and REDIS_URL"
    )


def server_environment() -> Mapping[str, str]:
    """The environment of a server: empty of the caller's, so that no PG* variable or secret leaks into it."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def run(
    command: Sequence[str], account: Account, *, cwd: Path, stdin_text: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a short command as the account and return its result, output captured; never raises on its exit code."""
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=server_environment(),
            input=stdin_text,
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_SECONDS,
            check=False,
            **account.spawn_options(),
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddedError(f"{command[0]} did not finish within {_COMMAND_TIMEOUT_SECONDS:g} seconds") from error
