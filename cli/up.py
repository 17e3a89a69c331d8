"""`tradegraph up`: everything on one machine, from nothing to ready, in one process that stops all of it again.

Private servers are started unless their addresses are set; then the schema is brought up to date, the first
administrator and the demonstration data are made unless they are there, and the processes of the Procfile run until
Ctrl-C or SIGTERM.
"""

import argparse
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType

from honcho.environ import parse_procfile

from adapters.credentials import complete
from adapters.embedded import EmbeddedServices, embedded_services
from adapters.embedded.server_folder import make_private_folder
from adapters.logs.lossy_output import LossyOutput
from adapters.settings.loading import Settings, load_settings
from cli.checks import check_port, check_redis
from cli.errors import CommandError
from cli.forking import Forks
from cli.keeper import Keeper
from cli.lines import LauncherLines
from cli.processes import PROJECT
from cli.supervisor import Supervisor

# An address that stands for all of this machine's is asked through loopback.
_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with, not listened on
_PROBE_SECONDS = 0.1
_PROBE_TIMEOUT_SECONDS = 3.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One: the processes to run. Everything else is a setting."""
    parser.add_argument(
        "--procfile", type=Path, default=PROJECT / "Procfile", help="the processes to run (default: the project's own)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until a stop is requested."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    settings = load_settings(os.environ)
    check_port(settings.host, settings.port)
    commands = _commands(arguments.procfile)
    make_private_folder(settings.data_dir)
    # It loads while the servers start.
    with Forks(os.environ) as forks, _servers(settings) as (addressed, services):
        completed = complete(addressed)
        environment = _environment(completed)
        # In a process of its own: this one stays for as long as the platform runs, and needs none of what that needs.
        prepared = subprocess.run([sys.executable, "-m", "cli", "prepare"], cwd=PROJECT, env=environment, check=False)
        if prepared.returncode != 0:
            return prepared.returncode
        problem = _supervise(commands, completed, environment, services, forks)
    if problem is not None:
        raise CommandError(problem)
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Until the processes run, a request to stop ends the command at once; started servers are stopped."""
    raise KeyboardInterrupt


def _commands(path: Path) -> dict[str, str]:
    try:
        commands = dict(parse_procfile(path.read_text(encoding="utf-8")).processes)
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from None
    if not commands:
        raise CommandError(f"{path} names no process")
    return commands


@contextmanager
def _servers(settings: Settings) -> Iterator[tuple[Settings, EmbeddedServices | None]]:
    """The settings with both addresses, and the private servers if there are any."""
    if settings.redis_url:
        check_redis(settings.redis_url)
    if settings.database_url and settings.redis_url:
        yield settings, None
        return
    with embedded_services(
        settings.data_dir, postgres=not settings.database_url, valkey=not settings.redis_url
    ) as services:
        addressed = replace(
            settings,
            database_url=settings.database_url or services.database_url,
            redis_url=settings.redis_url or services.redis_url,
        )
        yield addressed, services


def _environment(settings: Settings) -> dict[str, str]:
    """This process's environment with the values that only it has."""
    programs = str(Path(sys.executable).parent)
    return {
        **os.environ,
        **settings.environment(),
        "TRADEGRAPH_DATA_DIR": str(settings.data_dir),
        "PATH": os.pathsep.join((programs, os.environ.get("PATH", os.defpath))),
        "PYTHONUNBUFFERED": "1",
    }


def _supervise(
    commands: dict[str, str],
    settings: Settings,
    environment: dict[str, str],
    services: EmbeddedServices | None,
    forks: Forks,
) -> str | None:
    """Run the processes; returns the problem when they ended for one."""
    servers = services.started if services is not None else ()
    keeper = Keeper(servers, lambda text: supervisor.say(text))  # noqa: PLW0108  it is made below
    printer = LauncherLines(LossyOutput(sys.stdout), as_json=settings.log.format == "json")
    supervisor = Supervisor(commands, environment, printer, forks, lambda: keeper.all_up)

    def stop(_number: int, _frame: FrameType | None) -> None:
        supervisor.request_stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    threading.Thread(
        target=_announce, args=(supervisor, settings, _readiness(commands)), name="announce", daemon=True
    ).start()
    with keeper:
        return supervisor.run()


def _readiness(commands: Mapping[str, str]) -> str:
    """The readiness page of these processes; it omits the checks of an engine that is not among them."""
    has_engine = any("engine" in command.split() for command in commands.values())
    return "/readyz" if has_engine else "/readyz?exclude=engine"


def _announce(supervisor: Supervisor, settings: Settings, readiness: str) -> None:
    """Wait until the API is ready, then print its address."""
    while not _is_ready(settings, readiness):
        if supervisor.stopping:
            return
        time.sleep(_PROBE_SECONDS)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}"
    given = bool(os.environ.get("TRADEGRAPH_ADMIN_PASSWORD"))
    if settings.log.format == "json":
        # For a collector of logs, which keeps what it is told: the password is in credentials.json.
        supervisor.say(f"ready at {address}")
        supervisor.announce()
        return
    supervisor.announce(
        f"address      {address}",
        f"desk         {address}/",
        f"explorer     {address}/graphql",
        f"sign in as   {settings.admin_email}",
        f"password     {'as in TRADEGRAPH_ADMIN_PASSWORD' if given else settings.admin_password}",
        f"data folder  {settings.data_dir}",
        "ready",
    )


def _is_ready(settings: Settings, readiness: str) -> bool:
    host = _LOOPBACK_OF.get(settings.host, settings.host)
    connection = http.client.HTTPConnection(host, settings.port, timeout=_PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", readiness)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
