"""`tradegraph export`."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from tradegraph_client import Client
from tradegraph_command.connection import DONE, UsageError, add_connection, connected, find_account

_KINDS = ("orders", "executions", "ledger", "statements", "closed-trades", "tax-lots", "equity", "history")
_METHODS = ("fifo", "lifo", "average")
_FORMATS = ("csv", "jsonl", "parquet")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("kind", choices=_KINDS, help="what to export")
    parser.add_argument("--account", metavar="ACCOUNT", help="the account, by id or name; needed if you see several")
    parser.add_argument("--from", dest="since", type=moment, metavar="TIME", help="not before this time or day (UTC)")
    parser.add_argument("--to", dest="until", type=moment, metavar="TIME", help="before this time or day (UTC)")
    parser.add_argument(
        "--format", choices=_FORMATS, help="csv, jsonl or parquet (default: the extension of --output, or csv)"
    )
    parser.add_argument("--method", choices=_METHODS, help="lot method of tax-lots (default: fifo)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="the file to write (default: standard output)")
    add_connection(parser)


def moment(text: str) -> datetime:
    """A time as it is typed, in UTC unless it says otherwise.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 2026-01-31 or 2026-01-31T09:30:00Z") from None
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def run(arguments: argparse.Namespace) -> int:
    """Write the export; a file exists only when the export is complete."""

    async def work(client: Client) -> int:
        account = await find_account(client, arguments.account)
        suffix = arguments.output.suffix[1:] if arguments.output is not None else ""
        form = arguments.format or (suffix if suffix in _FORMATS else "csv")
        name, given = f"{arguments.kind}.{form}", {"since": arguments.since, "until": arguments.until}
        chunks = client.export(name, account=account.id, method=arguments.method, **given)
        if arguments.output is None:
            async for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            sys.stdout.flush()
            return DONE
        with whole_file(arguments.output) as file:
            async for chunk in chunks:
                file.write(chunk)
        return DONE

    return connected(arguments, work)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write; it gets its path only when it is complete.

    Raises:
        UsageError: it cannot be written there.
    """
    try:
        number, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(number, "wb") as file:
            yield file
        Path(made).replace(path)
    except BaseException:
        Path(made).unlink(missing_ok=True)
        raise
