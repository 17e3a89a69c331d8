"""Debian's nginx in front of two web processes, by the files of deploy/nginx with their places changed."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.ports import free_port
from tests.support.processes import ROOT, clean_environment, kill_tree

FOLDER = ROOT / "deploy" / "nginx"
HOST = "desk.example"
_READY_SECONDS = 90.0
# Runs a web process again whenever it has ended, as systemd would, and says which one runs.
_KEEPER = 'while :; do "$0" -m cli web >> "$1" 2>&1 & echo $! > "$2"; wait $!; done'
# Returns when the old process is gone.
RESTART = (
    "pid=$(cat {folder}/PORT.pid); kill -TERM $pid; "
    'while kill -0 $pid 2>/dev/null && [ "$(cat {folder}/PORT.pid)" = $pid ]; do sleep 0.05; done'
)


@dataclass(frozen=True)
class Proxied:
    """A running nginx with its two web processes."""

    address: str
    certificate: Path
    folder: Path
    ports: tuple[int, int]

    def log(self, port: int) -> str:
        """The log of a web process."""
        return (self.folder / f"{port}.log").read_text(encoding="utf-8")

    def restart_one_by_one(self) -> subprocess.CompletedProcess[str]:
        """Run the script of deploy/nginx."""
        command = [FOLDER / "rolling-restart", self.folder / "servers.conf", RESTART.format(folder=self.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)


@contextmanager
def proxied(environment: Mapping[str, str], folder: Path, python: str) -> Iterator[Proxied]:
    """Both web processes and nginx, ready; all ended in the end."""
    ports = (free_port(), free_port())
    secure, plain = free_port(), free_port()
    _certify(folder)
    (folder / "servers.conf").write_text("".join(f"server 127.0.0.1:{port} max_fails=0;\n" for port in ports))
    own = {"TRADEGRAPH_ALLOWED_HOSTS": HOST, "TRADEGRAPH_TRUSTED_PROXIES": "127.0.0.1"}
    with ExitStack() as stack:
        for port in ports:
            command = ["sh", "-c", _KEEPER, python, str(folder / f"{port}.log"), str(folder / f"{port}.pid")]
            given = clean_environment({**environment, **own, "TRADEGRAPH_PORT": str(port)})
            keeper = subprocess.Popen(command, cwd=ROOT, env=given)
            stack.callback(keeper.wait)
            stack.callback(kill_tree, keeper.pid)
        nginx = subprocess.Popen([shutil.which("nginx") or "nginx", "-c", str(_configuration(folder, secure, plain))])
        stack.callback(nginx.wait)
        stack.callback(nginx.terminate)
        for port in ports:
            _wait_for(f"http://127.0.0.1:{port}/readyz?exclude=engine")
        yield Proxied(f"https://{HOST}:{secure}", folder / "tradegraph.crt", folder, ports)


def _configuration(folder: Path, secure: int, plain: int) -> Path:
    """The example configuration with other ports and paths, in a main file without system files."""
    text = (FOLDER / "tradegraph.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/nginx/tradegraph-servers.conf", str(folder / "servers.conf"))
    text = text.replace("/etc/nginx/tradegraph.", f"{folder}/tradegraph.")
    text = re.sub(r"listen 443", f"listen 127.0.0.1:{secure}", text)
    text = re.sub(r"listen 80;", f"listen 127.0.0.1:{plain};", text)
    text = re.sub(r" *listen \[::\].*\n", "", text)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"daemon off;\nuser root;\nworker_processes 2;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}{text}\n}}\n"
    )
    return main


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tradegraph.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tradegraph.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(address, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{address} is not ready")
