"""Limits of requests per caller: an API key, a user without a key, or for everybody else the address.

The headers are those of the IETF's draft "RateLimit header fields for HTTP" and ``Retry-After``.
"""

from typing import Protocol

from api.errors import RequestError, coded
from domain.access.addresses import network_of
from domain.access.token_buckets import Allowance
from domain.access.types import Actor
from domain.kernel.errors import ErrorCode

ACTOR, ADDRESS = "actor", "address"


class Rates(Protocol):
    """Decides at once, without asking anybody."""

    def take(self, kind: str, key: str) -> Allowance | None:
        """The answer to one request; None where there is no limit."""
        ...


class Unlimited:
    """No limits."""

    def take(self, kind: str, key: str) -> Allowance | None:
        """No limit."""
        del kind, key
        return None


class TooManyRequests(RequestError):
    """A request that is refused because its caller asks too often."""

    def __init__(self, kind: str, allowance: Allowance) -> None:
        rate = allowance.rate
        text = f"Too many requests: at most {rate.per_second:g} a second, {rate.burst} at once."
        code = ErrorCode.RATE_LIMITED.value
        super().__init__(coded(text, code, retryAfterSeconds=allowance.wait_seconds))
        self.kind = kind
        self.allowance = allowance


def admit(rates: Rates, actor: Actor | None, address: str) -> tuple[str, Allowance] | None:
    """Count one request of a caller; the kind of limit and its state, None where there is none.

    Raises:
        TooManyRequests: the caller has used up what it may ask.
    """
    kind = ADDRESS if actor is None else ACTOR
    key = network_of(address) if actor is None else str(actor.api_key_id or actor.user_id)
    allowance = rates.take(kind, key)
    if allowance is None:
        return None
    if allowance.wait_seconds:
        raise TooManyRequests(kind, allowance)
    return kind, allowance


def rate_headers(kind: str, allowance: Allowance) -> list[tuple[bytes, bytes]]:
    """The headers with the rate limit of a client."""
    rate = allowance.rate
    headers = [
        (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (kind.encode(), rate.burst, rate.window_seconds)),
        (b"ratelimit", b'"%s";r=%d;t=%d' % (kind.encode(), allowance.remaining, allowance.reset_seconds)),
    ]
    if allowance.wait_seconds:
        headers.append((b"retry-after", b"%d" % allowance.wait_seconds))
    return headers
