"""`tradegraph up` with stand-ins for the processes: servers, first administrator, restarts, and every way to end."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from adapters.embedded import running_services
from adapters.embedded.ports import LOOPBACK
from cli.processes import CALENDARS
from tests.support.ports import free_port
from tests.support.processes import ROOT, Running, clean_environment, is_gone, kill_tree, run, running
from tests.support.waiting import eventually, until

_WEB = """
import http.server, os, sys, signal
sys.path.insert(0, os.getcwd())
from cli.lifeline import watch_lifeline
watch_lifeline()
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path.startswith("/readyz") else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
address = (os.environ["TRADEGRAPH_HOST"], int(os.environ["TRADEGRAPH_PORT"]))
print("serving", os.getpid(), os.environ["DATABASE_URL"], flush=True)
http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""


@pytest.fixture
def environment(kept_data_dir: Path) -> dict[str, str]:
    return {
        "TRADEGRAPH_DATA_DIR": str(kept_data_dir),
        "TRADEGRAPH_HOST": LOOPBACK,
        "TRADEGRAPH_PORT": str(free_port()),
    }


@pytest.fixture
def procfile(open_tmp_path: Path) -> Path:
    (open_tmp_path / "web.py").write_text(_WEB)
    path = open_tmp_path / "Procfile"
    path.write_text(f"web: python {open_tmp_path / 'web.py'}\nworker: exec sleep 600\n")
    return path


async def _users(url: str) -> list[tuple[str, str]]:
    connection = await asyncpg.connect(url)
    try:
        return [(row["email"], row["role"]) for row in await connection.fetch("SELECT email, role FROM users")]
    finally:
        await connection.close()


def _web(up: Running) -> psutil.Process:
    """The newest web process."""
    line = next(line for line in reversed(up.output.splitlines()) if "| serving " in line)
    return psutil.Process(int(line.partition("| serving ")[2].split()[0]))


async def test_up_starts_everything_and_stops_it_again(environment: dict[str, str], procfile: Path) -> None:
    data_dir = Path(environment["TRADEGRAPH_DATA_DIR"])
    with running(["up", "--procfile", str(procfile)], environment) as up:
        up.wait_for_line(lambda line: line == "ready")
        credentials = json.loads((data_dir / "credentials.json").read_text())
        await _check_first_start(up, credentials, environment)
        _check_second_launcher_and_other_commands(up, environment, procfile)
        await _check_restarts(up, data_dir)
        started = up.descendants()
        assert up.stop(signal.SIGTERM) == 0
        assert all(is_gone(process) for process in started)


async def test_a_blocked_output_stops_no_process(environment: dict[str, str], procfile: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        up = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", "--procfile", str(procfile)],
            cwd=ROOT,
            env=clean_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=full,
        )
    try:
        ready = f"http://{LOOPBACK}:{environment['TRADEGRAPH_PORT']}/readyz"
        await until(lambda: _answers(ready), 180)
        launcher = psutil.Process(up.pid)
        web = next(each for each in launcher.children(recursive=True) if "python" in each.cmdline()[0])
        web.kill()
        await eventually(lambda: not is_gone(launcher) and is_gone(web))
        await until(lambda: _answers(ready), 180)
        up.terminate()
        assert await asyncio.to_thread(up.wait, 60) == 0
    finally:
        kill_tree(up.pid)
        up.wait()


async def _answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(address)).status_code == 200
    except httpx.TransportError:
        return False


async def _check_first_start(up: Running, credentials: dict[str, str], environment: dict[str, str]) -> None:
    data_dir = Path(environment["TRADEGRAPH_DATA_DIR"])
    address = f"http://{LOOPBACK}:{environment['TRADEGRAPH_PORT']}"
    announced = [line for line in up.output.splitlines() if "| " not in line]
    assert announced == [
        f"address      {address}",
        f"desk         {address}/",
        f"explorer     {address}/graphql",
        f"sign in as   {credentials['admin_email']}",
        f"password     {credentials['admin_password']}",
        f"data folder  {data_dir}",
        "ready",
    ]
    services = running_services(data_dir)
    assert services is not None
    assert await _users(services[0]) == [("admin@tradegraph.localhost", "ADMIN")]
    assert {process.name() for process in up.descendants()} >= {"postgres", "valkey-server", "sleep"}


