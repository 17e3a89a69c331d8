"""The fork server: the launcher forks its processes from it. It has loaded the platform, so a process starts at once.

Loading takes seconds of processor time, a fork milliseconds; and loaded modules are in memory once for all processes.
The launcher runs it as ``python -m cli.fork_server DESCRIPTOR``, a socket of whole messages in JSON:

- to it: ``arguments`` of the command `tradegraph` and an ``environment``, with the descriptors of the new process's
  output and lifeline;
- from it: ``loaded``, once; ``pid`` for each request, in their order; ``ended`` and ``status`` for each end.

It has one thread and no event loop, because neither can be forked. It ends with the launcher; forked processes do not
end with it.
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from setproctitle import getproctitle, setproctitle

from adapters.database.connection import MODEL_MODULES
from adapters.settings.loading import LIFELINE_VARIABLE
from api.root import platform_schema
from cli.forking import MAX_MESSAGE
from cli.main import main

# Our commands, the tables that the ORM looks for by name, and what libraries import when they are first used.
_PRELOADED = (
    *("cli.web", "cli.engine", "cli.worker", "cli.prepare"),
    *MODEL_MODULES,
    *("limits.aio.storage", "valkey.asyncio", "uvloop", "encodings.idna"),
)


@dataclass(frozen=True, slots=True)
class Job:
    """A process to be: the command's arguments, all of its environment, and the descriptors that it was given."""

    arguments: list[str]
    environment: dict[str, str]
    output: int
    lifeline: int


def load() -> None:
    """Load what the processes need, and keep it out of their garbage collections, which would copy it."""
    for name in _PRELOADED:
        importlib.import_module(name)
    platform_schema()
    # Has the place of the command line found, while the environment is as the system gave it.
    getproctitle()
    gc.collect()
    gc.freeze()


def serve(control: socket.socket) -> Job | None:
    """Fork a process for each request until the launcher goes; in the new process, its job."""
    running: dict[int, int] = {}
    _send(control, loaded=True)
    while True:
        for ready in select.select([control.fileno(), *running], [], [])[0]:
            if ready != control.fileno():
                pid = running.pop(ready)
                os.close(ready)
                _send(control, ended=pid, status=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                continue
            job = _receive(control)
            if job is None:
                return None
            pid = os.fork()
            if pid == 0:
                for descriptor in running:
                    os.close(descriptor)
                control.close()
                return job
            # The group is there before anybody hears of it: whoever signals it reaches the process.
            os.setpgid(pid, pid)
            for descriptor in (job.output, job.lifeline):
                os.close(descriptor)
            running[os.pidfd_open(pid)] = pid
            _send(control, pid=pid)


def become(job: Job) -> int:
    """Do a job in the process that was forked for it; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        os.dup2(job.output, stream.fileno())
    os.close(job.output)
    os.environ.clear()
    os.environ.update(job.environment, **{LIFELINE_VARIABLE: str(job.lifeline)})
    time.tzset()
    program = str(Path(sys.executable).with_name("tradegraph"))
    sys.argv = [program, *job.arguments]
    # Operators look for processes, and end them, by what their command lines say.
    setproctitle(" ".join((sys.executable, *sys.argv)))
    return main(job.arguments)


def _receive(control: socket.socket) -> Job | None:
    content, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 2)
    if not content:
        return None
    output, lifeline = descriptors
    given = json.loads(content)
    return Job(given["arguments"], given["environment"], output, lifeline)


def _send(control: socket.socket, **message: object) -> None:
    control.send(json.dumps(message).encode())


def run(descriptor: int) -> int:
    """Serve, or in a process that was forked, do its job."""
    # The launcher says when to stop; an interrupt of the terminal is for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as control:
        load()
        try:
            job = serve(control)
        except (BrokenPipeError, ConnectionResetError):
            return 0
    if job is None:
        return 0
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return become(job)


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1])))
