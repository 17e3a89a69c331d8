"""The table of exported time series."""

from tortoise import Model, fields


class SeriesCursor(Model):
    """The newest moment of a series that was exported: an instrument and interval, or an account."""

    source = fields.CharField(max_length=80, primary_key=True)
    reached_at = fields.DatetimeField()

    class Meta:
        table = "series_cursors"
