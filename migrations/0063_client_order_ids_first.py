"""The unique key of client order ids begins with the id, so that it cannot be taken for a way to an order of an account.

A reference to an order is checked by the order's id and account. A plan for that is made once in each session, and one
that was made while the table was small took the index by account and client order id where it had fewer levels: every
check then read all orders of the account, until PostgreSQL analysed the table.
"""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

_NAME = "orders_client_order_id"


class First(ops.RunSQL):
    """The statements below, and the same constraint in the ORM's picture of the schema."""

    def state_forward(self, app_label, state):
        constraint = UniqueConstraint(fields=("client_order_id", "account_id"), name=_NAME)
        ops.RemoveConstraint("Order", _NAME).state_forward(app_label, state)
        ops.AddConstraint("Order", constraint).state_forward(app_label, state)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0062_index_of_client_order_ids")]

    operations = [
        First(
            (
                f"ALTER TABLE orders DROP CONSTRAINT {_NAME}",
                f"ALTER TABLE orders ADD CONSTRAINT {_NAME} UNIQUE USING INDEX {_NAME}_first",
            ),
            (
                f"ALTER TABLE orders DROP CONSTRAINT {_NAME}",
                f"ALTER TABLE orders ADD CONSTRAINT {_NAME} UNIQUE (account_id, client_order_id)",
                f"CREATE UNIQUE INDEX {_NAME}_first ON orders (client_order_id, account_id)",
            ),
        )
    ]
