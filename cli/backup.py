"""`tradegraph backup`: a consistent backup of the database into a folder, also while everything runs."""

import argparse
import asyncio
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from adapters.database.backups import DUMP, FORMAT, Manifest, measure_dump, write_manifest
from adapters.database.libpq import address_variables, program
from adapters.settings.loading import load_settings
from adapters.version import VERSION
from cli.addresses import servers_for_a_while
from cli.checks import applied_migrations, check_schema
from cli.errors import CommandError

_DUMP = ("pg_dump", "--format=custom", "--no-owner", "--no-privileges")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One: where to."""
    parser.add_argument("folder", type=Path, help="the folder to create; it must not exist")


def run(arguments: argparse.Namespace) -> int:
    """Write it beside its place, measure it, and rename it."""
    folder: Path = arguments.folder.absolute()
    if folder.exists():
        raise CommandError(f"{folder} exists already: a backup never overwrites another")
    partial = folder.with_name(f"{folder.name}.partial")
    with servers_for_a_while(load_settings(os.environ)) as settings:
        asyncio.run(check_schema(settings.database_url))
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(mode=0o700, parents=True)
            manifest = _dump(settings.database_url, partial)
            write_manifest(partial, manifest)
            partial.rename(folder)
        except OSError as error:
            raise CommandError(f"the backup cannot be written: {error.strerror or error}") from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    print(f"{folder}: {manifest.dump_bytes} bytes, release {manifest.release}, {len(manifest.migrations)} migrations")
    return 0


def _dump(url: str, folder: Path) -> Manifest:
    created_at = datetime.now(UTC).isoformat()
    migrations, major = asyncio.run(_describe(url))
    with os.fdopen(os.open(folder / DUMP, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        command = [str(program(_DUMP[0])), *_DUMP[1:]]
        done = subprocess.run(command, env=os.environ | address_variables(url), stdout=file, check=False)
        if done.returncode != 0:
            raise CommandError(f"{_DUMP[0]} failed with exit code {done.returncode}")
        os.fsync(file.fileno())
    size, digest = measure_dump(folder)
    return Manifest(FORMAT, VERSION, migrations, major, created_at, size, digest)


async def _describe(url: str) -> tuple[list[str], int]:
    connection = await asyncpg.connect(url)
    try:
        return await applied_migrations(connection), connection.get_server_version().major
    finally:
        await connection.close()
