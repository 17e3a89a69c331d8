"""Settings of logs, metrics, traces and exported series."""

from dataclasses import dataclass

from adapters.settings import values
from adapters.settings.fields import variable
from adapters.settings.values import Address, LogSetting


@dataclass(frozen=True, repr=False)
class ObservationSettings:
    """Variables of logs, metrics, traces and exported series."""

    log: LogSetting = variable(
        "TRADEGRAPH_LOG",
        "info:console",
        values.log,
        "Lowest level that is logged (`debug`, `info`, `warning`, `error`), and the format, `console` or `json`.",
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
