"""The web processes that are attacked. Their bounds on waiting bytes are tight, so that they are reached."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.processes import raise_descriptor_limit
from tests.support.web import Web, web_process


@contextmanager
def attacked(database_url: str, redis_url: str, folder: Path, processes: int = 1) -> Iterator[Web]:
    """Ready to be attacked, by more connections than some systems allow a program at first."""
    raise_descriptor_limit()
    settings = {
        "TRADEGRAPH_WEB_PROCESSES": str(processes),
        "TRADEGRAPH_HELD_BYTES_PER_USER": "4000000",
        "TRADEGRAPH_STALLED_SECONDS": "5",
    }
    with web_process(database_url, redis_url, folder, **settings) as web:
        yield web
