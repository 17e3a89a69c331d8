"""Logging of every process: structlog's events and the standard library's records, as one stream of lines.

The collector (the launcher, systemd, a container) stores the lines and their time of arrival.
"""

import logging
import sys
from collections.abc import Collection, Mapping, MutableMapping
from time import monotonic
from typing import Any, TextIO

import structlog

from adapters.logs.lossy_output import LossyOutput
from adapters.logs.masking import scrubber
from adapters.settings.values import LogSetting

# Libraries that report each request or job at `info`: their warnings matter, the rest is theirs.
_QUIET = ("httpx", "websockets", "arq.worker", "asyncio", "tortoise", "ccxt", "aiohttp")
_SEVERAL_LINES = ("exception", "stack")
_SELDOM_SECONDS = 60.0
# Events are of the same kind when these are equal too.
_SELDOM_BY = ("reason", "role", "venue", "consumer", "task")
_MAX_SELDOM = 1_000


def configure_logging(setting: LogSetting, stream: TextIO = sys.stdout, secrets: Collection[str] = ()) -> None:
    """Send everything from the level on to the stream, in the setting's format; the last call counts.

    ``secrets`` are masked wherever they occur.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(sort_keys=True)]
        if setting.format == "json"
        else [
            unforgeable,
            structlog.dev.ConsoleRenderer(
                colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
            ),
        ]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            _Seldom(),
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(unfailing(stream))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Plain tracebacks: those that show local variables would show passwords and keys.
                structlog.processors.format_exc_info,
                scrubber(secrets),
                *renderers,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(setting.level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    # It warns with a traceback each time that a database that is away stays away; who needs the database says so too.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    logging.captureWarnings(True)


def unforgeable(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The event as text that is one line of the log, whatever others have put into it, and that no terminal obeys.

    Only a traceback has several lines; all of them are indented, so that none looks like another event.
    """
    return {name: _plain(name, value) for name, value in event.items()}


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, str) or value.isprintable():
        return value
    if name in _SEVERAL_LINES:
        return "\n".join(f"  {_visible(line)}" for line in value.split("\n"))
    return _visible(value)


def _visible(text: str) -> str:
    """The text with escapes for characters that are not printed."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


class _Seldom:
    """Passes events with ``seldom=True`` once a minute per kind, and counts the others.

    For events that repeat while something outside is broken: a line for each request would fill a disk.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[object, ...], tuple[float, int]] = {}

    def __call__(self, _logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        """Pass an event on, or drop it."""
        if not event.pop("seldom", False):
            return event
        key = (event.get("event"), *(event.get(name) for name in _SELDOM_BY))
        at, left_out = self._seen.get(key, (-_SELDOM_SECONDS, 0))
        now = monotonic()
        if now - at < _SELDOM_SECONDS:
            self._seen[key] = (at, left_out + 1)
            raise structlog.DropEvent
        if len(self._seen) >= _MAX_SELDOM:
            self._seen.clear()
        self._seen[key] = (now, 0)
        return {**event, "left_out": left_out} if left_out else event


def unfailing(stream: TextIO) -> TextIO | LossyOutput:
    """The stream itself when it is none of the system's."""
    try:
        stream.fileno()
    except (OSError, ValueError):
        return stream
    return LossyOutput(stream)
