"""Settings of storage: the data folder, the database and Redis, and the time for which history is kept."""

from dataclasses import dataclass
from pathlib import Path

from adapters.settings import values
from adapters.settings.fields import variable


@dataclass(frozen=True, repr=False)
class StorageSettings:
    """Variables of the data folder and the servers."""

    data_dir: Path = variable(
        "TRADEGRAPH_DATA_DIR", ".data", values.path, "The data folder; a relative path starts at the working folder."
    )
    database_url: str = variable(
        "DATABASE_URL",
        "",
        values.url("postgresql", "postgres"),
        "PostgreSQL 15 to 18, `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`.",
        otherwise="a private server in the data folder",
        secret=True,
    )
    pooler: str = variable(
        "TRADEGRAPH_POOLER",
        "",
        values.pooler,
        "`transaction` if `web` reaches the database through PgBouncer in transaction mode; no other process may do "
        "so.",
        otherwise="there is none",
    )
    redis_url: str = variable(
        "REDIS_URL",
        "",
        values.url("redis", "rediss", "unix"),
        "Redis 7 to 8 or Valkey 8 to 9, `redis://:PASSWORD@HOST:PORT/NUMBER`.",
        otherwise="a private server in the data folder",
        secret=True,
    )
    keep_history_days: int = variable(
        "TRADEGRAPH_KEEP_HISTORY_DAYS",
        "400",
        values.whole_number(40, 36_500),
        "Days for which samples of equity and snapshots of positions are kept, in whole months.",
    )
    keep_bars_days: int | None = variable(
        "TRADEGRAPH_KEEP_BARS_DAYS",
        "",
        values.whole_number(40, 36_500),
        "Days for which bars shorter than a day are kept; daily bars are kept for ever.",
        otherwise="for good",
        empty=None,
    )
    keep_events_days: int | None = variable(
        "TRADEGRAPH_KEEP_EVENTS_DAYS",
        "",
        values.whole_number(100, 36_500),
        "Days for which the event log is kept in the database; older months are archived as files, then dropped.",
        otherwise="for good",
        empty=None,
    )
    archive_dir: Path | None = variable(
        "TRADEGRAPH_ARCHIVE_DIR",
        "",
        values.path,
        "Folder for archived months of the event log, on a disk that is backed up.",
        otherwise="`archive` in the data folder",
        empty=None,
    )

    @property
    def archive(self) -> Path:
        """The folder of the event log's archive."""
        return self.archive_dir or self.data_dir / "archive"
