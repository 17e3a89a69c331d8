"""Logging of every process: structlog's events and the standard library's records, as one stream of lines.

Who collects them (the launcher, systemd, a container) gives them their place and time of arrival.
"""

import logging
import sys
from collections.abc import Collection
from typing import TextIO

import structlog

from adapters.scrub import scrubber
from adapters.setting_values import LogSetting

# Libraries that report each request or job at `info`: their warnings matter, the rest is theirs.
_QUIET = ("httpx", "websockets", "arq.worker", "asyncio", "apprise", "tortoise", "ccxt", "aiohttp")


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
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if setting.format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback, sort_keys=False
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                # Plain tracebacks: those that show local variables would show passwords and keys.
                structlog.processors.format_exc_info,
                scrubber(secrets),
                renderer,
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
