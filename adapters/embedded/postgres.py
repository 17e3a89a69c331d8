"""The private PostgreSQL: created once, then started, stopped, killed and recovered on the same files.

It listens on loopback only and always asks for a password. The application's role owns its database and nothing more;
the superuser is for maintenance.
"""

import shutil
import signal
import sys

from adapters.embedded.binaries import POSTGRES_MAJOR, Binaries
from adapters.embedded.errors import EmbeddedError
from adapters.embedded.ports import LOOPBACK, PortTakenError, says_port_taken
from adapters.embedded.process import ServerProcess, end_orphans, wait_until
from adapters.embedded.server_folder import ServerPlace
from adapters.embedded.system_account import run

SUPERUSER = "postgres"
ROLE = "tradegraph"
DATABASE = "tradegraph"

# Recovery after a crash replays at most max_wal_size; this is many times what that takes on a slow disk.
START_TIMEOUT_SECONDS = 300.0
STOP_TIMEOUT_SECONDS = 60.0

_COMMON_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
_DURABLE_SETTINGS = {
    "shared_buffers": "256MB",
    # What was written since the last checkpoint is replayed after a crash. While much is written, its size brings the
    # next one about; while little is, this does.
    "checkpoint_timeout": "2min",
    # One log file per day of the week, so that the log cannot grow for ever.
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgresql-%a.log",
    "log_file_mode": "0600",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
}
# Before it recovers, a server makes sure that all its files are on the disk. One by one, the files of all partitions
# take seconds on a busy disk.
if sys.platform == "linux":
    _DURABLE_SETTINGS["recovery_init_sync_method"] = "syncfs"
_FAST_SETTINGS = {
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # The files are in memory, where that is possible.
    "max_wal_size": "256MB",
}


def application_url(password: str, port: int) -> str:
    """The address of the application's database."""
    return f"postgresql://{ROLE}:{password}@{LOOPBACK}:{port}/{DATABASE}"


class PostgresServer:
    """One private PostgreSQL server on the database folder of a place."""

    name = "PostgreSQL"

    def __init__(
        self,
        place: ServerPlace,
        binaries: Binaries,
        *,
        password: str,
        superuser_password: str,
        port: int,
        durable: bool,
    ) -> None:
        self.port = port
        self._place = place
        self._binaries = binaries
        self._password = password
        self._superuser_password = superuser_password
        self._durable = durable
        self._process = ServerProcess(
            account=place.account,
            folder=place.postgres,
            log=place.folder / "postgres.log",
            stop_signal=signal.SIGINT,  # "Fast shutdown": transactions are rolled back, everything is written.
        )

    @property
    def url(self) -> str:
        """The application's database."""
        return application_url(self._password, self.port)

    @property
    def superuser_url(self) -> str:
        """The same database as the superuser."""
        return f"postgresql://{SUPERUSER}:{self._superuser_password}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True if the server's process exists; it may still be recovering."""
        return self._process.running

    def start(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
        """Start the server and wait until it accepts connections, recovery included.

        Creates the database at the first start. A server that an earlier launcher left behind on these files is
        stopped first.

        Raises:
            EmbeddedError: it did not start; the message ends with the server's own reason.
            PortTakenError: somebody else listens on the port.
        """
        self._create_once()
        self._check_version()
        self._clear_previous_server()
        self._process.start(self._command())
        if wait_until(self._accepts_connections, self._process, timeout_seconds):
            return
        ended = not self._process.running
        self.stop()
        if says_port_taken(self._log_text()):
            raise PortTakenError(f"port {self.port} is in use")
        what = "did not start" if ended else f"was not ready within {timeout_seconds:g} seconds"
        raise EmbeddedError(f"the private PostgreSQL {what}: {self._reason()}")

    def stop(self) -> None:
        """Stop the server cleanly; its clients' open transactions are rolled back."""
        # SIGQUIT, "immediate shutdown", leaves recovery to the next start, as a crash does; nothing is lost.
        self._process.stop(STOP_TIMEOUT_SECONDS, then=signal.SIGQUIT)

    def kill(self) -> None:
        """End the server and its backends with SIGKILL."""
        self._process.kill()

    def _create_once(self) -> None:
        """Make the database folder under another name first, so that it is either complete or absent."""
        if self._place.postgres.exists():
            return
        fresh = self._place.folder / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._place.make_server_folder(fresh)
        password_file = self._place.write_for_server("postgres.password", self._superuser_password)
        try:
            self._run(
                "initdb",
                f"--pgdata={fresh}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions",
                *(() if self._durable else ("--no-sync",)),
            )
        finally:
            password_file.unlink()
        # Single-user mode: nothing listens yet, and the passwords are on no command line.
        self._run(
            "postgres",
            "--single",
            "-c",
            "exit_on_error=on",
            "-D",
            str(fresh),
            "postgres",
            statements=f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self._password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n",
        )
        fresh.rename(self._place.postgres)

    def _run(self, program: str, *arguments: str, statements: str = "") -> None:
        command = [str(self._binaries.postgres(program)), *arguments]
        result = run(command, self._place.account, cwd=self._place.folder, stdin_text=statements)
        if result.returncode != 0:
            problem = (result.stderr.strip() or result.stdout.strip() or "no reason given").splitlines()
            raise EmbeddedError(f"the private PostgreSQL cannot be created: {problem[-1]}")

    def _check_version(self) -> None:
        version_file = self._place.postgres / "PG_VERSION"
        try:
            version = version_file.read_text(encoding="ascii").strip()
        except OSError as error:
            raise EmbeddedError(f"{version_file} cannot be read ({error.strerror}): is this a database?") from None
        if version != str(POSTGRES_MAJOR):
            raise EmbeddedError(
                f"the database in {self._place.postgres} was written by PostgreSQL {version}, and this release runs "
                f"{POSTGRES_MAJOR}: dump and restore it as docs/operations.md describes"
            )

    def _clear_previous_server(self) -> None:
        """Stop a server left by an earlier launcher, and remove its pid file when its process is gone.

        PostgreSQL itself would refuse to start when the number in a stale file has become another process's; here the
        file is removed only after no process works in the folder any more.
        """
        pid_file = self._place.postgres / "postmaster.pid"
        if not pid_file.exists():
            return
        end_orphans(self._place.postgres, "postgres", self._place.account, signal.SIGINT, STOP_TIMEOUT_SECONDS)
        pid_file.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        settings = _COMMON_SETTINGS | (_DURABLE_SETTINGS if self._durable else _FAST_SETTINGS)
        settings["port"] = str(self.port)
        command = [str(self._binaries.postgres("postgres")), "-D", str(self._place.postgres)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _accepts_connections(self) -> bool:
        """The last line of the pid file is the server's state; `ready` comes after recovery."""
        try:
            lines = (self._place.postgres / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _log_text(self) -> str:
        """The output since the start, with the log collector's newest file."""
        files = sorted((self._place.postgres / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        collected = files[-1].read_text(encoding="utf-8", errors="replace") if files and self._durable else ""
        return self._process.log_text() + collected

    def _reason(self) -> str:
        """The last line that names a problem."""
        lines = self._log_text().splitlines()
        problems = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
        return (problems or lines or [f"see {self._place.folder}"])[-1].strip()
