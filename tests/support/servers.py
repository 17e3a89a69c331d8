"""Throw-away servers for one test session, and what earlier sessions that were killed left behind."""

import fcntl
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


@contextmanager
def throwaway_services() -> Iterator[EmbeddedServices]:
    """PostgreSQL and Valkey for this session alone, without flushing; stopped and deleted at the end."""
    _sweep()
    data_dir = Path(tempfile.gettempdir()) / f"{_PREFIX}{secrets.token_hex(6)}"
    try:
        with embedded_services(data_dir, durable=False) as services:
            yield services
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)


def _sweep() -> None:
    """Delete the folders of crashed sessions: their lock is free, and they are not new."""
    for lock in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/embedded/lock"):
        try:
            if time.time() - lock.stat().st_mtime < _YOUNG_SECONDS:
                continue
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent.parent, ignore_errors=True)
        except OSError:
            continue  # Served by a live session, or another user's.
