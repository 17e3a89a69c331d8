"""etcd, two PostgreSQL under Patroni, HAProxy and PgBouncer: Debian's programs, with the files of deploy/ha.

The files are used as they are but for addresses, places and passwords. Everything runs as the account `postgres`, on
loopback and free ports, in a folder that is removed in the end.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import httpx
import psutil

from tests.support.ports import free_port
from tests.support.processes import ROOT, is_gone, kill_tree

Answer = TypeVar("Answer")
FILES = ROOT / "deploy" / "ha"
ACCOUNT = "postgres"
PROGRAMS = ("etcd", "patroni", "haproxy", "pgbouncer")
BINARIES = Path("/usr/lib/postgresql/15/bin")
PASSWORD = "trade-for-the-test"
_STARTED_SECONDS = 120.0
_POLL_SECONDS = 0.1


def missing() -> str | None:
    """The reason why the cluster cannot run here, or None."""
    if os.geteuid() != 0:
        return "only root can run it as another account"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    lacking += [] if (BINARIES / "postgres").exists() else ["postgresql-15"]
    return f"not installed here: {', '.join(lacking)}" if lacking else None


@dataclass
class Node:
    """One machine of the cluster: Patroni with its PostgreSQL."""

    name: str
    rest: int
    port: int
    folder: Path
    patroni: subprocess.Popen[bytes] | None = None

    def is_primary(self) -> bool:
        """True if Patroni reports it as the primary."""
        return self._says("/primary")

    def is_synchronous(self) -> bool:
        """Whether each commit waits for it."""
        return self._says("/synchronous")

    def postmaster(self) -> int:
        """The process id of its PostgreSQL."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def kill_postgres(self) -> None:
        """SIGKILL for PostgreSQL alone, with all its sessions."""
        kill_tree(self.postmaster())

    def kill_machine(self) -> None:
        """SIGKILL for Patroni and PostgreSQL at once, as when the machine is gone."""
        assert self.patroni is not None
        postgres = self.postmaster()
        self.patroni.kill()
        self.patroni.wait()
        kill_tree(postgres)

    def _says(self, path: str) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.rest}{path}", trust_env=False, timeout=2).status_code == 200
        except httpx.TransportError:
            return False


