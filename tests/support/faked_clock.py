"""The clock of processes that jumps, by Debian's faketime; the monotonic clock goes on, as it does on real machines."""

import platform
from pathlib import Path

_LIBRARY = Path(f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketimeMT.so.1")


def can_jump() -> bool:
    """True if the clock of a process can be made to jump here."""
    return _LIBRARY.exists()


class FakedClock:
    """A clock that processes read; ``settings`` go into their environment."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of the faked clock; empty if clocks cannot jump."""
        if not can_jump():
            return {}
        return {
            "LD_PRELOAD": str(_LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds: int) -> None:
        """Set the clock ahead by a time, or back if it is negative."""
        self._file.write_text(f"{seconds:+}s")
