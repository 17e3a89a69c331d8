"""Funding and interest: rates of instruments and of loans, and up to which day an account's are posted."""

from decimal import Decimal

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from domain.kernel.fields import NumericField


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0005_currencies")]

    operations = [
        ops.CreateModel(
            name="InterestRate",
            fields=[
                ("currency", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=12)),
                ("loan_rate", NumericField(generated=False, null=False, unique=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "interest_rates",
                "app": "tradegraph",
                "pk_attr": "currency",
                "table_description": "What a loan of a currency costs per year, as a ratio.",
            },
            bases=["Model"],
        ),
        ops.AddConstraint(
            "InterestRate", CheckConstraint(check="loan_rate BETWEEN 0 AND 10", name="interest_rates_bounds")
        ),
        ops.AddField("Account", "carried_on", fields.DateField(null=True)),
        ops.AddField("Instrument", "funding_rate", NumericField(default=Decimal(0), db_default=Decimal(0))),
        ops.AddField("Instrument", "borrow_rate", NumericField(default=Decimal(0), db_default=Decimal(0))),
        ops.AddConstraint(
            "Instrument",
            CheckConstraint(
                check="funding_rate BETWEEN -1 AND 1 AND borrow_rate BETWEEN 0 AND 10", name="instruments_carry_rates"
            ),
        ),
    ]
