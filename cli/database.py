"""`tradegraph database`: dump, restore and query the database with PostgreSQL's own programs, which come along."""

import argparse
import asyncio
import os
import signal
import subprocess
import sys

from adapters.database.libpq import address_variables, program
from adapters.settings.loading import load_settings
from cli.addresses import servers_for_a_while
from cli.checks import check_database, require_empty
from cli.errors import CommandError

_DUMP = ("pg_dump", "--format=custom", "--no-owner", "--no-privileges")
# All or nothing: a restore that fails leaves the database empty, so that it can be tried again.
_RESTORE = ("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Three actions."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("dump", help="write a consistent dump to standard output, also while the platform runs")
    actions.add_parser("restore", help="read a dump from standard input into an empty database")
    actions.add_parser("shell", help="open psql on the database")


def run(arguments: argparse.Namespace) -> int:
    """Run the program on the database's address; its exit code becomes 1 for any failure."""
    stream = {"dump": sys.stdout, "restore": sys.stdin}.get(arguments.action)
    if stream is not None and stream.isatty():
        raise CommandError(
            f"a dump cannot be shown on a terminal: use {'>' if stream is sys.stdout else '<'} with a file"
        )
    with servers_for_a_while(load_settings(os.environ)) as settings:
        url = settings.database_url
        asyncio.run(check_database(url))
        environment = address_variables(url)
        if arguments.action == "restore":
            asyncio.run(require_empty(url))
            command = [*_RESTORE, f"--dbname={environment['PGDATABASE']}"]
        else:
            command = list(_DUMP) if arguments.action == "dump" else ["psql"]
        if arguments.action == "shell":
            # Ctrl-C is psql's own: it cancels a statement.
            signal.signal(signal.SIGINT, lambda _number, _frame: None)
        done = subprocess.run([program(command[0]), *command[1:]], env=os.environ | environment, check=False)
    if done.returncode != 0:
        raise CommandError(f"{command[0]} failed with exit code {done.returncode}")
    return 0
