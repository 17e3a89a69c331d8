"""`tradegraph restore`: a backup into an empty database, and the proof of all books afterwards."""

import argparse
import asyncio
import os
import subprocess
from pathlib import Path

from adapters.database.backups import DUMP, BackupError, check_dump, check_version, read_manifest
from adapters.database.connection import migrate
from adapters.database.libpq import address_variables, program
from adapters.settings.loading import load_settings
from cli.addresses import servers_for_a_while
from cli.checks import check_database, known_migrations, require_empty
from cli.errors import CommandError
from cli.proof import prove_all

# All or nothing: a restore that fails leaves the database empty, so that it can be tried again.
_RESTORE = ("pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The backup to restore, and a flag to upgrade an older one."""
    parser.add_argument("folder", type=Path, help="the backup")
    parser.add_argument("--upgrade", action="store_true", help="apply the migrations that the backup lacks")


def run(arguments: argparse.Namespace) -> int:
    """Check everything that can be checked before anything is changed; then restore and prove."""
    folder: Path = arguments.folder.absolute()
    try:
        manifest = read_manifest(folder)
        check_dump(folder, manifest)
        with servers_for_a_while(load_settings(os.environ)) as settings:
            url = settings.database_url
            asyncio.run(check_database(url))
            major = asyncio.run(require_empty(url))
            check_version(manifest, known_migrations(), major, upgrade=arguments.upgrade)
            _restore(url, folder)
            if arguments.upgrade:
                asyncio.run(migrate(url))
            broken = asyncio.run(prove_all(url, quiet=True))
    except BackupError as error:
        raise CommandError(str(error)) from None
    if broken:
        raise CommandError(f"BOOKS_DISAGREE: it is restored, but the books do not agree: {', '.join(broken)}")
    print(f"restored the backup of {manifest.created_at}, release {manifest.release}")
    return 0


def _restore(url: str, folder: Path) -> None:
    environment = address_variables(url)
    command = [str(program(_RESTORE[0])), *_RESTORE[1:], f"--dbname={environment['PGDATABASE']}", str(folder / DUMP)]
    done = subprocess.run(command, env=os.environ | environment, check=False)
    if done.returncode != 0:
        raise CommandError(f"{_RESTORE[0]} failed with exit code {done.returncode}; the database is as it was")
