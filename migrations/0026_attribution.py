"""Who caused what: of orders, transactions, busts and rules; and of entries of the audit log with which key, from where.

What is there already has none of it: nobody knows any more.
"""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


def _by():
    return fields.CharField(null=True, max_length=254)


class Migration(migrations.Migration):
    dependencies = [("tradegraph", "0025_stale_quotes")]

    operations = [
        ops.AddField("AuditEntry", "api_key_id", fields.UUIDField(null=True)),
        ops.AddField("AuditEntry", "address", fields.CharField(null=True, max_length=64)),
        ops.AddField("AuditEntry", "request_id", fields.UUIDField(null=True)),
        ops.AddIndex("AuditEntry", Index(fields=["target", "id"], name="audit_entries_target")),
        ops.AddField("Order", "placed_by", _by()),
        ops.AddField("Order", "placed_key", fields.UUIDField(null=True)),
        ops.AddField("Order", "placed_from", fields.CharField(null=True, max_length=64)),
        ops.AddField("Order", "request_id", fields.UUIDField(null=True)),
        # The audit log finds orders by who placed them.
        ops.AddIndex("Order", Index(fields=["placed_by", "id"], name="orders_placed_by")),
        ops.AddField("AccountTransaction", "by", _by()),
        ops.AddField("Execution", "busted_by", _by()),
        ops.AddField("RiskRule", "created_by", _by()),
        ops.AddField("RiskRule", "updated_by", _by()),
    ]
