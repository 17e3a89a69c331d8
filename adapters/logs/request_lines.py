"""Lines of the log for requests, in the same form as all others, at a fraction of their cost.

A line for each request goes past the processors that other lines go through: its fields hold nothing to scrub, and it
has no traceback. Lines are gathered for a moment and written together; a process that is killed loses that moment.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TextIO

import orjson

from adapters.logs.configuration import unfailing
from adapters.settings.values import LogSetting

_FLUSH_SECONDS = 0.1
_MAX_WAITING = 1_000
_LEVELS = ("debug", "info", "warning", "error")
_EVENT = "request"


class RequestLines:
    """Takes the fields of one request at a time; call it within a running loop, and ``flush`` in the end."""

    def __init__(self, setting: LogSetting, stream: TextIO = sys.stdout) -> None:
        self._levels = frozenset(_LEVELS[_LEVELS.index(setting.level) :])
        self._line = _as_json if setting.format == "json" else _as_text
        self._stream = unfailing(stream)
        self._waiting: list[str] = []

    def __call__(self, level: str, fields: Callable[[], Mapping[str, object]]) -> None:
        """Write one line soon, if lines of its level are written at all."""
        if level not in self._levels:
            return
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if not self._waiting:
            asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)
        self._waiting.append(self._line(at, level, fields()))
        if len(self._waiting) >= _MAX_WAITING:
            self.flush()

    def flush(self) -> None:
        """Write the waiting lines."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._stream.write("".join(waiting))
            self._stream.flush()


def _as_json(at: str, level: str, fields: Mapping[str, object]) -> str:
    line = {"event": _EVENT, "level": level, "logger": _EVENT, "timestamp": at, **fields}
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE).decode()


def _as_text(at: str, level: str, fields: Mapping[str, object]) -> str:
    said = " ".join(f"{name}={_value(value)}" for name, value in fields.items())
    return f"{at} [{level:<9}] {_EVENT:<30} [{_EVENT}] {said}\n"


def _value(value: object) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
