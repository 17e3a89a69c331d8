"""Tables that belong to no area."""

from tortoise import Model, fields


class TopicVersion(Model):
    """How often a cached topic has changed."""

    topic = fields.CharField(max_length=40, primary_key=True)
    version = fields.BigIntField()

    class Meta:
        table = "topic_versions"


class Lease(Model):
    """Who holds a role that must be single: each holder raises the epoch.

    ``position`` is how far the role has come in the stream that it reads: with what it wrote, so that a successor goes
    on from there, with no gap and no repeat.
    """

    role = fields.CharField(max_length=60, primary_key=True)
    epoch = fields.BigIntField()
    position = fields.CharField(max_length=60, null=True)

    class Meta:
        table = "leases"


class LeaseBeat(Model):
    """How far the holder of a role has come, told once a second: apart from the lease, which each write of it locks.

    ``loops`` counts how often the role has gone round; a holder whose count stands still for ``silence_seconds`` is
    silent.
    """

    role = fields.CharField(max_length=60, primary_key=True)
    epoch = fields.BigIntField()
    holder = fields.CharField(max_length=60)
    loops = fields.BigIntField()
    last_tick = fields.CharField(max_length=60, null=True)
    last_command = fields.BigIntField(null=True)
    silence_seconds = fields.IntField()
    beat_at = fields.DatetimeField()

    class Meta:
        table = "lease_beats"