@dataclass
class Cluster:
    """The running processes of the cluster, and their addresses."""

    folder: Path
    nodes: tuple[Node, Node]
    proxy_port: int
    pooler_port: int
    etcd: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The database through HAProxy: always the primary."""
        return f"postgresql://tradegraph:{PASSWORD}@127.0.0.1:{self.proxy_port}/tradegraph"

    @property
    def pooled_url(self) -> str:
        """The database through PgBouncer in transaction mode, and HAProxy behind it."""
        return f"postgresql://tradegraph:{PASSWORD}@127.0.0.1:{self.pooler_port}/tradegraph"

    def primary(self) -> Node:
        """The node that takes writes now."""
        return wait_for(lambda: next((node for node in self.nodes if node.is_primary()), None), "a primary")

    def standby(self) -> Node:
        """The node that follows, once commits wait for it."""
        return wait_for(
            lambda: next((node for node in self.nodes if node.is_synchronous()), None), "a synchronous standby"
        )

    def start_node(self, node: Node) -> None:
        """Start a machine, or start it again: Patroni does the rest."""
        configuration = self._configured("patroni.yml", f"{node.name}.yml", _patroni_places(self, node))
        with (self.folder / f"{node.name}.log").open("ab") as log:
            node.patroni = self._popen(["patroni", str(configuration)], log)

    def listed(self) -> str:
        """The output of ``patronictl list``."""
        command = ["patronictl", "-c", str(self.folder / f"{self.nodes[0].name}.yml"), "list"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def log(self, name: str) -> str:
        """The log of a process."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Everything, in its order."""
        peers = free_port()
        client, peer = f"http://127.0.0.1:{self.etcd}", f"http://127.0.0.1:{peers}"
        self._run(
            "etcd",
            [
                "etcd",
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls={client}",
                f"--advertise-client-urls={client}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
            ],
        )
        wait_for(lambda: _answers(f"{client}/health"), "etcd")
        first, second = self.nodes
        self.start_node(first)
        wait_for(first.is_primary, "the first node")
        self.start_node(second)
        self.standby()
        self._run(
            "haproxy", ["haproxy", "-db", "-f", str(self._configured("haproxy.cfg", "haproxy.cfg", self._places()))]
        )
        (self.folder / "userlist.txt").write_text(f'"tradegraph" "{PASSWORD}"\n')
        self._run("pgbouncer", ["pgbouncer", str(self._configured("pgbouncer.ini", "pgbouncer.ini", self._places()))])

        # HAProxy takes each for a primary until it has asked.
        wait_for(lambda: f"Server primary/{self.standby().name} is DOWN" in self.log("haproxy"), "what HAProxy finds")
        for port in (self.proxy_port, self.pooler_port):
            wait_for(lambda port=port: _listens(port), f"port {port}")

    def _places(self) -> Sequence[tuple[str, str]]:
        first, second = self.nodes
        return (
            ("127.0.0.1:5000", f"127.0.0.1:{self.proxy_port}"),
            ("127.0.0.1:5001", f"127.0.0.1:{free_port()}"),
            ("NODE1 ADDRESS1:5432 check port 8008", f"{first.name} 127.0.0.1:{first.port} check port {first.rest}"),
            ("NODE2 ADDRESS2:5432 check port 8008", f"{second.name} 127.0.0.1:{second.port} check port {second.rest}"),
            ("port=5000", f"port={self.proxy_port}"),
            ("listen_port = 6432", f"listen_port = {self.pooler_port}\nunix_socket_dir ="),
            ("/etc/pgbouncer/userlist.txt", str(self.folder / "userlist.txt")),
        )

    def _configured(self, name: str, as_name: str, places: Sequence[tuple[str, str]]) -> Path:
        text = (FILES / name).read_text(encoding="utf-8")
        for old, new in places:
            text = text.replace(old, new)
        path = self.folder / as_name
        path.write_text(text)
        shutil.chown(path, ACCOUNT, ACCOUNT)
        return path

    def _run(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._popen(command, log)

    def _popen(self, command: list[str], log: object) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env={
                "PATH": f"{BINARIES}:{os.environ['PATH']}",
                "TRADEGRAPH_DATABASE_PASSWORD": PASSWORD,
                "LC_ALL": "C.UTF-8",
            },
            stdout=log,  # type: ignore[arg-type]  # a file
            stderr=subprocess.STDOUT,
            user=ACCOUNT,
            group=ACCOUNT,
            extra_groups=[],
        )
        self.started.append(process)
        return process

    def stop(self) -> None:
        """End everything at once: nothing of it is kept."""
        postmasters = [node.postmaster() for node in self.nodes if (node.folder / "data" / "postmaster.pid").exists()]
        for process in self.started:
            kill_tree(process.pid)
            process.wait()
        for pid in postmasters:
            if psutil.pid_exists(pid) and psutil.Process(pid).name() == "postgres":
                kill_tree(pid)
                wait_for(lambda pid=pid: not psutil.pid_exists(pid) or is_gone(psutil.Process(pid)), "its end")


def _patroni_places(cluster: Cluster, node: Node) -> Sequence[tuple[str, str]]:
    return (
        ("ETCD1:2379,ETCD2:2379,ETCD3:2379", f"127.0.0.1:{cluster.etcd}"),
        ("ADDRESS:8008", f"127.0.0.1:{node.rest}"),
        ("ADDRESS:5432", f"127.0.0.1:{node.port}"),
        ("name: NODE", f"name: {node.name}"),
        ("/var/lib/postgresql/15/tradegraph", str(node.folder / "data")),
        ("/var/lib/postgresql/.patroni_pgpass", str(node.folder / "pgpass")),
        ("/var/run/postgresql", str(node.folder)),
        ("/etc/patroni/make-database", str(cluster.folder / "make-database")),
    )


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """A running cluster of a primary and a standby; stopped and removed at the end."""
    folder.mkdir(parents=True)
    nodes = []
    # No name may be a word of synchronous_standby_names, such as first.
    for name in ("db1", "db2"):
        (folder / name).mkdir(mode=0o700)
        nodes.append(Node(name, free_port(), free_port(), folder / name))
    shutil.copy(FILES / "make-database", folder / "make-database")
    for path in (folder, *folder.rglob("*")):
        shutil.chown(path, ACCOUNT, ACCOUNT)
    made = Cluster(folder, (nodes[0], nodes[1]), free_port(), free_port(), free_port())
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(made.stop)
        made.start()
        yield made


def wait_for(question: Callable[[], Answer | None], what: str, seconds: float = _STARTED_SECONDS) -> Answer:
    """The first answer that is neither None nor False.

    Raises:
        AssertionError: there was none in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = question()
        if answer:
            return answer
        time.sleep(_POLL_SECONDS)
    raise AssertionError(f"{what} did not come within {seconds:g} s")


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
