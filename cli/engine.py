"""`tradegraph engine`: market data in, orders out to venues, execution reports in.

Each role is played by one process at a time; a second engine stands by and takes over when the first one dies.
"""

import argparse
import asyncio

import uvloop

from adapters.garbage_collection import settle
from adapters.traces.loading import open_tracing
from cli.checks import check_schema
from cli.lifeline import watch_lifeline
from cli.processes import holds_locks, process_settings
from workers.engine import ROLES, run_engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The roles to play."""
    parser.add_argument(
        "--role", action="append", choices=tuple(ROLES), help="run this role only; may be repeated (default: all)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Play the roles until SIGINT or SIGTERM."""
    watch_lifeline()
    settings = process_settings()
    holds_locks(settings, "engine")
    asyncio.run(check_schema(settings.database_url))
    settle()
    tracing = open_tracing(settings, "engine")
    uvloop.run(run_engine(settings, arguments.role or tuple(ROLES), tracing=tracing))
    if tracing is not None:
        tracing.close()
    return 0
