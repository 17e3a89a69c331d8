"""The schema between migrations is the library's own, made for less."""

from types import SimpleNamespace
from typing import Any

import pytest
from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import Operation
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps

from adapters.database import migrating
from adapters.database.connection import migrate
from adapters.database.schema_state import LazyState, state_after
from tests.support.databases import DatabaseFactory

_APP = "shop"


def of_shop(model: str, **options: Any) -> Any:
    return fields.ForeignKeyField(f"{_APP}.{model}", **options)


# Every kind of operation, on models that refer to themselves, to each other and to later ones.
OPERATIONS: list[Operation] = [
    ops.CreateModel(
        name="Shelf",
        fields=[
            ("id", fields.UUIDField(primary_key=True)),
            ("name", fields.CharField(max_length=20, unique=True)),
            ("inside", of_shop("Shelf", null=True, related_name="parts", on_delete=OnDelete.RESTRICT)),
        ],
        options={"table": "shelves", "app": _APP, "pk_attr": "id"},
    ),
    ops.CreateModel(
        name="Item",
        fields=[
            ("id", fields.BigIntField(primary_key=True, generated=True)),
            ("shelf", of_shop("Shelf", related_name="items", on_delete=OnDelete.RESTRICT)),
            ("price", fields.DecimalField(max_digits=20, decimal_places=4)),
            ("tag", fields.CharField(max_length=20, db_index=True)),
        ],
        options={"table": "items", "app": _APP, "pk_attr": "id", "indexes": [Index(fields=["price"], name="by_price")]},
    ),
    ops.CreateModel(
        name="Label",
        fields=[
            ("item", fields.OneToOneField(f"{_APP}.Item", primary_key=True, related_name="label")),
            ("text", fields.TextField()),
        ],
        options={"table": "labels", "app": _APP, "pk_attr": "item_id"},
    ),
    ops.AddConstraint("Item", CheckConstraint(check="price > 0", name="item_price")),
    ops.AddConstraint("Item", UniqueConstraint(fields=("shelf_id", "tag"), name="item_tag")),
    ops.AddField("Label", "shelf", of_shop("Shelf", null=True, related_name="labels")),
    ops.AddField("Shelf", "color", fields.CharField(max_length=8, null=True)),
    ops.AlterField("Shelf", "color", fields.CharField(max_length=16, default="red")),
    ops.AddIndex("Label", Index(fields=["text"], name="by_text")),
    ops.RenameField("Item", "tag", "mark"),
    ops.RenameConstraint("Item", "item_price", "item_price_positive"),
    ops.RemoveConstraint("Item", name="item_tag"),
    ops.RemoveIndex("Label", "by_text"),
    ops.RemoveField("Label", "shelf"),
    ops.CreateModel(name="Note", fields=[("id", fields.IntField(primary_key=True))], options={"app": _APP}),
    ops.RenameModel("Note", "Ticket"),
    ops.RunSQL("SELECT 1"),
    ops.DeleteModel("Ticket"),
    ops.DeleteModel("Label"),
    ops.AddField("Item", "beside", of_shop("Item", null=True, related_name="neighbours")),
]


async def statements(state: State) -> list[tuple[str, list[str]]]:
    client: Any = SimpleNamespace(capabilities=SimpleNamespace(can_rollback_ddl=True, inline_comment=False))
    made = []
    for operation in OPERATIONS:
        editor = AsyncpgSchemaEditor(client, collect_sql=True)
        before = state.clone()
        operation.state_forward(_APP, state)
        await operation.database_forward(_APP, before, state, editor)
        made.append((operation.describe(), editor.collected_sql))
    state.validate_relations_initialized()
    return made


async def test_every_operation_makes_the_statements_that_the_library_makes_of_it() -> None:
    whole = State(models={}, apps=StateApps(default_connections={_APP: "default"}))
    assert await statements(LazyState.empty()) == await statements(whole)


async def test_a_relation_to_a_model_that_no_migration_makes_is_refused() -> None:
    lonely = Migration("0001", _APP)
    lonely.operations = [OPERATIONS[1]]
    with pytest.raises(RuntimeError, match=r"shop\.Item refers to shop\.Shelf"):
        await state_after([lonely])


async def test_a_missing_migration_is_reported() -> None:
    with pytest.raises(ValueError, match="missing"):
        await state_after([None])


async def test_a_schema_that_is_up_to_date_is_compared_with_no_model(
    databases: DatabaseFactory, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the next start of an installation costs no comparison."""

    async def compare(_migrations: object) -> None:
        raise AssertionError("models are compared")

    monkeypatch.setattr(migrating, "state_after", compare)
    await migrate(database_url)
    with databases.empty() as empty, pytest.raises(AssertionError, match="models are compared"):
        await migrate(empty)
