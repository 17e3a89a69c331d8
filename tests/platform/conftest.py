"""Folders for tests of what the platform keeps on disk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers import roomy_folder


@contextmanager
def open_folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tradegraph-test-platform-", dir=roomy_folder()))
    if os.geteuid() == 0:
        path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def open_tmp_path() -> Iterator[Path]:
    """A temporary folder that other accounts may pass through; `tmp_path` lies below a private one."""
    with open_folder() as path:
        yield path


@pytest.fixture(scope="module")
def kept_data_dir() -> Iterator[Path]:
    """A data folder that the tests of a module use in turn, so that only the first start creates a database."""
    with open_folder() as path:
        yield path / "data"
