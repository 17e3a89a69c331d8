"""Output lines of the launcher's processes: each line has one time, its process's own, in one format."""

from datetime import UTC, datetime
from typing import Any, TextIO

import orjson
from honcho.printer import Message, Printer

# Under this name the launcher speaks itself.
LAUNCHER = "system"


class LauncherLines(Printer):  # type: ignore[misc]  # published without types
    """For a person the name of the process and its line; as JSON the line alone, which is JSON already."""

    def __init__(self, output: TextIO | Any, *, as_json: bool) -> None:
        super().__init__(output)
        self._as_json = as_json

    def write(self, message: Message) -> None:
        """Print the lines of one message."""
        data = message.data
        text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
        own = message.name == LAUNCHER
        for line in text.splitlines():
            print(self._own(line) if own else self._relayed(line, message), file=self.output, flush=True)

    def _relayed(self, line: str, message: Message) -> str:
        return line if self._as_json else f"{message.name.ljust(self.width)} | {line}"

    def _own(self, line: str) -> str:
        at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if self._as_json:
            said = {"event": line, "level": "info", "logger": "launcher", "timestamp": at}
            return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()
        return f"{LAUNCHER.ljust(self.width)} | {at} [{'info':<9}] {line} [launcher]"
