"""An output that never fails: text that a full disk, a closed pipe or a stopped reader does not take is dropped.

Its writers must continue: the launcher restarts processes, and a process trades.
"""

import os
import select
import threading
import time
from typing import TextIO

# A pipe that is ready takes so much without waiting.
_PIECE_BYTES = 4_096
_PATIENCE_SECONDS = 5.0


class LossyOutput:
    """Writes text to a stream's descriptor, without the stream's own buffer, which would keep unwritten text.

    When it can write again it says how much was dropped.
    """

    def __init__(self, stream: TextIO, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._descriptor = stream.fileno()
        self._is_terminal = stream.isatty()
        self._patience_seconds = patience_seconds
        self._patient = True
        self._lost = 0
        self._lock = threading.Lock()

    @property
    def encoding(self) -> str:
        """Always this one."""
        return "utf-8"

    def isatty(self) -> bool:
        """True if the output is a terminal."""
        return self._is_terminal

    def fileno(self) -> int:
        """Its descriptor."""
        return self._descriptor

    def flush(self) -> None:
        """Do nothing: no text is buffered."""

    def write(self, text: str) -> int:
        """Write the part that can be written now."""
        with self._lock:
            if self._lost and self._put(f"[{self._lost} lines could not be written]\n".encode()):
                self._lost = 0
            if self._lost or not self._put(text.encode("utf-8", "replace")):
                self._lost += text.count("\n")
        return len(text)

    def _put(self, data: bytes) -> bool:
        deadline = time.monotonic() + (self._patience_seconds if self._patient else 0.0)
        view = memoryview(data)
        try:
            while view:
                wait = max(0.0, deadline - time.monotonic())
                if not select.select([], [self._descriptor], [], wait)[1]:
                    self._patient = False
                    return False
                view = view[os.write(self._descriptor, view[:_PIECE_BYTES]) :]
        except (OSError, ValueError):
            return False
        self._patient = True
        return True
