"""Both private servers together, as one context."""

import json
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from adapters.embedded.binaries import usable_binaries
from adapters.embedded.errors import EmbeddedError
from adapters.embedded.ports import PortTakenError, free_port, is_free
from adapters.embedded.postgres import PostgresServer, application_url
from adapters.embedded.server_folder import FolderLock, find_place, is_locked, make_private_folder, remove_place
from adapters.embedded.valkey import ValkeyServer, valkey_url
from adapters.private_files import write_private

FOLDER = "embedded"
STATE_FILE = "state.json"

_PORT_ATTEMPTS = 5


@dataclass(slots=True)
class State:
    """Values that stay the same at the next start: the passwords always, the ports when they are still free."""

    postgres_password: str
    postgres_superuser_password: str
    valkey_password: str
    postgres_port: int = 0
    valkey_port: int = 0


@dataclass(frozen=True, slots=True)
class EmbeddedServices:
    """The started servers of a data folder, one or both.

    Each can be stopped, killed and started again on its own; its URL stays.
    """

    postgres: PostgresServer
    valkey: ValkeyServer
    started: tuple[PostgresServer | ValkeyServer, ...]

    @property
    def database_url(self) -> str:
        """The application's database."""
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        """The Redis-compatible server."""
        return self.valkey.url


@contextmanager
def embedded_services(
    data_dir: Path, *, durable: bool = True, postgres: bool = True, valkey: bool = True
) -> Iterator[EmbeddedServices]:
    """Start the data folder's servers (those asked for), and stop them at the end.

    Not durable means for tests: nothing is flushed to the disk, and all files are deleted at the end.

    Raises:
        EmbeddedError: another live process serves this data folder, or a server cannot be started.
    """
    data_dir = data_dir.resolve()
    embedded = data_dir / FOLDER
    make_private_folder(data_dir)
    make_private_folder(embedded)
    lock = FolderLock(embedded)
    lock.acquire()
    try:
        yield from _serve(embedded, durable=durable, postgres=postgres, valkey=valkey)
    finally:
        lock.release()
        if not durable:
            shutil.rmtree(embedded)


def running_services(data_dir: Path) -> tuple[str, str] | None:
    """The database's and Valkey's addresses when another process serves the data folder now, else None.

    Raises:
        EmbeddedError: the data folder belongs to another account.
    """
    embedded = data_dir.resolve() / FOLDER
    try:
        if not is_locked(embedded):
            return None
        state = State(**json.loads((embedded / STATE_FILE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except PermissionError:
        raise EmbeddedError(f"the data folder {data_dir} belongs to another account") from None
    except (ValueError, TypeError):
        raise EmbeddedError(f"{embedded / STATE_FILE} is damaged: restore it from a backup") from None
    return (
        application_url(state.postgres_password, state.postgres_port),
        valkey_url(state.valkey_password, state.valkey_port),
    )


def _serve(embedded: Path, *, durable: bool, postgres: bool, valkey: bool) -> Iterator[EmbeddedServices]:
    place = find_place(embedded, throwaway=not durable)
    binaries = usable_binaries(place)
    state = _load_state(embedded, place.postgres)
    database = PostgresServer(
        place,
        binaries,
        password=state.postgres_password,
        superuser_password=state.postgres_superuser_password,
        port=state.postgres_port,
        durable=durable,
    )
    cache = ValkeyServer(place, binaries, password=state.valkey_password, port=state.valkey_port, durable=durable)
    try:
        with ThreadPoolExecutor(1, "valkey") as beside:
            started = beside.submit(_start_on_a_port, cache) if valkey else None
            if postgres:
                state.postgres_port = _start_on_a_port(database)
            if started is not None:
                state.valkey_port = started.result()
        _save_state(embedded, state)
        yield EmbeddedServices(database, cache, (database,) * postgres + (cache,) * valkey)
    finally:
        cache.stop()
        database.stop()
        if not durable:
            remove_place(place, embedded)


def _start_on_a_port(server: PostgresServer | ValkeyServer) -> int:
    """Start the server on the port that it had, else on any free one."""
    if server.port == 0 or not is_free(server.port):
        server.port = free_port()
    for _ in range(_PORT_ATTEMPTS):
        try:
            server.start()
        except PortTakenError:
            server.port = free_port()
        else:
            return server.port
    raise EmbeddedError("no free port could be found on the loopback interface")


def _load_state(embedded: Path, database: Path) -> State:
    path = embedded / STATE_FILE
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        if database.exists():
            raise EmbeddedError(
                f"{path}, which holds the password of the database in {database}, is gone: restore it from a backup"
            ) from None
    except (OSError, ValueError, TypeError):
        raise EmbeddedError(f"{path} is damaged: restore it from a backup") from None
    state = State(
        postgres_password=secrets.token_urlsafe(32),
        postgres_superuser_password=secrets.token_urlsafe(32),
        valkey_password=secrets.token_urlsafe(32),
    )
    _save_state(embedded, state)
    return state


def _save_state(embedded: Path, state: State) -> None:
    write_private(embedded / STATE_FILE, json.dumps(asdict(state), indent=2) + "\n")