def _check_second_launcher_and_other_commands(up: Running, environment: dict[str, str], procfile: Path) -> None:
    second = run(["up", "--procfile", str(procfile)], environment | {"TRADEGRAPH_PORT": str(free_port())})
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (
        f"tradegraph: the data folder {environment['TRADEGRAPH_DATA_DIR']} is already served by process {up.pid}: "
        "stop it first, or set TRADEGRAPH_DATA_DIR to another folder\n"
    )
    listing = run(["user", "list"], environment)
    assert (listing.returncode, listing.stderr) == (0, "")
    assert listing.stdout.splitlines()[1].startswith("admin@tradegraph.localhost  admin  ADMIN  yes")


async def _check_restarts(up: Running, data_dir: Path) -> None:
    services = running_services(data_dir)
    assert services is not None
    first = _web(up)
    first.kill()
    up.wait_for_line(lambda line: "| serving " in line)
    assert _web(up) != first
    for server, name in (("postgres", "PostgreSQL"), ("valkey-server", "Valkey")):
        next(process for process in up.descendants() if process.name() == server).kill()
        up.wait_for_line(lambda line, name=name: f" the private {name} is back " in line)
    assert running_services(data_dir) == services
    assert await _users(services[0]) == [("admin@tradegraph.localhost", "ADMIN")]


async def test_up_starts_again_after_every_kind_of_kill(environment: dict[str, str], procfile: Path) -> None:
    arguments = ["up", "--procfile", str(procfile)]
    with running(arguments, environment) as up:
        up.wait_for_line(lambda line: line == "ready")
        # Only the stand-in for the worker does not watch the lifeline, as the platform's own processes do.
        watching = [process for process in up.descendants() if process.name() != "sleep"]
        sleeping = [process for process in up.descendants() if process not in watching]
        up.process.kill()
        await eventually(lambda: all(map(is_gone, watching)), 30)
        for process in sleeping:
            process.kill()
    with running(arguments, environment) as up:
        password = up.wait_for_line(lambda line: line.startswith("password "))
        up.wait_for_line(lambda line: line == "ready")
        kill_tree(up.pid)
    with running(arguments, environment) as up:
        up.wait_for_line(lambda line: line == password)
        up.wait_for_line(lambda line: line == "ready")
        services = running_services(Path(environment["TRADEGRAPH_DATA_DIR"]))
        assert services is not None
        assert await _users(services[0]) == [("admin@tradegraph.localhost", "ADMIN")]
        assert up.stop(signal.SIGINT) == 0


def test_up_reports_a_port_in_use(environment: dict[str, str], procfile: Path) -> None:
    environment["TRADEGRAPH_DATA_DIR"] = str(procfile.parent / "data")
    port = int(environment["TRADEGRAPH_PORT"])
    with socket.create_server((LOOPBACK, port)):
        done = run(["up", "--procfile", str(procfile)], environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"tradegraph: cannot listen on {LOOPBACK} port {port} (Address already in use): "
        "stop what uses it, or set TRADEGRAPH_PORT or TRADEGRAPH_HOST\n"
    )
    assert not Path(environment["TRADEGRAPH_DATA_DIR"]).exists()


def test_up_ends_when_a_process_never_works(environment: dict[str, str], procfile: Path) -> None:
    procfile.write_text("web: echo no; exit 1\n")
    done = run(["up", "--procfile", str(procfile)], environment)
    assert done.returncode == 1
    assert done.stderr == (
        "tradegraph: web ended with exit code 1, 3 times before it was ready; its lines above say why\n"
    )
    assert running_services(Path(environment["TRADEGRAPH_DATA_DIR"])) is None


def test_up_uses_configured_servers(
    environment: dict[str, str], procfile: Path, empty_database_url: str, redis_url: str
) -> None:
    environment["TRADEGRAPH_DATA_DIR"] = str(procfile.parent / "data")
    given = environment | {"DATABASE_URL": empty_database_url, "REDIS_URL": redis_url}
    given |= {"TRADEGRAPH_SECRET": "s" * 32, "TRADEGRAPH_ADMIN_PASSWORD": "correct horse battery"}
    with running(["up", "--procfile", str(procfile)], given) as command:
        command.wait_for_line(lambda line: line == "password     as in TRADEGRAPH_ADMIN_PASSWORD")
        command.wait_for_line(lambda line: line == "ready")
        assert {process.name() for process in command.descendants()}.isdisjoint({"postgres", "valkey-server"})
        assert f"| serving {_web(command).pid} {empty_database_url}" in command.output
        assert command.stop() == 0
    # No server and no secret; schedules of exchanges are kept for the next start.
    assert {path.name for path in Path(environment["TRADEGRAPH_DATA_DIR"]).iterdir()} == {CALENDARS}
