"""The database has what the models promise."""

import importlib
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

import migrations
from domain.kernel.database import fetch

FOLDER = Path(migrations.__file__).parent


async def test_every_constraint_of_the_models_is_in_the_database(database: str) -> None:
    rows = await fetch("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
    there = {row[0] for row in rows}
    wanted = {
        constraint.name
        for model in Tortoise.apps["tradegraph"].values()
        for constraint in model._meta.constraints or ()
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    assert "orders_client_order_id" in wanted
    assert wanted - there == set()


async def test_money_and_quantities_are_exact_numerics(database: str) -> None:
    rows = await fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' "
        "AND data_type IN ('real', 'double precision', 'money')"
        # What detectors measure and compare is statistics.
        "AND table_name NOT IN ('anomalies', 'anomaly_detectors', 'anomaly_cases', 'anomaly_dismissals')"
    )
    assert rows == []


def test_migrations_have_one_last_step() -> None:
    """Two ends would be applied in an order that nobody has tried."""
    modules = [importlib.import_module(f"migrations.{path.stem}") for path in sorted(FOLDER.glob("0*.py"))]
    names = {module.__name__.removeprefix("migrations.") for module in modules}
    needed = {name for module in modules for _, name in module.Migration.dependencies}
    assert len(names - needed) == 1
