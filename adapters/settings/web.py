"""Settings of `web`: where it listens, who may reach it, and what it executes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adapters.settings import values
from adapters.settings.fields import variable
from domain.access.token_buckets import Rate


@dataclass(frozen=True, repr=False)
class WebSettings:
    """Variables of `web`."""

    host: str = variable("TRADEGRAPH_HOST", "127.0.0.1", values.host, "Address that `web` listens on.")
    port: int = variable("TRADEGRAPH_PORT", "8000", values.whole_number(1, 65535), "Port that `web` listens on.")
    web_processes: int = variable(
        "TRADEGRAPH_WEB_PROCESSES", "1", values.whole_number(1, 64), "Number of processes of `web`."
    )
    public_url: str = variable(
        "TRADEGRAPH_PUBLIC_URL",
        "",
        values.url("http", "https"),
        "Public address of the desk, such as `https://desk.example`, for links in messages.",
        otherwise="the address that `web` listens on",
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
