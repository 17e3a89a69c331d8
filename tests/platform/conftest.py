"""Folders for tests of what the platform keeps on disk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_tmp_path() -> Iterator[Path]:
    """A temporary folder that other accounts may pass through; `tmp_path` lies below a private one."""
    path = Path(tempfile.mkdtemp(prefix="tradegraph-test-platform-"))
    if os.geteuid() == 0:
        path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path)
