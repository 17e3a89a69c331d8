"""Models of tables that were made by statements: the history knows of them, and the database is left as it is."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from domain.kernel.fields import NumericField
from domain.kernel.ids import new_id
from domain.market.actions import CorporateActionKind


class Known(ops.CreateModel):
    """A model whose table is there."""

    async def database_forward(self, app_label, old_state, new_state, state_editor=None):
        """Nothing to make."""

    async def database_backward(self, app_label, old_state, new_state, state_editor=None):
        """Nothing to remove."""


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0032_cases")]

    operations = [
        Known(
            name="CorporateAction",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "instrument",
                    fields.ForeignKeyField(
                        "tradegraph.Instrument",
                        source_field="instrument_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="actions",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("symbol", fields.CharField(max_length=40)),
                ("kind", fields.CharEnumField(enum_type=CorporateActionKind, max_length=16)),
                ("ex_date", fields.DateField()),
                ("ratio", NumericField(null=True)),
                ("amount_per_unit", NumericField(null=True)),
                ("new_symbol", fields.CharField(max_length=40, null=True)),
                ("recorded_by", fields.CharField(max_length=254)),
                ("created_at", fields.DatetimeField()),
                ("effective_at", fields.DatetimeField(null=True)),
                ("applied_at", fields.DatetimeField(null=True)),
                ("accounts_affected", fields.IntField(default=0)),
            ],
            options={"table": "corporate_actions", "app": "tradegraph", "pk_attr": "id"},
            bases=["Model"],
        ),
        Known(
            name="MarketDay",
            fields=[
                ("moment", fields.DatetimeField(primary_key=True, unique=True, db_index=True)),
                ("day", fields.DateField(unique=True)),
                ("closed_at", fields.DatetimeField()),
                ("restated", fields.TextField(null=True)),
            ],
            options={"table": "market_days", "app": "tradegraph", "pk_attr": "moment"},
            bases=["Model"],
        ),
    ]
