"""`tradegraph migrate`: the release step, safe to run at any time and by several at once."""

import argparse
import asyncio
import os

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions

from adapters.database.connection import migrate, orm_config
from adapters.database.schema_state import LazyState, state_after
from adapters.settings.loading import load_settings
from cli.addresses import servers_for_a_while
from cli.checks import check_upgrade
from cli.errors import CommandError
from cli.processes import holds_locks

# Comparing models with migrations asks no database.
_NO_DATABASE = "postgresql:///"


class Detector(MigrationAutodetector):
    """Compares the models of this release with those that its migrations make."""

    async def _project_state(self) -> LazyState:
        return await state_after(self.loader.graph.nodes[key] for key in self._full_plan())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One: only to compare."""
    parser.add_argument(
        "--check", action="store_true", help="apply nothing; fail if the models have changes without a migration"
    )


def run(arguments: argparse.Namespace) -> int:
    """Apply missing migrations, or compare."""
    if arguments.check:
        missing = asyncio.run(unmigrated_changes())
        if missing:
            raise CommandError(f"these changes of the models have no migration: {', '.join(missing)}")
        return 0
    settings = load_settings(os.environ)
    holds_locks(settings, "migrate")
    with servers_for_a_while(settings) as settings:
        asyncio.run(_migrate(settings.database_url))
    print("the schema is up to date")
    return 0


async def unmigrated_changes() -> list[str]:
    """The changes of the models that no migration makes."""
    config = orm_config(_NO_DATABASE)
    await Tortoise.init(config=config, init_connections=False)
    try:
        assert Tortoise.apps is not None
        writers = await Detector(Tortoise.apps, config["apps"]).changes()
    finally:
        await Tortoise.close_connections()
    operations = [operation for writer in writers for operation in writer.operations]
    # A model's options hold its docstring, and for a key that is a relation a name that never compares equal.
    return [_described(operation) for operation in operations if not isinstance(operation, AlterModelOptions)]


def _described(operation: object) -> str:
    names = (getattr(operation, name, None) for name in ("model_name", "name"))
    return " ".join([type(operation).__name__, *(str(name) for name in names if name)])


async def _migrate(database_url: str) -> None:
    await check_upgrade(database_url)
    await migrate(database_url)
