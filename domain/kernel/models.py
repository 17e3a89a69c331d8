"""Tables that belong to no single area."""

from tortoise import Model, fields


class TopicVersion(Model):
    """The number of changes of a cached topic."""

    topic = fields.CharField(max_length=40, primary_key=True)
    version = fields.BigIntField()

    class Meta:
        table = "topic_versions"


class Lease(Model):
    """The holder of a role that must be single: each holder raises the epoch.

    ``position`` is the place up to which the role has read its stream. It is stored with the writes of the role, so a
    successor continues there with no gap and no repeat.
    """

    role = fields.CharField(max_length=60, primary_key=True)
    epoch = fields.BigIntField()
    position = fields.CharField(max_length=60, null=True)

    class Meta:
        table = "leases"


class LeaseBeat(Model):
    """The heartbeat of a role's holder, written once a second, in a row apart from the lease that each write locks.

    ``loops`` counts the role's loops; a holder whose count does not change for ``silence_seconds`` is silent.
    ``trouble`` is a sentence about what keeps the role from its work; it outlasts its holder.
    """

    role = fields.CharField(max_length=60, primary_key=True)
    epoch = fields.BigIntField()
    holder = fields.CharField(max_length=60)
    loops = fields.BigIntField()
    last_tick = fields.CharField(max_length=60, null=True)
    last_command = fields.BigIntField(null=True)
    silence_seconds = fields.IntField()
    trouble = fields.CharField(max_length=300, null=True)
    beat_at = fields.DatetimeField()

    class Meta:
        table = "lease_beats"
