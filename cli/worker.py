"""`tradegraph worker`: scheduled and queued work. Any number may run; each piece of work is done by one of them."""

import argparse
import asyncio
from contextlib import suppress
from typing import cast

from arq.typing import WorkerSettingsBase
from arq.worker import create_worker
from redis.exceptions import RedisError

from cli.checks import check_redis, check_schema
from cli.errors import CommandError
from cli.lifeline import watch_lifeline
from cli.processes import process_settings
from workers.jobs import WorkerSettings, worker_options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: all that can be chosen is a setting."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGINT or SIGTERM."""
    del arguments
    watch_lifeline()
    settings = process_settings()
    asyncio.run(check_schema(settings.database_url))
    check_redis(settings.redis_url)
    # asyncio.run leaves none behind, and the worker wants one before it runs.
    asyncio.set_event_loop(asyncio.new_event_loop())
    try:
        # A job under way at the stop is cancelled; whoever takes it up again goes on where it was.
        with suppress(asyncio.CancelledError):
            create_worker(cast(type[WorkerSettingsBase], WorkerSettings), **worker_options(settings)).run()
    except RedisError as error:
        raise CommandError(f"the queue was lost: {error}") from None
    return 0
