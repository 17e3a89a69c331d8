"""All settings of the platform: one frozen object, read from the environment once and checked whole.

Every variable is declared here with its meaning, so that the table in docs/operations.md is generated from this file.
A variable that is set to nothing counts as not set. A wrong value, or a TRADEGRAPH_ variable that does not exist, is
an error that names the variable; all of them are reported at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from adapters import setting_values as values
from adapters.setting_checks import open_figures, unknown
from adapters.setting_fields import read_values, variable
from adapters.setting_values import Address, FeedSetting, LogSetting
from adapters.settings_error import SettingsError
from adapters.venues.setting import VenueSetting, parse_venues, with_options
from domain.access.rules import MIN_PASSWORD_LENGTH
from domain.access.token_buckets import Rate
from domain.kernel.day_roll import DayRoll

# Set by `tradegraph up` for the processes that it starts; nobody else's to set, so not in the table.
LIFELINE_VARIABLE = "TRADEGRAPH_LIFELINE"

_MASK = "***"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """The settings of one process. Secrets and addresses with passwords are masked in its repr."""

    host: str = variable("TRADEGRAPH_HOST", "127.0.0.1", values.host, "Address that `web` listens on.")
    port: int = variable("TRADEGRAPH_PORT", "8000", values.whole_number(1, 65535), "Port that `web` listens on.")
    data_dir: Path = variable(
        "TRADEGRAPH_DATA_DIR", ".data", values.path, "The data folder; a relative path starts at the working folder."
    )
    admin_email: str = variable(
        "TRADEGRAPH_ADMIN_EMAIL",
        "admin@tradegraph.localhost",
        values.email,
        "The first administrator, created when missing.",
    )
    admin_password: str = variable(
        "TRADEGRAPH_ADMIN_PASSWORD",
        "",
        values.password,
        f"The first administrator's password, at least {MIN_PASSWORD_LENGTH} characters.",
        otherwise="generated, kept in `credentials.json` in the data folder",
        secret=True,
    )
    secret: str = variable(
        "TRADEGRAPH_SECRET",
        "",
        values.secret,
        f"Signs sessions, at least {values.MINIMUM_SECRET_LENGTH} characters; the same for every process and host.",
        otherwise="generated, kept in `credentials.json` in the data folder",
        secret=True,
    )
    feed: FeedSetting = variable(
        "TRADEGRAPH_FEED",
        "sim",
        values.feed,
        "Market data: `sim` (simulated), `off`, `replay:FILE[:SPEED]` (SPEED: a multiple of the first pace, or `max`), "
        "`ccxt:EXCHANGE` (live, of a crypto exchange).",
    )
    quote_ahead_seconds: int = variable(
        "TRADEGRAPH_QUOTE_AHEAD",
        "60",
        values.whole_number(0, 3_600),
        "Seconds that the clock of a quote source may be ahead; quotes from further in the future are refused.",
    )
    quote_stale_seconds: int = variable(
        "TRADEGRAPH_QUOTE_STALE",
        "30",
        values.whole_number(1, 86_400),
        "Age in seconds, by its own time, at which a quote is stale: no order is decided on it, and one that arrives "
        "so "
        "late fills nothing.",
    )
    venues: tuple[VenueSetting, ...] = variable(
        "TRADEGRAPH_VENUES",
        "",
        parse_venues,
        "Venues beside `paper`: `NAME=GATEWAY:TARGET`, separated by commas. Keys are in "
        "`TRADEGRAPH_VENUE_<NAME>_<OPTION>`.",
        otherwise="only the paper venue",
        empty=(),
    )
    day_roll: DayRoll = variable(
        "TRADEGRAPH_DAY_ROLL", "00:00 UTC", values.day_roll, "End of the platform's day: a time and a zone."
    )
    log: LogSetting = variable(
        "TRADEGRAPH_LOG",
        "info:console",
        values.log,
        "Lowest level that is logged (`debug`, `info`, `warning`, `error`), and the format, `console` or `json`.",
    )
    web_processes: int = variable(
        "TRADEGRAPH_WEB_PROCESSES", "1", values.whole_number(1, 64), "Number of processes of `web`."
    )
    connections: int = variable(
        "TRADEGRAPH_CONNECTIONS",
        "10000",
        values.whole_number(10, 1_000_000),
        "Limit of connections of one process of `web`.",
    )
    connections_per_address: int = variable(
        "TRADEGRAPH_CONNECTIONS_PER_ADDRESS",
        "2000",
        values.whole_number(1, 1_000_000),
        "Limit of connections of one address (a /64 network in IPv6) in one process.",
    )
    waiting_per_address: int = variable(
        "TRADEGRAPH_WAITING_PER_ADDRESS",
        "200",
        values.whole_number(1, 1_000_000),
        "Limit of those with an incomplete request, and of sockets without a sign-in.",
    )
    requests_per_connection: int = variable(
        "TRADEGRAPH_REQUESTS_PER_CONNECTION",
        "10000",
        values.whole_number(1, 999_999_999),
        "Number of requests after which a connection is closed in an orderly way.",
    )
    url_bytes: int = variable(
        "TRADEGRAPH_URL_BYTES", "16384", values.whole_number(256, 1_000_000), "Longest address of a request, in bytes."
    )
    headers: int = variable(
        "TRADEGRAPH_HEADERS", "100", values.whole_number(10, 10_000), "Largest number of headers of a request."
    )
    header_bytes: int = variable(
        "TRADEGRAPH_HEADER_BYTES",
        "32768",
        values.whole_number(1_024, 1_000_000),
        "Largest size of all headers together, in bytes.",
    )
    header_seconds: int = variable(
        "TRADEGRAPH_HEADER_SECONDS",
        "10",
        values.whole_number(1, 600),
        "Time limit for the head of a request to arrive.",
    )
    body_bytes: int = variable(
        "TRADEGRAPH_BODY_BYTES",
        "1000000",
        values.whole_number(10_000, 16_000_000),
        "Largest size of a request's body, and of a message on a socket, in bytes.",
    )
    body_seconds: int = variable(
        "TRADEGRAPH_BODY_SECONDS", "30", values.whole_number(1, 600), "Time limit for the body to arrive."
    )
    idle_seconds: int = variable(
        "TRADEGRAPH_IDLE_SECONDS",
        "30",
        values.whole_number(1, 3_600),
        "Time limit between two requests on a connection.",
    )
    stalled_seconds: int = variable(
        "TRADEGRAPH_STALLED_SECONDS",
        "20",
        values.whole_number(1, 600),
        "A client that reads less than 64 KiB in this time, although more waits for it, is disconnected.",
    )
    held_bytes_per_user: int = variable(
        "TRADEGRAPH_HELD_BYTES_PER_USER",
        "16000000",
        values.whole_number(1_000_000, 999_999_999),
        "Limit of bytes that wait for all connections of one user in one process.",
    )
    requests_per_second: int = variable(
        "TRADEGRAPH_REQUESTS_PER_SECOND",
        "2000",
        values.whole_number(0, 1_000_000),
        "Operations per second of one API key, or of one user without a key, over all processes of `web`; 0: no limit.",
    )
    requests_burst: int = variable(
        "TRADEGRAPH_REQUESTS_BURST",
        "20000",
        values.whole_number(1, 100_000_000),
        "Number of them that may arrive at once.",
    )
    anonymous_requests_per_second: int = variable(
        "TRADEGRAPH_ANONYMOUS_REQUESTS_PER_SECOND",
        "1000",
        values.whole_number(0, 1_000_000),
        "Operations and sign-ins per second of one address (a /64 network in IPv6) without a valid credential; "
        "0: no limit.",
    )
    anonymous_requests_burst: int = variable(
        "TRADEGRAPH_ANONYMOUS_REQUESTS_BURST",
        "10000",
        values.whole_number(1, 100_000_000),
        "Number of them that may arrive at once.",
    )
    task_lease_seconds: int = variable(
        "TRADEGRAPH_TASK_LEASE",
        "20",
        values.whole_number(2, 50),
        "Seconds without a heartbeat after which a worker counts as dead, and another one continues its runs.",
    )
    documents: tuple[Path, ...] = variable(
        "TRADEGRAPH_DOCUMENTS",
        "",
        values.paths,
        "Persisted documents of clients, which are requested by `documentId`: manifests (`*.json`), documents "
        "(`*.graphql`) or folders of them, separated by commas.",
        otherwise="only those of the trading desk",
        empty=(),
    )
    operations: Literal["any", "listed"] = variable(
        "TRADEGRAPH_OPERATIONS",
        "any",
        values.operations,
        "`any`, or `listed`: only operations of the trading desk and of `TRADEGRAPH_DOCUMENTS` are executed.",
    )
    allowed_origins: tuple[str, ...] = variable(
        "TRADEGRAPH_ALLOWED_ORIGINS",
        "",
        values.origins,
        "Origins whose pages may use the API, such as `https://desk.example`, separated by commas.",
        otherwise="only pages of this server itself",
        empty=(),
    )
    allowed_hosts: tuple[str, ...] = variable(
        "TRADEGRAPH_ALLOWED_HOSTS",
        "",
        values.hosts,
        "Host names of `web`, such as `desk.example` or `*.desk.example`, separated by commas; "
        "`*` for any. Addresses, `localhost`, `TRADEGRAPH_HOST` and hosts of allowed origins are always allowed.",
        otherwise="only those that are always allowed",
        empty=(),
    )
    trusted_proxies: tuple[str, ...] = variable(
        "TRADEGRAPH_TRUSTED_PROXIES",
        "",
        values.networks,
        "Addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.",
        otherwise="nobody's are",
        empty=(),
    )
    influx_url: str = variable(
        "TRADEGRAPH_INFLUX_URL",
        "",
        values.url("http", "https"),
        "A time series store with InfluxDB's v1 line protocol, `http://USER:PASSWORD@HOST:8086`: `worker` "
        "exports quotes, bars, equity and the platform's load to it.",
        otherwise="nothing is exported",
        secret=True,
    )
    influx_database: str = variable(
        "TRADEGRAPH_INFLUX_DATABASE", "tradegraph", values.database_name, "The database, or the bucket, in that store."
    )
    influx_token: str = variable(
        "TRADEGRAPH_INFLUX_TOKEN",
        "",
        values.token,
        "A token for that store, instead of a user and a password.",
        otherwise="the user and password of the address, if it has any",
        secret=True,
    )
    metrics_token: str = variable(
        "TRADEGRAPH_METRICS_TOKEN",
        "",
        values.secret,
        "Bearer token of Prometheus for `/metrics`, at least 32 characters.",
        otherwise="an API key of any role reads `/metrics` of `web`",
        secret=True,
    )
    engine_metrics: Address | None = variable(
        "TRADEGRAPH_ENGINE_METRICS",
        "",
        values.address,
        "Address of the metrics of `engine`, such as `127.0.0.1:9464`; a public address needs a token.",
        otherwise="nowhere",
        empty=None,
    )
    worker_metrics: Address | None = variable(
        "TRADEGRAPH_WORKER_METRICS", "", values.address, "The same for `worker`.", otherwise="nowhere", empty=None
    )
    fix: Address | None = variable(
        "TRADEGRAPH_FIX_ADDRESS",
        "",
        values.address,
        "Address for order entry by FIX 4.4 at `engine`, such as `127.0.0.1:9880`.",
        otherwise="nowhere",
        empty=None,
    )
    fix_comp_id: str = variable(
        "TRADEGRAPH_FIX_COMP_ID", "TRADEGRAPH", values.comp_id, "The CompID of this side in sessions of FIX clients."
    )
    public_url: str = variable(
        "TRADEGRAPH_PUBLIC_URL",
        "",
        values.url("http", "https"),
        "Public address of the desk, such as `https://desk.example`, for links in messages.",
        otherwise="the address that `web` listens on",
    )
    notify_networks: tuple[str, ...] = variable(
        "TRADEGRAPH_NOTIFY_NETWORKS",
        "",
        values.networks,
        "Private addresses and networks that messages may go to, such as a mail server's, separated by commas.",
        otherwise="messages go to public addresses only",
        empty=(),
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
    traces_url: str = variable(
        "TRADEGRAPH_TRACES_URL",
        "",
        values.url("http", "https"),
        "Address of a trace collector with OpenTelemetry's protocol over HTTP, such as "
        "`http://127.0.0.1:4318/v1/traces`. It needs the extra `otel`.",
        otherwise="nothing is traced",
        secret=True,
    )
    traces_percent: int = variable(
        "TRADEGRAPH_TRACES_PERCENT", "100", values.whole_number(0, 100), "Percentage of traces that are recorded."
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

    def __repr__(self) -> str:
        shown = []
        for each in fields(self):
            value = getattr(self, each.name)
            shown.append(f"{each.name}={_MASK if each.metadata['secret'] and value else repr(value)}")
        return f"Settings({', '.join(shown)})"

    def rates(self) -> dict[str, Rate]:
        """The rates of requests, by the kind of caller."""
        return {
            "actor": Rate(self.requests_per_second, self.requests_burst),
            "address": Rate(self.anonymous_requests_per_second, self.anonymous_requests_burst),
        }

    @property
    def desk_url(self) -> str:
        """The address of the desk."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def archive(self) -> Path:
        """The folder of the event log's archive."""
        return self.archive_dir or self.data_dir / "archive"

    def venue_secrets(self) -> list[str]:
        """The options of gateways: keys, above all."""
        return [value for venue in self.venues for value in venue.options.values()]

    def environment(self) -> dict[str, str]:
        """The environment for children, with values that only this process has.

        These are generated secrets and the addresses of private servers.
        """
        return {
            each.metadata["name"]: value
            for each in fields(self)
            if each.metadata["secret"] and (value := getattr(self, each.name))
        }


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: with one line for each variable that is wrong or unknown.
    """
    found, problems = read_values(fields(Settings), environment)
    known = [each.metadata["name"] for each in fields(Settings)]
    given = {name: value for name, value in environment.items() if name != LIFELINE_VARIABLE}
    problems += unknown(given, known, found.get("venues"))
    problems += open_figures(found)
    if problems:
        raise SettingsError(problems)
    found["venues"] = with_options(found["venues"], environment)
    return Settings(**found)
