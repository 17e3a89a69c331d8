"""A file system with little room, which can be filled; mounting one takes rights that not everybody has."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_SIZE = "400m"
_PIECE = b"\0" * 65_536


@dataclass
class SmallDisk:
    """A folder on its own small file system; ``reason`` tells why it has none, and is empty if it has one."""

    path: Path
    reason: str

    @property
    def can_fill(self) -> bool:
        """True if it can be filled without harm to others."""
        return not self.reason

    def fill(self) -> None:
        """Write until there is no room."""
        assert self.can_fill
        with self._filler.open("wb", buffering=0) as file:
            try:
                while file.write(_PIECE):
                    pass
            except OSError:
                return

    def make_room(self) -> None:
        """Remove the filling file."""
        self._filler.unlink(missing_ok=True)

    @property
    def _filler(self) -> Path:
        return self.path / "filler"


@contextmanager
def small_disk(path: Path) -> Iterator[SmallDisk]:
    """The folder ``path``, on a file system of its own where that can be mounted."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0711", "tmpfs", str(path)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    reason = "" if mounted.returncode == 0 else mounted.stderr.decode().strip() or "it cannot be mounted"
    try:
        yield SmallDisk(path, reason)
    finally:
        if not reason:
            subprocess.run(["umount", "--lazy", str(path)], check=True)
