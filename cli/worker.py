"""`tradegraph worker`: scheduled tasks. Any number may run; each run of a task is done by one of them."""

import argparse
import asyncio

import uvloop

from adapters.garbage_collection import settle
from cli.checks import check_redis, check_schema
from cli.lifeline import watch_lifeline
from cli.processes import holds_locks, process_settings
from workers.worker import run_worker


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: everything is a setting."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Work until SIGINT or SIGTERM."""
    del arguments
    watch_lifeline()
    settings = process_settings()
    holds_locks(settings, "worker")
    asyncio.run(check_schema(settings.database_url))
    check_redis(settings.redis_url)
    settle()
    uvloop.run(run_worker(settings))
    return 0
