"""The private Valkey: loopback only, password always, bounded memory.

It holds no data that matters. A snapshot is kept all the same, so that a restart finds the last quotes; an unreadable
one is deleted.
"""

import signal

import redis

from adapters.embedded.binaries import Binaries
from adapters.embedded.errors import EmbeddedError
from adapters.embedded.ports import LOOPBACK, PortTakenError, says_port_taken
from adapters.embedded.process import ServerProcess, end_orphans, wait_until
from adapters.embedded.server_folder import ServerPlace

START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 10.0

_SNAPSHOT = "dump.rdb"


def valkey_url(password: str, port: int) -> str:
    """The address of the server's first database."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


class ValkeyServer:
    """One private Valkey server in the working folder of a place."""

    name = "Valkey"

    def __init__(self, place: ServerPlace, binaries: Binaries, *, password: str, port: int, durable: bool) -> None:
        self.port = port
        self._place = place
        self._binaries = binaries
        self._password = password
        self._durable = durable
        self._process = ServerProcess(
            account=place.account,
            folder=place.valkey,
            log=place.folder / "valkey.log",
            stop_signal=signal.SIGTERM,
        )

    @property
    def url(self) -> str:
        """The server's first database."""
        return valkey_url(self._password, self.port)

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """True if the server's process exists."""
        return self._process.running

    def start(self, timeout_seconds: float = START_TIMEOUT_SECONDS) -> None:
        """Start the server and wait until it answers.

        A server that an earlier launcher left behind in this folder is stopped first.

        Raises:
            EmbeddedError: it did not start; the message ends with the server's own reason.
            PortTakenError: somebody else listens on the port.
        """
        end_orphans(self._place.valkey, "valkey-server", self._place.account, signal.SIGTERM, STOP_TIMEOUT_SECONDS)
        if self._start_once(timeout_seconds):
            return
        if says_port_taken(self._process.log_text()):
            raise PortTakenError(f"port {self.port} is in use")
        snapshot = self._place.valkey / _SNAPSHOT
        if snapshot.exists():
            snapshot.unlink()
            if self._start_once(timeout_seconds):
                return
        lines = self._process.log_text().splitlines() or ["no reason given"]
        raise EmbeddedError(f"the private Valkey did not start: {lines[-1].strip()}")

    def stop(self) -> None:
        """Stop the server after its snapshot is written."""
        self._process.stop(STOP_TIMEOUT_SECONDS)

    def kill(self) -> None:
        """End the server with SIGKILL."""
        self._process.kill()

    def _start_once(self, timeout_seconds: float) -> bool:
        # A file that only the server's account can read: a password on the command line is visible to everybody.
        configuration = self._place.write_for_server("valkey.conf", self._configuration())
        self._process.start([str(self._binaries.valkey_server), str(configuration)])
        if wait_until(self._answers, self._process, timeout_seconds):
            return True
        self._process.stop(STOP_TIMEOUT_SECONDS)
        return False

    def _configuration(self) -> str:
        settings = [
            ("bind", LOOPBACK),
            ("port", str(self.port)),
            ("requirepass", self._password),
            ("protected-mode", "yes"),
            ("dir", f'"{self._place.valkey}"'),
            ("dbfilename", _SNAPSHOT),
            ("save", "300 1" if self._durable else '""'),
            # A snapshot that cannot be written (a full disk) must not stop the trading.
            ("stop-writes-on-bgsave-error", "no"),
            ("appendonly", "no"),
            ("maxmemory", "512mb"),
            # Only what was given a time to live may go; queued jobs stay.
            ("maxmemory-policy", "volatile-lru"),
        ]
        return "".join(f"{name} {value}\n" for name, value in settings)

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_timeout=1.0, socket_connect_timeout=1.0)
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            return False  # Another server's port; ours ends by itself with that reason in its log.
        except (redis.ConnectionError, redis.TimeoutError):
            return False  # Not there yet, or still loading its snapshot.
        finally:
            client.close()
