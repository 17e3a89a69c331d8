"""The database's clock, which is the same for all processes.

SQL: a function of the database.
"""

from datetime import datetime

from domain.kernel.database import fetch


async def read_clock() -> datetime:
    """The time of the database's clock."""
    (row,) = await fetch("SELECT clock_timestamp() AS at")
    at: datetime = row["at"]
    return at
