"""The origin policy: pages of this server and of allowed origins may use it, foreign pages may not.

Programs send no Origin and are not affected. Credentials are bearer tokens that a foreign page does not have; foreign
pages are refused all the same, so that a page cannot use a server that only its visitor's machine can reach.
"""

from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

FOREIGN_PAGE = (
    "Pages of this origin may not use this server: its operator can allow the origin by TRADEGRAPH_ALLOWED_ORIGINS."
)
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_PREFLIGHT_SECONDS = "600"


def normalise_origin(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin, or None if it is none (such as ``null``)."""
    try:
        parts = urlsplit(origin)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or port is None or parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname.lower(), port


def origin_hosts(origins: Collection[str]) -> list[str]:
    """The hosts of allowed origins: their pages may be served from here."""
    return [normal[1] for origin in origins if (normal := normalise_origin(origin)) is not None]


# What pages of other origins may read of an answer besides its body.
_EXPOSED = (b"access-control-expose-headers", b"etag, ratelimit, ratelimit-policy, retry-after, x-request-id")


class OriginPolicy:
    """Decides about one origin at a time; ``allowed`` holds origins such as ``https://desk.example``."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = set()
        for origin in allowed:
            normal = normalise_origin(origin)
            if normal is None:
                raise ValueError(f"{origin!r} is not an origin such as https://desk.example")
            self._allowed.add(normal)

    def permits(self, headers: Mapping[str, str]) -> bool:
        """True if a request or WebSocket handshake with these headers comes from an allowed page."""
        origin = headers.get("origin")
        if origin is None:
            # Browsers leave Origin out of a plain GET, but say where it comes from.
            return headers.get("sec-fetch-site", "none") in ("none", "same-origin") or _is_navigation(headers)
        return self.allows(origin) or _is_same_host(origin, headers.get("host", ""))

    def allows(self, origin: str) -> bool:
        """True if a foreign origin is on the list."""
        return normalise_origin(origin) in self._allowed if self._allowed else False

    def cors_headers(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """The headers that let a page of an allowed origin read the answer."""
        origin = headers.get("origin")
        if origin is None or not self.allows(origin):
            return []
        return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"origin"), _EXPOSED]

    def preflight_headers(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """The answer to a browser's preflight request; empty for a foreign page."""
        cors = self.cors_headers(headers)
        if not cors:
            return []
        return [
            *cors,
            (b"access-control-allow-methods", b"GET, POST"),
            (b"access-control-allow-headers", b"authorization, content-type"),
            (b"access-control-max-age", _PREFLIGHT_SECONDS.encode()),
        ]


def _is_navigation(headers: Mapping[str, str]) -> bool:
    """True if a person followed a link to a page that we serve."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _is_same_host(origin: str, host: str) -> bool:
    """True if a page of ``origin`` was loaded from ``host``; the scheme may differ, as it may behind a proxy."""
    normal = normalise_origin(origin)
    if normal is None or not host:
        return False
    scheme, hostname, port = normal
    own = normalise_origin(f"{scheme}://{host}")
    return own is not None and own[1:] == (hostname, port)
