"""The folder of the private servers' files, and the lock of the process that serves them.

A *place* is one folder that the servers' account can enter. Usually it is `embedded/` in the data folder. When root
runs us and the data folder lies under a private home, no unprivileged account can get there, and we must not widen
permissions on the way. Then the place is a folder of its own outside, `embedded/location` points to it, and a file in
it points back. The place itself belongs to the user who starts us; only the folders of the two servers inside it belong
to the servers' account, so root never writes into a folder that another account controls.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from adapters.embedded.errors import EmbeddedError
from adapters.embedded.system_account import Account, server_account

# Folders that survive a reboot and that every account can enter; the first that works is used.
OUTSIDE_PARENTS = (Path("/var/lib"), Path("/srv"), Path("/opt"))
OUTSIDE_NAME = "tradegraph"

_LOCK_SECONDS = 0.5
_LOCK_PAUSE_SECONDS = 0.02
_POINTER = "location"
_OWNER = "data-folder"


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """The servers' folder, and the account that they run as."""

    folder: Path
    account: Account

    @property
    def postgres(self) -> Path:
        """The database's folder."""
        return self.folder / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's working folder."""
        return self.folder / "valkey"

    def make_server_folder(self, folder: Path) -> None:
        """Create a folder that only the servers' account may enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self.account.give(folder)

    def write_for_server(self, name: str, text: str) -> Path:
        """Write a file that only the servers' account may read, replacing an older one."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            self.account.give(path)
            file.write(text)
        return path


class FolderLock:
    """Held by the one process that serves a data folder; the system releases it when that process dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock or name its holder."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _lock_within(descriptor, _LOCK_SECONDS):
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise EmbeddedError(
                f"the data folder {self._path.parent.parent} is already served by process {holder}: "
                "stop it first, or set TRADEGRAPH_DATA_DIR to another folder"
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_locked(folder: Path) -> bool:
    """True if a process serves the data folder that this folder belongs to now."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock_within(descriptor: int, seconds: float) -> bool:
    """Take the lock, waiting shortly for processes that only check whether it is held."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOCK_PAUSE_SECONDS)
        else:
            return True


def _create_private_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        # Another process that starts at the same time has made it.
        if not folder.is_dir():
            raise
    else:
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def make_private_folder(folder: Path) -> None:
    """Create the folder if needed; existing content keeps its permissions.

    Root's folder can be passed through, not read, by other accounts: the servers' account has its files further down.
    """
    try:
        if not folder.exists():
            _create_private_folder(folder)
        writable = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    except OSError as error:
        raise EmbeddedError(f"cannot create the data folder {folder}: {error.strerror}") from None
    if not folder.is_dir() or not writable:
        raise EmbeddedError(f"the data folder {folder} is not a folder that this account may write to")


def find_place(embedded: Path, *, throwaway: bool) -> ServerPlace:
    """The place of a data folder's servers, created at first use; `embedded` is the folder inside the data folder.

    A throw-away place outside is made where temporary files go, not where data is kept.
    """
    pointer = embedded / _POINTER
    if pointer.exists():
        place = _follow(pointer, embedded)
    else:
        account = server_account(embedded / "postgres")
        if account.can_use(embedded):
            place = ServerPlace(embedded, account)
        elif (embedded / "postgres").exists():
            raise EmbeddedError(
                f"the database in {embedded} belongs to an account that cannot enter that folder any more: "
                "move the data folder back, or let that account pass through the folders above it"
            )
        else:
            place = ServerPlace(_create_outside(embedded, throwaway=throwaway), account)
            pointer.write_text(f"{place.folder}\n", encoding="utf-8")
    _check_owner(place)
    place.make_server_folder(place.valkey)
    return place


def remove_place(place: ServerPlace, embedded: Path) -> None:
    """Delete all files of the servers."""
    shutil.rmtree(place.postgres, ignore_errors=True)
    shutil.rmtree(place.valkey, ignore_errors=True)
    if place.folder != embedded:
        shutil.rmtree(place.folder)


def _follow(pointer: Path, embedded: Path) -> ServerPlace:
    """The place that a pointer names, if it is ours alone."""
    folder = Path(pointer.read_text(encoding="utf-8").strip())
    owner_file = folder / _OWNER
    try:
        owner = Path(owner_file.read_text(encoding="utf-8").strip())
    except OSError:
        raise EmbeddedError(
            f"this data folder's database was kept in {folder}, which is gone: put it back, or remove {pointer} "
            "to begin with an empty one"
        ) from None
    if owner != embedded:
        theirs = owner / _POINTER
        if theirs.exists() and theirs.read_text(encoding="utf-8").strip() == str(folder):
            raise EmbeddedError(
                f"the database in {folder} belongs to the data folder {owner.parent}, of which {embedded.parent} "
                f"is a copy: remove {pointer} to begin with an empty database"
            )
        owner_file.write_text(f"{embedded}\n", encoding="utf-8")  # The data folder was moved.
    return ServerPlace(folder, server_account(folder / "postgres"))


def _create_outside(embedded: Path, *, throwaway: bool) -> Path:
    """A new folder outside the data folder that every account may pass through, none but ours list or change."""
    name = f"{OUTSIDE_NAME}-{secrets.token_hex(8)}"
    parents = (Path(tempfile.gettempdir()), *OUTSIDE_PARENTS) if throwaway else OUTSIDE_PARENTS
    account = server_account()
    for parent in parents:
        folder = parent / name
        try:
            folder.mkdir(mode=0o711)
        except OSError:
            continue
        folder.chmod(0o711)
        if account.can_use(folder):
            (folder / _OWNER).write_text(f"{embedded}\n", encoding="utf-8")
            return folder
        folder.rmdir()
    raise EmbeddedError(
        f"no unprivileged account can reach {embedded}, and none of {', '.join(map(str, parents))} can be used "
        "instead: set TRADEGRAPH_DATA_DIR to a folder outside any private home, or DATABASE_URL and REDIS_URL"
    )


def _check_owner(place: ServerPlace) -> None:
    """Refuse a database that another account owns: PostgreSQL would do so with a less clear message."""
    if place.postgres.exists() and place.postgres.stat().st_uid != place.account.uid:
        raise EmbeddedError(
            f"the database in {place.postgres} belongs to another account: start as the one that created it, "
            "or set TRADEGRAPH_DATA_DIR to another folder"
        )
