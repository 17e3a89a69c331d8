"""The launcher's lines: one time in each, and nothing but JSON where JSON is wanted."""

import io
from datetime import UTC, datetime

import orjson
from honcho.printer import Message

from cli.lines import LAUNCHER, LauncherLines


def _printed(*, as_json: bool) -> list[str]:
    output = io.StringIO()
    printer = LauncherLines(output, as_json=as_json)
    printer.width = 6
    now = datetime.now(UTC)
    printer.write(Message("line", b'{"event": "request"}\n', now, "web", None))
    printer.write(Message("line", "web was killed by signal 9", now, LAUNCHER, None))
    return output.getvalue().splitlines()


def test_each_line_names_its_process_for_a_person() -> None:
    relayed, own = _printed(as_json=False)
    assert relayed == 'web    | {"event": "request"}'
    head, _, rest = own.removeprefix("system | ").partition(" ")
    assert datetime.fromisoformat(head).tzinfo is not None
    assert rest == "[info     ] web was killed by signal 9 [launcher]"


def test_a_log_collector_gets_only_json() -> None:
    relayed, own = (orjson.loads(line) for line in _printed(as_json=True))
    assert relayed == {"event": "request"}
    assert datetime.fromisoformat(own.pop("timestamp")).tzinfo is not None
    assert own == {"event": "web was killed by signal 9", "level": "info", "logger": "launcher"}
