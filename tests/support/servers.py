"""Throw-away servers for one test session, and what earlier sessions that were killed left behind.

Their files are in memory where there is room: each test's database is some 650 files, which cost a disk's file system
more than ten times as much, and more the busier it is.
"""

import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.embedded import EmbeddedServices, embedded_services

_PREFIX = "tradegraph-test-"
# A lock is made a moment before it is taken: another session must not sweep in between.
_YOUNG_SECONDS = 300.0
_MEMORY = Path("/dev/shm")
# What the servers of one session need is a tenth of that.
_ROOM_BYTES = 4 << 30


@contextmanager
def throwaway_services() -> Iterator[EmbeddedServices]:
    """PostgreSQL and Valkey for this session alone, without flushing; stopped and deleted at the end."""
    _sweep()
    data_dir = roomy_folder() / f"{_PREFIX}{secrets.token_hex(6)}"
    try:
        with embedded_services(data_dir, durable=False) as services:
            yield services
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def roomy_folder() -> Path:
    """The folder for the folders of servers that tests run: in memory while it has room, else on the disk."""
    there = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    return _MEMORY if there else Path(tempfile.gettempdir())


def _sweep() -> None:
    """Delete the folders of crashed sessions: their lock is free, and they are not new."""
    parents = (_MEMORY, Path(tempfile.gettempdir()))
    for lock in (lock for parent in parents for lock in parent.glob(f"{_PREFIX}*/embedded/lock")):
        try:
            if time.time() - lock.stat().st_mtime < _YOUNG_SECONDS:
                continue
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent.parent, ignore_errors=True)
        except OSError:
            continue  # Served by a live session, or another user's.
