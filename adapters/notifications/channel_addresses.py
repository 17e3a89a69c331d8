"""Addresses of channels, pure: their kinds, their validation, and their masked form."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

MIN_SECRET_LENGTH = 16
_DECODINGS = 4
# The kinds of which the platform signs the messages itself.
WEBHOOKS: Mapping[str, str] = {"webhook": "http", "webhooks": "https"}
# Kinds whose address names a server, which may be shown: of the others every part may be a secret.
_OWN_SERVER = frozenset(
    (
        "mailto",
        "mailtos",
        "ntfy",
        "ntfys",
        "gotify",
        "gotifys",
        "mmost",
        "mmosts",
        "rocket",
        "rockets",
        "bark",
        "barks",
        "signal",
        "signals",
    )
)
_SERVICES = frozenset(
    (
        "slack",
        "discord",
        "tgram",
        "workflow",
        "workflows",
        "gchat",
        "webex",
        "wxteams",
        "zulip",
        "pover",
        "pagerduty",
        "opsgenie",
        "feishu",
        "lark",
        "dingtalk",
        "wecombot",
        "schan",
    )
)
KINDS = frozenset(WEBHOOKS) | _OWN_SERVER | _SERVICES
# Others name files of this machine, switch checks off, or make an attempt last.
_OPTIONS = frozenset(
    (
        "to",
        "from",
        "name",
        "cc",
        "bcc",
        "reply",
        "mode",
        "smtp",
        "user",
        "pass",
        "format",
        "token",
        "channel",
        "topic",
        "priority",
        "tags",
        "thread",
        "avatar",
        "footer",
        "image",
        "botname",
        "icon",
        "email",
    )
)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The address of signed messages, and the secret that signs them."""

    url: str
    secret: str


def kind_of(url: str) -> str:
    """The part before ``://``."""
    return url.partition("://")[0].lower() if "://" in url else ""


def problem_of(url: str) -> str | None:
    """The fault of an address by itself, None if there is none; its service may still refuse it."""
    kind = kind_of(url)
    if kind not in KINDS:
        return f"There is no such kind of address; there are {', '.join(sorted(KINDS))}."
    try:
        parts = urlsplit(url)
        host = parts.hostname
        if kind in WEBHOOKS or kind in _OWN_SERVER:
            _ = parts.port
    except ValueError:
        return "This is no address."
    if kind in WEBHOOKS:
        if not host or parts.fragment:
            return "A webhook is webhooks://:SECRET@HOST/PATH."
        if len(parts.password or "") < MIN_SECRET_LENGTH or parts.username:
            return f"A webhook names a secret of at least {MIN_SECRET_LENGTH} characters: webhooks://:SECRET@HOST/PATH."
        return None
    if _has_controls(url):
        return "An address has no control characters, however they are written."
    unknown = sorted(name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if name not in _OPTIONS)
    return f"An address cannot have the option {unknown[0][:40]!r}." if unknown else None


def _has_controls(url: str) -> bool:
    """True if an address holds a line end, which would begin another header of a mail, or another control character.

    Services decode parts of an address more than once.
    """
    for _ in range(_DECODINGS):
        url = unquote(url)
    return any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in url)


def literal_host(url: str) -> str | None:
    """The address of the server, where the channel's address names it by number."""
    try:
        host = urlsplit(url).hostname or ""
        ip_address(host)
    except ValueError:
        return None
    return host


def read_webhook(url: str) -> Webhook:
    """A webhook's address, which must be without a problem."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port is not None else ""
    query = f"?{parts.query}" if parts.query else ""
    return Webhook(f"{WEBHOOKS[kind_of(url)]}://{host}{port}{parts.path or '/'}{query}", parts.password or "")


def shown(url: str) -> str:
    """The kind and, if the address has one, the server; three stars replace the rest."""
    kind = kind_of(url)
    if kind not in _OWN_SERVER and kind not in WEBHOOKS:
        return f"{kind}://***"
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else (parts.hostname or "")
    port = f":{parts.port}" if parts.port is not None else ""
    credentials = "***@" if parts.username or parts.password else ""
    return f"{kind}://{credentials}{host}{port}/***"
