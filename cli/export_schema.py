"""`tradegraph export-schema`: the API's schema as text, needing no database."""

import argparse
import sys
from pathlib import Path

from api.root import platform_schema
from api.schema import export_schema
from cli.errors import CommandError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One: only to compare."""
    parser.add_argument(
        "--check", type=Path, metavar="FILE", help="print nothing; fail if the file differs from the schema"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the schema, or compare a file with it."""
    text = export_schema(platform_schema())
    if arguments.check is None:
        sys.stdout.write(text)
        return 0
    try:
        stored = arguments.check.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot read {arguments.check}: {error.strerror}") from None
    if stored != text:
        raise CommandError(f"{arguments.check} is not the schema of this code: run make schema")
    return 0
