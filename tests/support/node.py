"""Node.js with the packages of a folder: exactly those of its lock, installed once for each lock.

Promises: `Missing`, with a reason a person can act on, when Node or the packages cannot be had.
"""

import fcntl
import hashlib
import os
import subprocess
from pathlib import Path

_WITH_NODE = Path(__file__).resolve().parents[2] / "web" / "with-node"
_INSTALL_SECONDS = 300
_RUN_SECONDS = 300


class Missing(Exception):
    """The missing part, as a text for the skipped test."""


def prepare_packages(folder: Path) -> None:
    """Install the packages of the lock file, unless they are installed."""
    lock_file = folder / "package-lock.json"
    with lock_file.open("rb") as lock:
        # Workers of one test run share the folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        stamp = folder / "node_modules" / ".installed"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        try:
            done = _run(folder, ["npm", "ci", "--loglevel=error"], _INSTALL_SECONDS)
        except subprocess.TimeoutExpired:
            raise Missing(f"npm ci did not end within {_INSTALL_SECONDS} seconds") from None
        if done.returncode != 0:
            raise Missing(f"npm ci failed: {done.stdout.strip()[-500:]}")
        stamp.write_text(wanted)


def run_node(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the folder to its end; its output of both kinds is in `stdout`."""
    return _run(folder, ["node", *arguments], _RUN_SECONDS, **environment)


def _run(
    folder: Path, command: list[str], timeout_seconds: float, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(_WITH_NODE), *command],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_seconds,
        check=False,
    )
