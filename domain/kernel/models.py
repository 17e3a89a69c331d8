"""Tables that belong to no area."""

from tortoise import Model, fields


class TopicVersion(Model):
    """How often a cached topic has changed."""

    topic = fields.CharField(max_length=40, primary_key=True)
    version = fields.BigIntField()

    class Meta:
        table = "topic_versions"


class Lease(Model):
    """Who holds a role that must be single: each holder raises the epoch."""

    role = fields.CharField(max_length=60, primary_key=True)
    epoch = fields.BigIntField()

    class Meta:
        table = "leases"
